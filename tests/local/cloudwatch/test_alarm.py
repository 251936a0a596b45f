"""What all alarms have in common."""

from datetime import UTC, datetime
from typing import Any

import pytest

from selador_local.cloudwatch.alarm import Alarm, AlarmState, StateValue, common_members

MEMBERS: dict[str, Any] = {
    "AlarmName": "main-errors",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:main-errors",
    "AlarmConfigurationUpdatedTimestamp": datetime(1970, 1, 1, 0, 1, tzinfo=UTC),
    "OKActions": ["arn:ok"],
    "AlarmActions": ["arn:page", "arn:ticket"],
}


@pytest.mark.parametrize(
    ("value", "actions"),
    [
        (StateValue.OK, ("arn:ok",)),
        (StateValue.ALARM, ("arn:page", "arn:ticket")),
        (StateValue.INSUFFICIENT_DATA, ()),
    ],
)
def test_each_state_has_its_actions(value: StateValue, actions: tuple[str, ...]) -> None:
    assert Alarm(**common_members(MEMBERS)).actions_on(value) == actions


def test_disabled_actions_notify_nobody() -> None:
    alarm = Alarm(**common_members(MEMBERS | {"ActionsEnabled": False}))

    assert [alarm.actions_on(value) for value in StateValue] == [(), (), ()]


def test_an_alarm_needs_no_description_and_knows_when_it_was_configured() -> None:
    alarm = Alarm(**common_members(MEMBERS))

    assert alarm.description is None
    assert alarm.configured == 60


def test_a_new_alarm_has_too_little_data() -> None:
    assert AlarmState.of_new_alarm(60) == AlarmState(
        StateValue.INSUFFICIENT_DATA, "Unchecked: Initial alarm creation", None, 60
    )
