import json
from pathlib import Path

import pytest

from selador_deploy.drift import drifted

from .conftest import Calls, Run, resource_change


def test_drift_exits_2_and_names_what_has_moved(root: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", "--env", "dev")
    moved = resource_change("aws_sqs_queue.this", "update", before={"delay_seconds": 0}, after={"delay_seconds": 9})
    gone = resource_change("aws_sns_topic.alarms", "delete")
    (root / "plan.json").write_text(json.dumps({"resource_drift": [moved, gone]}))

    assert run("drift", "--env", "dev") == 2

    said = capsys.readouterr()
    assert "aws_sqs_queue.this: delay_seconds" in said.out
    assert "aws_sns_topic.alarms: it is gone" in said.out
    assert "what somebody put beside it (another route of the API" in said.err, "its blind spot is not told"


def test_where_nothing_has_moved_drift_exits_0(run: Run, calls: Calls) -> None:
    run("init", "--env", "dev")

    assert run("drift", "--env", "dev") == 0

    (planned,) = (call for call in calls() if call[0] == "plan")
    assert "-refresh-only" in planned
    assert "-lock=false" in planned


def test_drift_leaves_out_what_has_not_moved() -> None:
    moved = resource_change("aws_sqs_queue.a", "update", before={"x": 1}, after={"x": 2})
    same = resource_change("aws_sqs_queue.b", "update", before={"x": 1}, after={"x": 1})

    assert [one.address for one in drifted({"resource_drift": [moved, same]})] == ["aws_sqs_queue.a"]


@pytest.mark.parametrize(("period", "moved"), [(0, False), (60, True)])
def test_what_a_block_does_not_set_is_no_drift_however_the_provider_writes_it(period: int, moved: bool) -> None:
    made: list[dict[str, object]] = [
        {"id": "a", "expression": None, "period": None},
        {"id": "b", "expression": "a * 2", "return_data": True},
    ]
    read = [{**made[1], "period": 0}, {"id": "a", "expression": "", "period": period}]
    alarm = resource_change(
        "aws_cloudwatch_metric_alarm.a", "update", before={"metric_query": made}, after={"metric_query": read}
    )

    assert [one.attributes for one in drifted({"resource_drift": [alarm]})] == ([("metric_query",)] if moved else [])


@pytest.mark.parametrize(("existing", "moved"), [(["a"], False), (["a", "by-hand"], True), ([], True)])
def test_an_inline_policy_is_drift_unless_it_is_one_of_the_states_own(existing: list[str], moved: bool) -> None:
    role = resource_change(
        "module.m.aws_iam_role.this",
        "update",
        before={"name": "r", "inline_policy": [{"name": "an older one"}], "tags": None},
        after={"name": "r", "inline_policy": [{"name": name} for name in existing], "tags": {}},
    )
    own = {"type": "aws_iam_role_policy", "values": {"role": "r", "name": "a"}}
    state = {"values": {"root_module": {"child_modules": [{"resources": [own]}]}}}

    found = drifted({"resource_drift": [role], "prior_state": state})

    assert [one.attributes for one in found] == ([("inline_policy",)] if moved else [])
