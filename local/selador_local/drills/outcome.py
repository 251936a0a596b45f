"""What came of a drill, by the changes of the alarms. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from selador_local.drills.catalogue import Drill
from selador_local.drills.watch import Change

TOP = "answers-are-not-coming"
SLACK_SECONDS = 420
"""How much later than its evaluation alone takes: data come late, and a fault takes time to be felt."""


@dataclass(frozen=True)
class Led:
    """A drill that was led: when its fault began and ended, in seconds of the stack's clock.

    `parts` are the alarms that tell nobody: whatever they are part of would tell.
    """

    drill: Drill
    began: float
    ended: float
    parts: frozenset[str]
    pages: bool
    limit: float

    @property
    def expected(self) -> frozenset[str]:
        """The alarms that may go off by the fault."""
        return frozenset({self.drill.alarm, *self.parts, *self.drill.also})


@dataclass(frozen=True)
class Outcome:
    """How a drill went. Times are in seconds of the stack's clock, None for never."""

    led: Led
    rang_after: float | None
    told: bool
    over_after: float | None
    unexpected: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the alarm went off in time, was told and ended, and no other one went off that shouldn't."""
        in_time = self.rang_after is not None and self.rang_after <= self.led.limit
        is_over = self.over_after is not None or not self.led.drill.ends
        return in_time and self.told and is_over and not self.unexpected


def outcome(led: Led, changes: Sequence[Change], told: Iterable[Change], also_expected: frozenset[str]) -> Outcome:
    """Judge a drill. `also_expected` are alarms that faults before it may still raise."""
    own = [change for change in changes if change.alarm == led.drill.alarm and change.at >= led.began]
    rang = next((change.at for change in own if change.state == "ALARM"), None)
    over = next(
        (change.at for change in own if rang is not None and change.at > rang and change.state != "ALARM"), None
    )
    while_there = [change for change in changes if led.began <= change.at <= led.ended and change.state == "ALARM"]
    may = led.expected | also_expected
    unexpected = {change.alarm for change in while_there if not change.alarm.startswith(TOP)} - may
    heard = {change.alarm for change in told if change.at >= led.began}
    return Outcome(
        led,
        None if rang is None else rang - led.began,
        (TOP if led.pages else led.drill.alarm) in heard,
        None if over is None else over - led.ended,
        tuple(sorted(unexpected)),
    )


def table(outcomes: Iterable[Outcome]) -> Iterable[str]:
    """Yield the lines of the table, in minutes of the stack's clock."""
    yield f"{'':9}{'alarm':29}{'goes off':>10}{'at most':>9}{'told':>6}{'over':>8}  the fault"
    for one in outcomes:
        others = f"; UNEXPECTED: {', '.join(one.unexpected)}" if one.unexpected else ""
        yield (
            f"{'ok' if one.passed else 'FAILED':9}{one.led.drill.alarm:29}{_minutes(one.rang_after):>10}"
            f"{_minutes(one.led.limit):>9}{'yes' if one.told else 'NO':>6}{_minutes(one.over_after):>8}"
            f"  {one.led.drill.breaks}{others}"
        )


def _minutes(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds / 60:.1f}"
