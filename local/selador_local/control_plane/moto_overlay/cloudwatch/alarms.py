"""CloudWatch's API for alarms. moto keeps their definitions; here are their states, and the history of both."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from moto.cloudwatch import urls
from moto.cloudwatch.exceptions import InvalidFormat, InvalidParameterValue, ResourceNotFound, ValidationError
from moto.cloudwatch.models import Alarm as StoredAlarm
from moto.cloudwatch.models import CloudWatchBackend as MotoBackend
from moto.core.responses import ActionResult, EmptyResult

from selador_local.clock import StackClock
from selador_local.cloudwatch.alarm import AlarmDefinitionError, AlarmState, StateValue
from selador_local.cloudwatch.composite_alarm import CompositeAlarm
from selador_local.cloudwatch.metric_alarm import MetricAlarm
from selador_local.control_plane.front_door.refusals import unsupported
from selador_local.control_plane.moto_overlay.cloudwatch.metrics import MetricsApi

_HISTORY_ITEMS = 2_000
_MAX_RECORDS = 100  # of an answer of DescribeAlarms or DescribeAlarmHistory (CW-45)

# An update of an alarm leaves these alone.
_STATE = (
    "state_value",
    "state_reason",
    "state_reason_data",
    "state_updated_timestamp",
    "state_transitioned_timestamp",
)
# PutCompositeAlarm's members beyond those it shares with metric alarms, and the names moto's serializer looks for.
_SUPPRESSION = {
    "ActionsSuppressor": "actions_suppressor",
    "ActionsSuppressorExtensionPeriod": "actions_suppressor_extension_period",
    "ActionsSuppressorWaitPeriod": "actions_suppressor_wait_period",
}


class CloudWatchBackend(MotoBackend):  # type: ignore[misc] # moto is untyped
    """Gaps: moto makes an alarm OK when it is created or updated, and keeps no history."""

    _url_module = urls
    clock = StackClock()

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.definitions: dict[str, dict[str, Any]] = {}
        """The members of each alarm's last PutMetricAlarm or PutCompositeAlarm."""
        self.history: deque[dict[str, Any]] = deque(maxlen=_HISTORY_ITEMS)

    def put_metric_alarm(self, name: str, **settings: Any) -> StoredAlarm:
        before = self.alarms.get(name)
        alarm = super().put_metric_alarm(name=name, **settings)
        alarm.configuration_updated_timestamp = self._now()
        if before is None:
            alarm.state_value = StateValue.INSUFFICIENT_DATA.value  # how a new alarm begins (CW-18)
            alarm.state_updated_timestamp = alarm.state_transitioned_timestamp = alarm.configuration_updated_timestamp
        else:  # an update replaces the definition and leaves the state alone
            for kept in _STATE:
                setattr(alarm, kept, getattr(before, kept))
        done = "created" if before is None else "updated"
        self.remember(alarm, "ConfigurationUpdate", f'Alarm "{name}" {done}', {"version": "1.0", "type": done})
        return alarm

    def delete_alarms(self, alarm_names: list[str]) -> None:
        if missing := sorted(set(alarm_names) - self.alarms.keys()):
            raise ResourceNotFound(f"{', '.join(missing)} not found")
        super().delete_alarms(alarm_names)

    def members(self, alarm: StoredAlarm) -> dict[str, Any]:
        """Return an alarm as DescribeAlarms has it."""
        return {
            **self.definitions[alarm.name],
            "AlarmArn": alarm.alarm_arn,
            "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp,
            "ActionsEnabled": alarm.actions_enabled,
        }

    def enter(self, alarm: StoredAlarm, state: AlarmState) -> None:
        """Put an alarm in a state, and remember the change if its value is another one."""
        before = {"stateValue": alarm.state_value, "stateReason": alarm.state_reason}
        alarm.state_reason = state.reason
        alarm.state_reason_data = json.dumps(state.reason_data) if state.reason_data is not None else None
        alarm.state_updated_timestamp = datetime.fromtimestamp(state.changed, UTC)
        if alarm.state_value == state.value:
            return
        alarm.state_transitioned_timestamp = alarm.state_updated_timestamp
        summary = f"Alarm updated from {alarm.state_value} to {state.value}"
        alarm.state_value = state.value.value
        after = {"stateValue": alarm.state_value, "stateReason": state.reason}
        if state.reason_data is not None:
            after["stateReasonData"] = state.reason_data
        self.remember(alarm, "StateUpdate", summary, {"version": "1.0", "oldState": before, "newState": after})

    def remember(self, alarm: StoredAlarm, kind: str, summary: str, data: dict[str, Any]) -> None:
        """Add to the history what happened to an alarm."""
        self.history.append(
            {
                "AlarmName": alarm.name,
                "AlarmType": alarm_type(alarm),
                "Timestamp": self._now(),
                "HistoryItemType": kind,
                "HistorySummary": summary,
                "HistoryData": json.dumps(data),
            }
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.time(), UTC)


