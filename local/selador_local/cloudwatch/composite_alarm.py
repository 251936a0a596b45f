"""Composite alarms: a rule over the states of other alarms. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from selador_local.cloudwatch import timestamps
from selador_local.cloudwatch.alarm import Alarm, AlarmDefinitionError, AlarmState, StateValue, common_members
from selador_local.cloudwatch.alarm_rule import Rule, alarm_name, alarms_of, holds, parse


@dataclass(frozen=True)
class CompositeAlarm(Alarm):
    """An alarm on a rule, whose actions another alarm may suppress."""

    rule: Rule
    rule_text: str
    suppressor: str | None
    """The name of the alarm that suppresses the actions while it is in ALARM."""
    wait_seconds: float
    """For how long the actions wait for the suppressor to go off."""
    extension_seconds: float
    """For how long the suppression goes on after the suppressor is over."""

    @classmethod
    def from_api(cls, members: Mapping[str, Any]) -> "CompositeAlarm":
        """Read a member of DescribeAlarms' `CompositeAlarms`; raises an AlarmRuleError if its rule can't be read."""
        suppressor = members.get("ActionsSuppressor")
        return cls(
            **common_members(members),
            rule=parse(members["AlarmRule"]),
            rule_text=members["AlarmRule"],
            suppressor=alarm_name(suppressor) if suppressor else None,
            wait_seconds=members.get("ActionsSuppressorWaitPeriod", 0),
            extension_seconds=members.get("ActionsSuppressorExtensionPeriod", 0),
        )


class Child(NamedTuple):
    """An alarm that a rule names, and the state that it is in."""

    arn: str
    state: AlarmState


def in_order(alarms: Iterable[CompositeAlarm]) -> list[CompositeAlarm]:
    """Return the alarms in an order in which each comes after those in its rule.

    Alarms whose rules lead in a circle, or to one, are left out: CloudWatch stops to evaluate them (CW-29).
    """
    left = {alarm.name: alarm for alarm in alarms}
    ordered: list[CompositeAlarm] = []
    while ready := [alarm for alarm in left.values() if left.keys().isdisjoint(alarms_of(alarm.rule))]:
        ordered += ready
        for alarm in ready:
            del left[alarm.name]
    return ordered


def evaluate(alarm: CompositeAlarm, alarms: Mapping[str, Child], now: float, previous: AlarmState) -> AlarmState:
    """Return the state of an alarm now, which is `previous` itself unless its value changes.

    `alarms` has all alarms by name. A composite alarm lacks data only until it is evaluated for the first time.
    """
    names = alarms_of(alarm.rule)
    if missing := [name for name in names if name not in alarms]:
        raise AlarmDefinitionError(f"the rule of {alarm.name} names alarms that do not exist: {', '.join(missing)}")
    children = [alarms[name] for name in names]
    states = dict(zip(names, (child.state.value for child in children), strict=True))
    value = StateValue.ALARM if holds(alarm.rule, states) else StateValue.OK
    if value == previous.value:
        return previous
    latest = max((child.state.changed for child in children), default=0.0)
    if previous.value == StateValue.INSUFFICIENT_DATA or latest < alarm.configured:
        verb = "created" if previous.value == StateValue.INSUFFICIENT_DATA else "updated"
        triggering = children
        reason = f"{alarm.arn} was {verb} and its alarm rule evaluates to {value}"
    else:
        triggering = [child for child in children if child.state.changed == latest]
        reason = " and ".join(map(_transition, triggering))
    return AlarmState(value, reason, {"triggeringAlarms": [_child(child) for child in triggering]}, now)


def _transition(child: Child) -> str:
    return f"{child.arn} transitioned to {child.state.value} at {timestamps.in_words(child.state.changed)}"


def _child(child: Child) -> dict[str, Any]:
    state = {"value": child.state.value, "timestamp": timestamps.in_json(child.state.changed)}
    return {"arn": child.arn, "state": state}
