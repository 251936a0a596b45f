"""What is refused by the state and the plan themselves."""

import json
from pathlib import Path

import pytest

from ..conftest import Calls, Run, plan_of, resource_change


def write_state(root: Path, **attributes: object) -> None:
    resources = [{"mode": "managed", "instances": [{"attributes": attributes}]}]
    (root / "state.json").write_text(
        json.dumps({"version": 4, "lineage": "a-lineage", "serial": 7, "resources": resources})
    )


@pytest.mark.parametrize("command", [["plan"], ["drift"], ["destroy", "--confirm", "dev"]])
def test_another_region_than_the_states_is_refused_before_anything_is_planned(
    root: Path, run: Run, calls: Calls, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    write_state(root, arn="arn:aws:sqs:us-east-1:111122223333:selador-dev-requests")

    assert run(command[0], "--env", "dev", *command[1:]) == 3

    assert (
        "what exists of dev is in us-east-1, but terraform/environments/dev.tfvars sets region = eu-central-1"
        in capsys.readouterr().err
    )
    assert "plan" not in [call[0] for call in calls()]


def test_a_queue_that_was_deleted_by_hand_is_a_loss_to_be_named(
    root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    created, gone = resource_change("aws_sqs_queue.a", "create"), resource_change("aws_sqs_queue.a", "delete")
    (root / "plan.json").write_text(plan_of(created, resource_drift=[gone]))

    assert run("plan", "--env", "dev") == 3

    said = capsys.readouterr()
    assert said.out.startswith("dev: gone since the last apply:\n  STATEFUL aws_sqs_queue.a\n")
    assert "ALLOW_DESTROY='aws_sqs_queue.a'" in said.err
    assert run("plan", "--env", "dev", "--allow-destroy", "aws_sqs_queue.a") == 0


def test_what_is_tainted_and_can_not_stand_beside_itself_is_kept(
    root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    address = 'module.websocket_api.aws_apigatewayv2_route.this["ping"]'
    route = resource_change(address, "create", "delete", reason="replace_because_tainted")
    (root / "plan.json").write_text(plan_of(route))

    assert run("plan", "--env", "dev") == 1

    said = capsys.readouterr().err
    assert f"{address} can't be replaced, since AWS refuses a second one beside it" in said
    assert f"""export TF_DATA_DIR="$PWD/build/terraform/dev"; terraform -chdir=terraform untaint '{address}'""" in said


def test_protection_that_was_taken_out_of_the_file_and_never_applied_still_protects(
    root: Path, run: Run, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")
    write_state(root, tags_all={"protected": "true"})

    assert run("destroy", "--env", "dev", "--confirm", "dev") == 1

    assert "dev is protected: terraform/environments/dev.tfvars no longer says so" in capsys.readouterr().err
    assert not {"plan", "apply"} & {call[0] for call in calls()}
