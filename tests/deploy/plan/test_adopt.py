"""`make plan` names what a killed apply left behind, and takes it into the state if it is told to."""

from pathlib import Path

import pytest

from selador_deploy import hcl
from selador_deploy.environment import Environment
from selador_deploy.orphans import Orphan
from selador_deploy.plan.adopt import import_blocks
from selador_deploy.plan.summary import render, summarize

from ..conftest import FakeAws, FakeService, Run, plan_of, resource_change

URL = "https://sqs/selador-dev-requests"


@pytest.fixture
def killed(root: Path, aws: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]) -> Path:
    """An environment whose queue exists and is in no state."""
    aws.others["sqs"] = FakeService(get_queue_url={"QueueUrl": URL})
    queue = resource_change("aws_sqs_queue.a", "create", after={"name": "selador-dev-requests"})
    (root / "plan.json").write_text(plan_of(queue))
    run("init", "--env", "dev")
    capsys.readouterr()
    return root


def test_a_plan_that_would_create_what_exists_is_not_saved(
    killed: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("plan", "--env", "dev") == 1

    said = capsys.readouterr()
    assert f"exists already, in no state:\n  aws_sqs_queue.a: {URL}\n" in said.out
    assert f"aws_sqs_queue.a ({URL}); if an apply was killed, run make plan ENV=dev ADOPT=1" in said.err
    assert not (killed / "build/dev.plan").exists()


def test_import_blocks_stand_in_the_configuration_only_while_it_is_planned(root: Path, dev: Environment) -> None:
    orphan = Orphan('module.m.aws_iam_role_policy.this["write-logs"]', "a-role:write-logs")

    with import_blocks(dev, [orphan]):
        (block,) = hcl.read((root / "terraform/adopted_by_this_plan.tf").read_text())["import"]

    assert block["id"] == "a-role:write-logs"
    assert 'module.m.aws_iam_role_policy.this["write-logs"]' in block["to"]
    assert list((root / "terraform").glob("adopted*")) == []


def test_what_make_import_wrote_stands_beside_them_for_this_environment_alone(root: Path, dev: Environment) -> None:
    written = 'import {\n  to = aws_sqs_queue.a\n  id = "q"\n}\n'
    dev.imports_file.write_text(written)
    (root / "terraform/environments/prod.imports.tf").write_text(written.replace("aws_sqs_queue.a", "aws_sqs_queue.b"))

    with import_blocks(dev, [Orphan("aws_lambda_function.f", "f")]):
        found = hcl.read((root / "terraform/adopted_by_this_plan.tf").read_text())["import"]

    assert [block["id"] for block in found] == ["q", "f"]
    assert list((root / "terraform").glob("adopted*")) == []


def test_what_a_killed_plan_left_in_the_configuration_is_taken_out(root: Path, dev: Environment) -> None:
    (root / "terraform/adopted_by_this_plan.tf").write_text("import {}\n")

    with import_blocks(dev, []):
        assert list((root / "terraform").glob("adopted*")) == []


def test_what_is_adopted_is_named_and_is_a_plan_of_its_own() -> None:
    adopted = resource_change("aws_sqs_queue.a", "no-op", importing={"id": URL})

    lines = list(render(summarize({"resource_changes": [adopted]}), "dev"))

    assert lines[:2] == ["to adopt into the state:", f"  aws_sqs_queue.a: {URL}"]
