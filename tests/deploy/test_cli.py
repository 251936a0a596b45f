"""The commands, with a stand-in for the `terraform` executable that writes down how it was called."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from .conftest import BUCKET, FakeAws, Run, client_error

type Calls = Callable[[], list[list[str | None]]]


def plan_of(*changes: dict[str, Any]) -> str:
    return json.dumps({"resource_changes": list(changes)})


def change(address: str, *actions: str, **facts: Any) -> dict[str, Any]:
    type_ = address.split(".")[-2]
    return {"address": address, "type": type_, "change": {"actions": list(actions), "before": {}, "after": {}, **facts}}


def commands(calls: Calls) -> list[str | None]:
    return [call[0] for call in calls()]


def test_init_connects_in_the_workspace_that_is_always_there_and_then_selects_the_environments(
    root: Path, run: Run, calls: Calls
) -> None:
    assert run("init", "--env", "dev") == 0

    first, second = calls()
    assert first[0] == "init"
    assert f"-backend-config={root}/terraform/environments/dev.s3.tfbackend" in first
    assert first[-1] == "default"
    assert second == ["workspace", "select", "-or-create", "dev", None]


def test_a_plan_is_saved_with_its_facts_for_its_owner_alone(root: Path, run: Run, calls: Calls) -> None:
    run("init", "--env", "dev")
    (root / "build/dev.plan").write_text("an older plan, readable by all")

    assert run("plan", "--env", "dev") == 0

    bundle = root / "build/dev.plan"
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    (planned,) = (call for call in calls() if call[0] == "plan")
    assert f"-var-file={root}/terraform/environments/dev.tfvars" in planned
    assert "-var=dist_dir=../dist" in planned
    assert [file for file in (root / "build").iterdir() if file.name.startswith("dev-")] == []


def test_apply_carries_out_the_saved_plan_once(
    run: Run, calls: Calls, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("apply", "--env", "dev") == 0
    assert calls()[-1][:2] == ["apply", "-input=false"]
    assert not (root / "build/dev.plan").exists()
    assert run("apply", "--env", "dev") == 1
    assert capsys.readouterr().err.endswith("terraform: there is no saved plan for dev; run make plan ENV=dev\n")


def test_a_plan_whose_apply_failed_is_gone_since_the_state_may_have_moved(root: Path, run: Run) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("apply", "--env", "dev", status=1, fails="apply") == 1

    assert not (root / "build/dev.plan").exists()


def test_a_failed_plan_leaves_no_older_one_behind_and_shows_what_terraform_said(
    root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("plan", "--env", "dev", status=1, fails="plan") == 1

    assert not (root / "build/dev.plan").exists()
    assert "a page of Terraform's" in capsys.readouterr().err


def test_what_is_lost_for_good_is_planned_only_when_it_is_named(
    root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    (root / "plan.json").write_text(plan_of(change("module.queue.aws_sqs_queue.this", "delete", "create")))

    assert run("plan", "--env", "dev") == 3
    assert "ALLOW_DESTROY='module.queue.aws_sqs_queue.this'" in capsys.readouterr().err
    assert not (root / "build/dev.plan").exists()

    assert run("plan", "--env", "dev", "--allow-destroy", "module.queue.aws_sqs_queue.this") == 0
    assert (root / "build/dev.plan").exists()


def test_a_plan_is_summed_up_as_json_on_stdout_alone(root: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", "--env", "dev")
    (root / "plan.json").write_text(plan_of(change("aws_lambda_alias.live", "create")))
    capsys.readouterr()

    run("plan", "--env", "dev", "--json")

    summary = json.loads(capsys.readouterr().out)
    assert summary["environment"] == "dev"
    assert summary["totals"]["create"] == 1


@pytest.mark.parametrize("command", [["plan"], ["drift"], ["destroy", "--confirm", "dev"], ["outputs"]])
def test_a_command_before_init_says_so_and_runs_nothing(
    run: Run, calls: Calls, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command[0], "--env", "dev", *command[1:]) == 1

    assert capsys.readouterr().err == "terraform: dev is not initialized here; run make init ENV=dev\n"
    assert calls() == []


@pytest.mark.parametrize("command", [["init"], ["plan"], ["drift"], ["destroy", "--confirm", "dev"]])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "there are no AWS credentials; run aws sso login, or set AWS_PROFILE"),
        (client_error("ExpiredToken"), "the AWS session has expired; sign in again and try again"),
    ],
    ids=["none", "expired"],
)
def test_without_credentials_that_work_one_line_says_so_and_terraform_is_not_run(
    run: Run,
    aws: FakeAws,
    calls: Calls,
    command: list[str],
    error: Exception,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("init", "--env", "dev")
    before, _ = calls(), capsys.readouterr()
    aws.sts.error = error

    assert run(command[0], "--env", "dev", *command[1:]) == 1

    assert capsys.readouterr().err == f"terraform: {said}\n"
    assert calls() == before


def test_another_account_is_refused_with_both_and_where_it_is_written(
    run: Run, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    capsys.readouterr()
    aws.sts.account = "444455556666"

    assert run("plan", "--env", "dev") == 1

    assert capsys.readouterr().err == (
        "terraform: the credentials are for account 444455556666, but dev is in 111122223333 "
        "(terraform/environments/dev.tfvars); set AWS_PROFILE to the right one\n"
    )


def test_a_locked_state_is_told_with_its_holder_and_the_way_out(
    run: Run, aws: FakeAws, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    before, _ = calls(), capsys.readouterr()
    lock = {"ID": "a-lock", "Who": "ann@laptop", "Operation": "OperationTypeApply", "Created": "2026-01-01T00:00:00Z"}
    aws.s3.buckets[BUCKET]["env:/dev/selador.tfstate.tflock"] = json.dumps(lock).encode()

    assert run("plan", "--env", "dev") == 1

    said = capsys.readouterr().err
    assert "locked by ann@laptop (OperationTypeApply, since 2026-01-01T00:00:00Z)" in said
    assert "make unlock ENV=dev LOCK=a-lock" in said
    assert calls() == before


def test_an_unknown_environment_is_a_usage_error(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--env", "qa") == 2

    assert (
        capsys.readouterr().err == "terraform: there is no environment 'qa'; use one of terraform/environments: dev\n"
    )


def test_a_state_in_another_place_than_the_file_names_needs_an_init(
    root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    backend = root / "terraform/environments/dev.s3.tfbackend"
    backend.write_text(backend.read_text().replace("selador.tfstate", "other.tfstate"))

    assert run("plan", "--env", "dev") == 1

    assert "run make init ENV=dev" in capsys.readouterr().err


@pytest.mark.parametrize("confirmation", [[], ["--confirm", "prod"]])
def test_destroy_without_the_environments_name_destroys_nothing(
    run: Run, calls: Calls, confirmation: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")

    assert run("destroy", "--env", "dev", *confirmation) == 1

    assert "nothing was destroyed" in capsys.readouterr().err
    assert commands(calls) == ["init", "workspace"]


def test_destroy_with_the_environments_name_asks_no_more(run: Run, calls: Calls) -> None:
    run("init", "--env", "dev")

    assert run("destroy", "--env", "dev", "--confirm", "dev") == 0

    assert calls()[-1][:3] == ["destroy", "-input=false", "-auto-approve"]


def test_a_protected_environment_is_not_destroyed_even_by_its_name(
    root: Path, run: Run, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    with (root / "terraform/environments/dev.tfvars").open("a") as file:
        file.write("protected = true\n")

    assert run("destroy", "--env", "dev", "--confirm", "dev") == 1

    assert "dev is protected" in capsys.readouterr().err
    assert commands(calls) == ["init", "workspace"]


def test_drift_exits_2_and_names_what_has_moved(root: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", "--env", "dev")
    moved = change("aws_sqs_queue.this", "update", before={"delay_seconds": 0}, after={"delay_seconds": 9})
    gone = change("aws_sns_topic.alarms", "delete")
    (root / "plan.json").write_text(json.dumps({"resource_drift": [moved, gone]}))

    assert run("drift", "--env", "dev") == 2

    said = capsys.readouterr().out
    assert "aws_sqs_queue.this: delay_seconds" in said
    assert "aws_sns_topic.alarms: it is gone" in said


def test_where_nothing_has_moved_drift_exits_0(run: Run, calls: Calls) -> None:
    run("init", "--env", "dev")

    assert run("drift", "--env", "dev") == 0

    (planned,) = (call for call in calls() if call[0] == "plan")
    assert "-refresh-only" in planned
    assert "-lock=false" in planned


def test_terraforms_exit_status_is_passed_on_without_a_word(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", "--env", "dev")
    capsys.readouterr()

    assert run("outputs", "--env", "dev", "--json", status=3) == 3

    assert capsys.readouterr().err == ""


def test_a_machine_without_terraform_is_told_so(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert run("init", "--env", "dev") == 1

    assert capsys.readouterr().err.startswith("terraform: terraform is not on PATH; install Terraform 1.11")


def test_another_executable_is_run_where_tf_names_it_and_may_add_to_the_lock(
    root: Path, run: Run, calls: Calls
) -> None:
    (root / "bin/terraform").rename(root / "bin/tofu")

    assert run("init", "--env", "dev", TF="tofu") == 0

    assert "-lockfile=readonly" not in calls()[0]


def test_an_environment_is_needed(run: Run) -> None:
    with pytest.raises(SystemExit) as raised:
        run("plan")

    assert raised.value.code == 2
