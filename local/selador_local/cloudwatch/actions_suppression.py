"""Whether another alarm holds back a composite alarm's actions. Pure.

| then | and now | the actions |
|---|---|---|
| the composite alarm changes | the suppressor isn't in ALARM | wait for it to go off: `WaitPeriod` |
| the composite alarm changes, or waits | the suppressor is in ALARM | are suppressed: `Alarm` |
| they are suppressed | the suppressor isn't in ALARM any more | are suppressed for longer: `ExtensionPeriod` |
| they wait, or are suppressed for longer | the period is over | run for the state that the alarm is in |

A change in the midst of a period begins a new `WaitPeriod` (CW-56).
"""

from dataclasses import dataclass
from enum import StrEnum

from selador_local.cloudwatch import timestamps
from selador_local.cloudwatch.alarm import StateValue
from selador_local.cloudwatch.composite_alarm import Child, CompositeAlarm


class SuppressedBy(StrEnum):
    WAIT_PERIOD = "WaitPeriod"
    ALARM = "Alarm"
    EXTENSION_PERIOD = "ExtensionPeriod"


@dataclass(frozen=True)
class Suppression:
    """What holds the actions back now, and whether any are held back."""

    by: SuppressedBy | None = None
    reason: str | None = None
    until: float = 0
    """When the period is over, in seconds since the epoch."""
    pending: bool = False
    """Whether the alarm changed since its actions ran last."""


NOT_SUPPRESSED = Suppression()
"""Also what a changed definition of the alarm begins with: it discards any period (CW-56)."""


def suppress(
    alarm: CompositeAlarm, suppressor: Child | None, now: float, previous: Suppression, *, changed: bool
) -> tuple[Suppression, bool]:
    """Return what holds the actions back now, and whether they run now.

    `changed` says that the composite alarm has changed its state now.
    """
    if suppressor is None:
        return NOT_SUPPRESSED, changed
    pending = previous.pending or changed
    if suppressor.state.value == StateValue.ALARM:
        since = timestamps.in_words(suppressor.state.changed)
        reason = f"Actions suppressed by {suppressor.arn} that transitioned to ALARM at {since}"
        return Suppression(SuppressedBy.ALARM, reason, pending=pending), False
    if changed:
        held = _period(SuppressedBy.WAIT_PERIOD, now + alarm.wait_seconds, pending=pending)
    elif previous.by == SuppressedBy.ALARM:
        until = suppressor.state.changed + alarm.extension_seconds
        held = _period(SuppressedBy.EXTENSION_PERIOD, until, pending=pending)
    else:
        held = previous
    return (NOT_SUPPRESSED, pending) if now >= held.until else (held, False)


def _period(by: SuppressedBy, until: float, *, pending: bool) -> Suppression:
    return Suppression(by, f"Actions suppressed by {by}", until, pending)
