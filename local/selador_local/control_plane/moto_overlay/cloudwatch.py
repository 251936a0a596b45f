"""Corrections of moto's CloudWatch alarms: their first state, and composite alarms.

Nothing here evaluates an alarm: the data plane does, from these definitions.
"""

from typing import Any

from moto.cloudwatch import urls
from moto.cloudwatch.models import CloudWatchBackend as MotoBackend
from moto.cloudwatch.responses import CloudWatchResponse as MotoResponse
from moto.core.responses import ActionResult

# PutCompositeAlarm's members beyond those it shares with metric alarms, and the names moto's serializer looks for.
_SUPPRESSION = {
    "ActionsSuppressor": "actions_suppressor",
    "ActionsSuppressorExtensionPeriod": "actions_suppressor_extension_period",
    "ActionsSuppressorWaitPeriod": "actions_suppressor_wait_period",
}


class CloudWatchBackend(MotoBackend):  # type: ignore[misc] # moto is untyped
    """Gap: moto makes an alarm OK when it is created or updated."""

    _url_module = urls

    def put_metric_alarm(self, name: str, **settings: Any) -> Any:
        before = self.alarms.get(name)
        alarm = super().put_metric_alarm(name=name, **settings)
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"  # how a new alarm begins (CW-18)
        else:  # an update replaces the definition and leaves the state alone
            for kept in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history"):
                setattr(alarm, kept, getattr(before, kept))
        return alarm


class CloudWatchApi(MotoResponse):  # type: ignore[misc] # moto is untyped
    """Gap: no PutCompositeAlarm, though moto's alarm carries a rule."""

    def put_composite_alarm(self) -> ActionResult:
        result = self.put_metric_alarm()
        alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
        alarm.alarm_rule = alarm.rule
        for member, attribute in _SUPPRESSION.items():
            setattr(alarm, attribute, self._get_param(member))
        return result
