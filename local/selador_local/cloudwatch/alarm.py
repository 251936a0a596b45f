"""What metric alarms and composite alarms have in common: their states, and the actions on these."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from selador_local.errors import SeladorLocalError


class AlarmDefinitionError(SeladorLocalError):
    """An alarm that CloudWatch would refuse, or that the laptop can't evaluate."""


class StateValue(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True)
class AlarmState:
    """The state of an alarm, and why it is in it."""

    value: StateValue
    reason: str
    reason_data: Mapping[str, Any] | None
    """What StateReasonData holds as JSON."""
    changed: float
    """When the alarm entered the state, in seconds since the epoch."""

    @classmethod
    def of_new_alarm(cls, created: float) -> Self:
        """Return the state that every alarm begins in (CW-18)."""
        return cls(StateValue.INSUFFICIENT_DATA, "Unchecked: Initial alarm creation", None, created)


_ACTIONS = {
    StateValue.OK: "OKActions",
    StateValue.ALARM: "AlarmActions",
    StateValue.INSUFFICIENT_DATA: "InsufficientDataActions",
}


@dataclass(frozen=True)
class Alarm:
    """An alarm's name and actions."""

    name: str
    arn: str
    description: str | None
    configured: float
    """When its definition changed last, in seconds since the epoch."""
    actions_enabled: bool
    actions: Mapping[StateValue, tuple[str, ...]]
    """The ARNs to notify, by the state that the alarm enters."""

    def actions_on(self, value: StateValue) -> tuple[str, ...]:
        """Return whom to notify that the alarm entered a state: actions run on a change, and only then (CW-18)."""
        return self.actions[value] if self.actions_enabled else ()


def common_members(members: Mapping[str, Any]) -> dict[str, Any]:
    """Read the members that DescribeAlarms has for all alarms, as the arguments of an Alarm."""
    configured: datetime = members["AlarmConfigurationUpdatedTimestamp"]
    return {
        "name": members["AlarmName"],
        "arn": members["AlarmArn"],
        "description": members.get("AlarmDescription"),
        "configured": configured.timestamp(),
        "actions_enabled": members.get("ActionsEnabled", True),
        "actions": {value: tuple(members.get(member, ())) for value, member in _ACTIONS.items()},
    }
