"""What `apply` carries out, and what it refuses: each way to tamper with a bundle, or with what it was made of."""

import hashlib
import json
import re
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selador_deploy.environment import Environment
from selador_deploy.turns import alone

from ..conftest import Calls, FakeAws, Run, plan_of, resource_change, warning, write_artifacts

type Tamper = Callable[[Path, FakeAws], None]


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def planned(root: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> Path:
    """A committed repository with a saved plan of dev."""
    (root / ".gitignore").write_text("/build/\n/calls\n/state.json\n/plan.json\n/version.json\n/dist/\n")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "first")
    assert run("init", "--env", "dev") == 0
    assert run("plan", "--env", "dev") == 0
    capsys.readouterr()
    return root


def rewrite(root: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Change members of the bundle."""
    bundle = root / "build/dev.plan"
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def swap_zip(root: Path, _: FakeAws) -> None:
    write_artifacts(root / "dist", main=b"other bytes")


def swap_zip_behind_the_manifest(root: Path, _: FakeAws) -> None:
    (root / "dist/main.zip").write_bytes(b"other bytes")


def remove_manifest(root: Path, _: FakeAws) -> None:
    (root / "dist/manifest.json").unlink()


def select_another_workspace(root: Path, _: FakeAws) -> None:
    (root / "build/terraform/dev/environment").write_text("prod")


def move_the_state(root: Path, _: FakeAws) -> None:
    backend = root / "terraform/environments/dev.s3.tfbackend"
    old = backend.read_text()
    backend.write_text(old.replace("selador.tfstate", "other.tfstate"))
    note = root / "build/terraform/dev/terraform.tfstate"
    note.write_text(note.read_text().replace("selador.tfstate", "other.tfstate"))


def begin_another_state(root: Path, _: FakeAws) -> None:
    (root / "state.json").write_text('{"version": 4, "lineage": "another", "serial": 7}')


def apply_something_else(root: Path, _: FakeAws) -> None:
    (root / "state.json").write_text('{"version": 4, "lineage": "a-lineage", "serial": 8}')


def commit_something(root: Path, _: FakeAws) -> None:
    git(root, "commit", "--quiet", "--allow-empty", "--message", "second")


def leave_something_uncommitted(root: Path, _: FakeAws) -> None:
    (root / "terraform/new.tf").write_text("# not committed\n")


def change_the_variables(root: Path, _: FakeAws) -> None:
    with (root / "terraform/environments/dev.tfvars").open("a") as file:
        file.write("log_retention_days = 1\n")


def update_terraform(root: Path, _: FakeAws) -> None:
    (root / "version.json").write_text((root / "version.json").read_text().replace("1.11.4", "1.12.0"))


def update_the_provider(root: Path, _: FakeAws) -> None:
    (root / "version.json").write_text((root / "version.json").read_text().replace("5.100.0", "5.101.0"))


def use_another_account(_: Path, aws: FakeAws) -> None:
    aws.sts.account = "444455556666"


def swap_the_plan(root: Path, _: FakeAws) -> None:
    rewrite(root, lambda members: members.update(tfplan=b"another plan"))


def describe(root: Path, **values: object) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["bundle.json"] = json.dumps(json.loads(members["bundle.json"]) | values).encode()

    rewrite(root, change)


def grow_old(root: Path, _: FakeAws) -> None:
    describe(root, madeAt=(datetime.now(UTC) - timedelta(hours=25)).isoformat())


def come_from_the_future(root: Path, _: FakeAws) -> None:
    describe(root, madeAt=(datetime.now(UTC) + timedelta(hours=1)).isoformat())


def use_another_schema(root: Path, _: FakeAws) -> None:
    describe(root, schemaVersion=3)


def bring_another_environments_bundle(root: Path, _: FakeAws) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["bundle.json"] = members["bundle.json"].replace(b'"environment": "dev"', b'"environment": "prod"')

    rewrite(root, change)


def forget_a_fact(root: Path, _: FakeAws) -> None:
    def change(members: dict[str, bytes]) -> None:
        members["bundle.json"] = members["bundle.json"].replace(b'"state_serial"', b'"a_serial"')

    rewrite(root, change)


def cut_short(root: Path, _: FakeAws) -> None:
    bundle = root / "build/dev.plan"
    bundle.write_bytes(bundle.read_bytes()[:100])


def let_others_read(root: Path, _: FakeAws) -> None:
    (root / "build/dev.plan").chmod(0o644)


def take_away(root: Path, _: FakeAws) -> None:
    (root / "build/dev.plan").unlink()


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (swap_zip, "the artifact main was "),
        (swap_zip_behind_the_manifest, "dist/main.zip has hash "),
        (remove_manifest, "dist/manifest.json does not exist; run make artifacts"),
        (select_another_workspace, "the workspace was dev and is prod"),
        (move_the_state, "the state's place was s3://"),
        (begin_another_state, "the state's lineage was a-lineage and is another"),
        (apply_something_else, "the state's serial was 7 and is 8"),
        (commit_something, "the commit was "),
        (leave_something_uncommitted, "what is not committed was none and is "),
        (change_the_variables, "the variables' file was "),
        (update_terraform, "Terraform's version was 1.11.4 and is 1.12.0"),
        (update_the_provider, "the provider's version was 5.100.0 and is 5.101.0"),
        (use_another_account, "the credentials are for account 444455556666"),
        (swap_the_plan, "the plan's hash is "),
        (grow_old, "the plan is 25 hours old, and is good for 24"),
        (come_from_the_future, "which is yet to come"),
        (use_another_schema, "dev.plan has schemaVersion 3, not 2"),
        (bring_another_environments_bundle, "the environment was prod and is dev"),
        (forget_a_fact, "dev.plan is not a plan bundle"),
        (cut_short, "dev.plan is not a plan bundle"),
        (let_others_read, "dev.plan can be read or written by others than its owner (mode 644, not 600)"),
        (take_away, "there is no saved plan for dev"),
    ],
)
def test_apply_refuses_in_one_line_and_nothing_is_applied(
    planned: Path, run: Run, aws: FakeAws, calls: Calls, capsys: pytest.CaptureFixture[str], tamper: Tamper, said: str
) -> None:
    tamper(planned, aws)

    assert run("apply", "--env", "dev") == 1

    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert said in line
    assert "run make " in line or "; set AWS_PROFILE" in line
    assert "apply" not in [call[0] for call in calls()]


def swap_for_a_teardown(root: Path, _: FakeAws) -> None:
    """Everything goes, for no reason: what `terraform plan -destroy` makes. The bundle states the new plan's hash."""

    def change(members: dict[str, bytes]) -> None:
        description = json.loads(members["bundle.json"]) | {"planSha256": hashlib.sha256(b"a teardown").hexdigest()}
        members.update({"tfplan": b"a teardown", "bundle.json": json.dumps(description).encode()})

    rewrite(root, change)
    gone = [resource_change("module.queue.aws_sqs_queue.this", "delete"), resource_change("aws_iam_role.a", "delete")]
    (root / "plan.json").write_text(plan_of(*gone))


def swap_for_a_loss(root: Path, _: FakeAws) -> None:
    lost = resource_change("module.queue.aws_sqs_queue.this", "delete", reason="delete_because_no_resource_config")
    (root / "plan.json").write_text(plan_of(lost))


def swap_for_another_environments(root: Path, _: FakeAws) -> None:
    (root / "plan.json").write_text(plan_of(variables={"environment": {"value": "prod"}}))


def swap_for_one_with_other_values(root: Path, _: FakeAws) -> None:
    values = {"environment": {"value": "dev"}, "authorization": {"value": "none"}, "dist_dir": {"value": "../other"}}
    (root / "plan.json").write_text(plan_of(variables=values))


def swap_for_one_that_forgets(root: Path, _: FakeAws) -> None:
    (root / "plan.json").write_text(plan_of(resource_change("module.queue.aws_sqs_queue.this", "forget")))


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (
            swap_for_a_teardown,
            "it destroys for no reason in the configuration: module.queue.aws_sqs_queue.this, aws_iam_role.a",
        ),
        (swap_for_a_loss, "it loses what nobody allowed when it was made: module.queue.aws_sqs_queue.this"),
        (swap_for_another_environments, "it plans the environment prod, not dev"),
        (
            swap_for_one_with_other_values,
            "it was planned with other values of authorization, dist_dir than the environment has",
        ),
        (swap_for_one_that_forgets, "it loses what nobody allowed when it was made: module.queue.aws_sqs_queue.this"),
    ],
)
def test_apply_reads_the_plan_itself_and_refuses_what_make_plan_would_not_have_saved(
    planned: Path, run: Run, aws: FakeAws, calls: Calls, capsys: pytest.CaptureFixture[str], tamper: Tamper, said: str
) -> None:
    tamper(planned, aws)

    assert run("apply", "--env", "dev") == 1

    assert f"nothing was applied: {said}" in capsys.readouterr().err
    assert "apply" not in [call[0] for call in calls()]