def alarm_type(alarm: StoredAlarm) -> Literal["MetricAlarm", "CompositeAlarm"]:
    return "MetricAlarm" if alarm.rule is None else "CompositeAlarm"


def state(alarm: StoredAlarm) -> AlarmState:
    """Return an alarm's state."""
    data = json.loads(alarm.state_reason_data) if alarm.state_reason_data else None
    changed = alarm.state_transitioned_timestamp.timestamp()
    return AlarmState(StateValue(alarm.state_value), alarm.state_reason, data, changed)


class CloudWatchApi(MetricsApi):
    """Gaps: moto has no PutCompositeAlarm and no history, ignores most filters, and acts on no change of state."""

    set_state: Callable[[str, AlarmState], None]
    """Puts an alarm in a state, and runs its actions."""

    def put_metric_alarm(self) -> ActionResult:
        return self._define(MetricAlarm.from_api)

    def put_composite_alarm(self) -> ActionResult:
        result = self._define(CompositeAlarm.from_api)
        alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
        alarm.alarm_rule = alarm.rule
        for member, attribute in _SUPPRESSION.items():
            setattr(alarm, attribute, self._get_param(member))
        return result

    def describe_alarms(self) -> ActionResult:
        for member in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
            if self._get_param(member):
                raise unsupported(f"DescribeAlarms with {member}")
        names = self._get_param("AlarmNames")
        action = self._get_param("ActionPrefix") or ""
        types = self._get_param("AlarmTypes") or ["MetricAlarm"]  # composite alarms have to be asked for (CW-45)
        found = [
            alarm
            for name, alarm in sorted(self.cloudwatch_backend.alarms.items())
            if (not names or name in names)
            and name.startswith(self._get_param("AlarmNamePrefix") or "")
            and alarm_type(alarm) in types
            and self._get_param("StateValue") in {None, alarm.state_value}
            and any(arn.startswith(action) for arn in _actions(alarm) or [""])
        ]
        page, token = self._page(found, default=50)
        return ActionResult(
            {
                "MetricAlarms": [alarm for alarm in page if alarm.rule is None],
                "CompositeAlarms": [alarm for alarm in page if alarm.rule is not None],
                **token,
            }
        )

    def describe_alarm_history(self) -> ActionResult:
        start, end = self._get_param("StartDate"), self._get_param("EndDate")
        types = self._get_param("AlarmTypes") or ["MetricAlarm"]
        found = [
            item
            for item in self.cloudwatch_backend.history
            if self._get_param("AlarmName") in {None, item["AlarmName"]}
            and item["AlarmType"] in types
            and self._get_param("HistoryItemType") in {None, item["HistoryItemType"]}
            and (start is None or item["Timestamp"] >= _aware(start))
            and (end is None or item["Timestamp"] <= _aware(end))
        ]
        if self._get_param("ScanBy") != "TimestampAscending":
            found.reverse()
        page, token = self._page(found, default=_MAX_RECORDS)
        return ActionResult({"AlarmHistoryItems": page, **token})

    def set_alarm_state(self) -> ActionResult:
        name, reason_data = self._get_param("AlarmName"), self._get_param("StateReasonData")
        if name not in self.cloudwatch_backend.alarms:
            raise ResourceNotFound(f"The alarm {name} does not exist.")
        try:
            data = json.loads(reason_data) if reason_data else None
            value = StateValue(self._get_param("StateValue"))
        except ValueError as error:
            raise InvalidFormat(str(error)) from None
        CloudWatchApi.set_state(name, AlarmState(value, self._get_param("StateReason"), data, self.clock.time()))
        return EmptyResult()

    def _define(self, read: Callable[[Mapping[str, Any]], MetricAlarm | CompositeAlarm]) -> ActionResult:
        """Keep a definition that can be evaluated here, and refuse any other one by name."""
        members = dict(self._get_params())
        try:
            read({"AlarmArn": "", "AlarmConfigurationUpdatedTimestamp": datetime.now(UTC), **members})
        except AlarmDefinitionError as error:
            raise ValidationError(str(error)) from None
        # Before moto knows the alarm: whoever sees it finds its definition.
        self.cloudwatch_backend.definitions[members["AlarmName"]] = members
        result: ActionResult = super().put_metric_alarm()
        return result

    def _page[T](self, found: list[T], default: int) -> tuple[list[T], dict[str, str]]:
        first, size = int(self._get_param("NextToken") or 0), int(self._get_param("MaxRecords") or default)
        if not 1 <= size <= _MAX_RECORDS:
            raise InvalidParameterValue(f"MaxRecords is {size}; it must be between 1 and {_MAX_RECORDS}.")
        more = len(found) > first + size
        return found[first : first + size], {"NextToken": str(first + size)} if more else {}


def _actions(alarm: StoredAlarm) -> list[str]:
    return [*alarm.alarm_actions, *alarm.ok_actions, *alarm.insufficient_data_actions]


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
