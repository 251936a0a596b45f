"""Which state a metric alarm's data points mean, if some of them are missing. Pure.

CloudWatch looks at more periods than it evaluates. If enough of them have data, only these count, the newest first.
Otherwise missing ones are filled in, as few as possible, by the alarm's `TreatMissingData` (CW-21, CW-22).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from selador_local.cloudwatch.alarm import StateValue

type Treatment = Literal["missing", "ignore", "breaching", "notBreaching"]


@dataclass(frozen=True)
class Judgement:
    """The state that follows, and the periods that it follows from, by number: 0 is the newest."""

    state: StateValue | None
    """None if the alarm keeps the state that it has."""
    real: tuple[int, ...]
    """The periods with data that count."""
    filled: tuple[int, ...]
    """The newest periods without data, as many as were lacking."""


def evaluation_range(period: int, evaluation_periods: int) -> int:
    """Return how many periods to look at: a minute's worth more than evaluated, and at least two more (CW-55)."""
    return evaluation_periods + max(2, math.ceil(60 / period))


def judge(
    newest_first: Sequence[bool | None], *, evaluation_periods: int, datapoints_to_alarm: int, treatment: Treatment
) -> Judgement:
    """Judge an evaluation range, in which True is a breaching point, False a good one and None a missing one."""
    real = [number for number, breaching in enumerate(newest_first) if breaching is not None][:evaluation_periods]
    missing = [number for number, breaching in enumerate(newest_first) if breaching is None]
    filled = missing[: evaluation_periods - len(real)]
    breaching = sum(newest_first[number] is True for number in real)
    if treatment == "breaching":
        breaching += len(filled)

    if breaching >= datapoints_to_alarm:
        state: StateValue | None = StateValue.ALARM
    elif not filled or treatment in {"breaching", "notBreaching"} or False in newest_first:
        state = StateValue.OK
    elif treatment == "ignore":
        state = None
    else:  # there are only breaches, if anything, and too few of them
        # A lone breach raises the alarm once it is as many periods old as the alarm takes breaches (CW-25).
        old_enough = bool(real) and real[-1] + 1 >= datapoints_to_alarm
        state = StateValue.ALARM if old_enough else StateValue.INSUFFICIENT_DATA
    return Judgement(state, tuple(real), tuple(filled))
