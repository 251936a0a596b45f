"""`make plan`, with a stand-in for the `terraform` executable that writes down how it was called."""

import hashlib
import json
import stat
from pathlib import Path

import pytest

from ..conftest import Calls, Run, plan_of, resource_change


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


def test_the_hash_of_the_saved_plan_is_handed_on(root: Path, run: Run) -> None:
    run("init", "--env", "dev")

    run("plan", "--env", "dev", "--results", str(root / "results"))

    sha256 = hashlib.sha256((root / "build/dev.plan").read_bytes()).hexdigest()
    assert (root / "results").read_text() == f"plan={sha256}\n"


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
    (root / "plan.json").write_text(plan_of(resource_change("module.queue.aws_sqs_queue.this", "delete", "create")))

    assert run("plan", "--env", "dev") == 3
    assert "ALLOW_DESTROY='module.queue.aws_sqs_queue.this'" in capsys.readouterr().err
    assert not (root / "build/dev.plan").exists()

    assert run("plan", "--env", "dev", "--allow-destroy", "module.queue.aws_sqs_queue.this") == 0
    assert (root / "build/dev.plan").exists()


def test_a_plan_is_summed_up_as_json_on_stdout_alone(root: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", "--env", "dev")
    (root / "plan.json").write_text(plan_of(resource_change("aws_lambda_alias.live", "create")))
    capsys.readouterr()

    run("plan", "--env", "dev", "--json")

    summary = json.loads(capsys.readouterr().out)
    assert summary["environment"] == "dev"
    assert summary["totals"]["create"] == 1
