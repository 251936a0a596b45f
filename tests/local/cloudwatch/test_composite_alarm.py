"""Composite alarms: which state, and why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from selador_local.cloudwatch.alarm import AlarmDefinitionError, AlarmState, StateValue
from selador_local.cloudwatch.composite_alarm import Child, CompositeAlarm, evaluate, in_order

OK, ALARM, INSUFFICIENT = StateValue.OK, StateValue.ALARM, StateValue.INSUFFICIENT_DATA
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
TEN_PAST = datetime(2026, 9, 14, 11, 10, tzinfo=UTC).timestamp()


def composite(rule: str, *, name: str = "page", configured: float = 0, **members: Any) -> CompositeAlarm:
    return CompositeAlarm.from_api(
        {
            "AlarmName": name,
            "AlarmArn": ARN + name,
            "AlarmConfigurationUpdatedTimestamp": datetime.fromtimestamp(configured, UTC),
            "AlarmRule": rule,
        }
        | members
    )


def child(name: str, value: StateValue, changed: float) -> Child:
    return Child(ARN + name, AlarmState(value, "", None, changed))


def children(a: tuple[StateValue, float], b: tuple[StateValue, float]) -> dict[str, Child]:
    return {"a": child("a", *a), "b": child("b", *b)}


def state(value: StateValue) -> AlarmState:
    return AlarmState(value, "as before", None, 0)


def test_a_rule_that_begins_to_hold_raises_the_alarm_for_the_child_that_changed() -> None:
    """Its sentence and its data were recorded from CloudWatch (CW-56)."""
    alarms = children(a=(ALARM, TEN_PAST), b=(OK, TEN_PAST - 60))

    after = evaluate(composite("ALARM(a) OR ALARM(b)"), alarms, TEN_PAST, state(OK))

    assert after == AlarmState(
        ALARM,
        f"{ARN}a transitioned to ALARM at Monday 14 September, 2026 11:10:00 UTC",
        {
            "triggeringAlarms": [
                {"arn": f"{ARN}a", "state": {"value": "ALARM", "timestamp": "2026-09-14T11:10:00.000+0000"}}
            ]
        },
        TEN_PAST,
    )


def test_a_new_alarm_gets_a_state_at_once_and_names_all_children() -> None:
    alarms = children(a=(OK, TEN_PAST - 60), b=(OK, TEN_PAST - 120))

    after = evaluate(composite("ALARM(a) OR ALARM(b)"), alarms, TEN_PAST, AlarmState.of_new_alarm(TEN_PAST))

    assert (after.value, after.reason) == (OK, f"{ARN}page was created and its alarm rule evaluates to OK")
    assert after.reason_data is not None
    assert [one["arn"] for one in after.reason_data["triggeringAlarms"]] == [f"{ARN}a", f"{ARN}b"]


def test_a_changed_rule_is_the_reason_if_no_child_changed_since() -> None:
    alarms = children(a=(ALARM, TEN_PAST - 60), b=(OK, TEN_PAST - 60))

    after = evaluate(composite("ALARM(a)", configured=TEN_PAST), alarms, TEN_PAST, state(OK))

    assert after.reason == f"{ARN}page was updated and its alarm rule evaluates to ALARM"


def test_children_that_change_together_are_all_named() -> None:
    alarms = children(a=(ALARM, TEN_PAST), b=(ALARM, TEN_PAST))

    after = evaluate(composite("ALARM(a) AND ALARM(b)"), alarms, TEN_PAST, state(OK))

    when = "transitioned to ALARM at Monday 14 September, 2026 11:10:00 UTC"
    assert after.reason == f"{ARN}a {when} and {ARN}b {when}"


def test_a_rule_without_alarms_has_a_state() -> None:
    assert evaluate(composite("FALSE"), {}, TEN_PAST, AlarmState.of_new_alarm(0)).value == OK
    assert evaluate(composite("TRUE"), {}, TEN_PAST, state(OK)).value == ALARM


@pytest.mark.parametrize("before", [OK, ALARM])
def test_a_state_that_stays_keeps_its_reason(before: StateValue) -> None:
    previous = state(before)

    after = evaluate(composite("ALARM(a)"), {"a": child("a", before, TEN_PAST)}, TEN_PAST, previous)

    assert after is previous


def test_a_child_that_doesn_t_exist_is_named() -> None:
    with pytest.raises(AlarmDefinitionError, match="the rule of page names alarms that do not exist: gone, lost"):
        evaluate(composite("ALARM(gone) OR OK(lost)"), {}, TEN_PAST, state(OK))


def test_children_are_evaluated_before_their_parents() -> None:
    alarms = [
        composite("ALARM(b)", name="a"),
        composite("OK(c) OR ALARM(metric)", name="b"),
        composite("TRUE", name="c"),
    ]

    assert [alarm.name for alarm in in_order(alarms)] == ["c", "b", "a"]


def test_alarms_that_depend_on_each_other_in_a_circle_are_not_evaluated() -> None:
    alarms = [
        composite("ALARM(b)", name="a"),
        composite("ALARM(a)", name="b"),
        composite("ALARM(a)", name="above"),
        composite("ALARM(metric)", name="apart"),
    ]

    assert [alarm.name for alarm in in_order(alarms)] == ["apart"]


def test_a_suppressor_may_be_given_by_its_arn() -> None:
    alarm = composite(
        "ALARM(a)",
        ActionsSuppressor=f"{ARN}maintenance",
        ActionsSuppressorWaitPeriod=120,
        ActionsSuppressorExtensionPeriod=180,
    )

    assert (alarm.suppressor, alarm.wait_seconds, alarm.extension_seconds) == ("maintenance", 120, 180)
    assert composite("ALARM(a)").suppressor is None