def test_a_loss_that_was_allowed_when_it_was_planned_is_allowed_when_it_is_applied(root: Path, run: Run) -> None:
    lost = resource_change("aws_sqs_queue.a", "delete", reason="delete_because_no_resource_config")
    (root / "plan.json").write_text(plan_of(lost))
    run("init", "--env", "dev")
    assert run("plan", "--env", "dev", "--allow-destroy", "aws_sqs_queue.a") == 0

    assert run("apply", "--env", "dev") == 0


def test_a_store_that_loses_the_mode_is_made_up_for_by_the_hash_that_plan_printed(
    planned: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("plan", "--env", "dev") == 0
    (sha256,) = re.findall(r"PLAN=([0-9a-f]{64})", capsys.readouterr().err)
    (planned / "build/dev.plan").chmod(0o644)

    assert run("apply", "--env", "dev", "--plan", sha256) == 0


def test_show_begins_with_the_warnings_that_came_with_the_plan(
    root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    (root / "warnings").write_text(warning("Argument is deprecated", "Use another."))
    run("plan", "--env", "dev")
    assert "dev: WARNING Argument is deprecated: Use another." in capsys.readouterr().out

    run("show", "--env", "dev")

    assert capsys.readouterr().out.startswith("dev: WARNING Argument is deprecated: Use another.")


def test_a_plan_beside_a_running_apply_is_refused_and_takes_nothing_away(
    planned: Path, dev: Environment, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with alone(dev, "apply"):
        assert run("plan", "--env", "dev") == 1

    assert "make apply (process " in capsys.readouterr().err
    assert (planned / "build/dev.plan").exists()


def test_a_saved_file_does_not_end_the_laptops_own_environment(planned: Path, run: Run, aws: FakeAws) -> None:
    for suffix in ("tfvars", "s3.tfbackend"):
        text = (planned / f"terraform/environments/dev.{suffix}").read_text()
        (planned / f"terraform/environments/local.{suffix}").write_text(text.replace('"dev"', '"local"'))
    (planned / "plan.json").write_text(plan_of(variables={"environment": {"value": "local"}}))
    shell = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}  # where the laptop's AWS would be: no stack runs
    run("init", "--env", "local", **shell)
    assert run("plan", "--env", "local", **shell) == 0
    leave_something_uncommitted(planned, aws)
    commit_something(planned, aws)

    assert run("apply", "--env", "local", **shell) == 0


def test_apply_goes_on_where_nothing_has_changed(planned: Path, run: Run, calls: Calls) -> None:
    assert run("apply", "--env", "dev") == 0

    assert calls()[-1][0] == "apply"


def test_two_faults_are_told_in_one_line(
    planned: Path, run: Run, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    commit_something(planned, aws)
    apply_something_else(planned, aws)

    run("apply", "--env", "dev")

    line = capsys.readouterr().err
    assert "the state's serial" in line
    assert "the commit" in line


def test_apply_carries_out_the_saved_plan_once(
    run: Run, calls: Calls, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("apply", "--env", "dev") == 0
    assert calls()[-1][:2] == ["apply", "-input=false"]
    assert not (root / "build/dev.plan").exists()
    assert run("apply", "--env", "dev") == 1
    assert capsys.readouterr().err.endswith("deploy: there is no saved plan for dev; run make plan ENV=dev\n")


def test_a_plan_whose_apply_failed_is_gone_since_the_state_may_have_moved(root: Path, run: Run) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("apply", "--env", "dev", status=1, fails="apply") == 1

    assert not (root / "build/dev.plan").exists()


def test_show_prints_terraforms_json_and_nothing_else(run: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")
    capsys.readouterr()

    assert run("show", "--env", "dev", "--json") == 0

    assert json.loads(capsys.readouterr().out) == json.loads((root / "plan.json").read_text())


def test_show_prints_the_plan_that_was_saved(run: Run, calls: Calls) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("show", "--env", "dev") == 0

    command, plan, _ = calls()[-1]
    assert command == "show"
    assert str(plan).endswith("/tfplan")
