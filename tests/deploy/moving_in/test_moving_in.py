"""`make import`, with a stand-in for the `terraform` executable."""

import json
from pathlib import Path
from typing import Any

import pytest

from selador_deploy import hcl

from ..conftest import Calls, FakeAws, Run, client_error, plan_of, resource_change
from ..test_releases import serves
from .test_hand_made import Account, mapping

URL = "https://sqs/selador-dev-requests"
IMPORTS = "terraform/environments/dev.imports.tf"
ADOPTED = resource_change("aws_sqs_queue.a", "no-op", importing={"id": URL})


@pytest.fixture
def importing(root: Path, aws: FakeAws, run: Run, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command in an account with an API and a mapping, on a plan of these changes."""
    account = Account(list_event_source_mappings={"EventSourceMappings": [mapping("u1", "audit")]})
    aws.others |= {"apigatewayv2": account, "lambda": account, "sqs": account}
    run("init", "--env", "dev")

    def importing(*changes: dict[str, Any]) -> tuple[int, str, str]:
        (root / "plan.json").write_text(plan_of(*changes))
        capsys.readouterr()
        status = run("import", "--env", "dev", "--api", "chat")
        said = capsys.readouterr()
        return status, said.out, said.err

    return importing


def test_what_is_adopted_missing_and_left_is_told_and_written_for_the_next_plan(root: Path, importing: Any) -> None:
    queue = resource_change("aws_sqs_queue.dead_letter", "create")
    alarm = resource_change("aws_cloudwatch_metric_alarm.a", "create")

    status, said, error = importing(ADOPTED, queue, alarm)

    assert status == 0
    assert f"dev adopts:\n  aws_sqs_queue.a: {URL}\nnot found, so it is made:\n  aws_sqs_queue.dead_letter\n" in said
    assert said.endswith("0 to destroy, 0 to replace, 0 to change, 2 to create\n")
    assert f"wrote {IMPORTS}; make plan ENV=dev adopts what it names" in error
    (block,) = hcl.read((root / IMPORTS).read_text())["import"]
    assert block["id"] == URL
    assert "# - the API's earlier deployments" in (root / IMPORTS).read_text()
    assert not (root / "build/dev.plan").exists()


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ("aws_sqs_queue.a", 1, "aws_sqs_queue.a, because package_type can't be changed in place; choose another name"),
        ("aws_sqs_queue.b", 3, "aws_sqs_queue.b would be lost"),
    ],
)
def test_nothing_is_written_if_the_plan_would_destroy(
    root: Path, importing: Any, change: str, status: int, why: str
) -> None:
    importing_it: dict[str, Any] = {"importing": {"id": URL}} if change == "aws_sqs_queue.a" else {}
    lost = resource_change(change, "delete", "create", replace_paths=[["package_type"]], **importing_it)

    ended, _, error = importing(ADOPTED, lost)

    assert ended == status
    assert why in error
    assert not (root / IMPORTS).exists()


def test_what_the_environment_made_itself_is_not_called_left_over(
    root: Path, importing: Any, run: Run, calls: Calls
) -> None:
    """It said of each role and route that it stays until somebody deletes it."""
    importing(ADOPTED)
    (root / IMPORTS).unlink()
    planned = len(calls())
    state = json.loads((root / "state.json").read_text())
    (root / "state.json").write_text(json.dumps(state | {"outputs": {"api_id": {"value": "a1"}}}))

    status, said, error = importing(ADOPTED)

    assert (status, said) == (1, "")
    assert "the API a1 is dev's own: its state has it, so there is nothing to import" in error
    assert "plan" not in [call[0] for call in calls()[planned:]]


def test_nothing_to_adopt_and_what_can_not_be_looked_for_are_errors(root: Path, importing: Any, aws: FakeAws) -> None:
    nothing, told, said = importing(resource_change("aws_lambda_alias.live", "create"))
    unknown, _, refused = importing(ADOPTED, resource_change("aws_iam_role.this", "create", after={"name": "r"}))

    assert (nothing, unknown) == (1, 1)
    assert "stays beside it" not in told
    assert "there is nothing to adopt that the state doesn't know; compare the names and API=…" in said
    assert "whether one exists already can't be told: " in refused
    assert not (root / IMPORTS).exists()


def test_make_plan_reads_the_import_blocks_and_saves_a_plan(root: Path, importing: Any, run: Run, calls: Calls) -> None:
    importing(ADOPTED)

    assert run("plan", "--env", "dev") == 0

    assert (root / "build/dev.plan").exists()
    assert list((root / "terraform").glob("adopted*")) == []


def test_deployed_stands_for_the_release_that_the_state_names(
    root: Path, importing: Any, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    importing(ADOPTED)
    serves(root, "ab" * 32)
    capsys.readouterr()

    run("import", "--env", "dev", "--api", "chat", "--release", "deployed")

    said = capsys.readouterr().err
    assert "sets no artifact_bucket" in said, "the release was found, and is looked for in the environment's bucket"
    assert "names no release that serves" not in said


def test_the_api_has_to_be_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", "--env", "dev") == 2

    assert "API is missing; give API=ID" in capsys.readouterr().err


def test_a_service_that_refuses_is_told_before_anything_is_planned(importing: Any, aws: FakeAws, calls: Calls) -> None:
    aws.others["apigatewayv2"] = Account(get_apis=client_error("AccessDeniedException"))

    status, _, error = importing(ADOPTED)

    assert status == 1
    assert "the system that was made by hand can't be read" in error
    assert "plan" not in [call[0] for call in calls()]
