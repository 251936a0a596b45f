"""Statistics: their names, and what each makes of the data of a period. Pure.

| name | of the values of a period |
|---|---|
| `SampleCount`, `Sum`, `Average`, `Minimum`, `Maximum` | what it says |
| `p99`, `p99.9` | a percentile |
| `tm90`, `TM(10%:90%)`, `TM(150:1000)`, `IQM` | the mean of those within the bounds |
| `tc…`, `TC(…)` and `ts…`, `TS(…)` | the count of those, and their sum |
| `PR(100:2000)` | the percentage of those within the bounds |

Winsorized means (`wm90`, `WM(…)`) are refused: what CloudWatch makes of the bins at their bounds is not known.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from selador_local.cloudwatch.datum import Datum
from selador_local.cloudwatch.percentiles import Distribution, Trimmed
from selador_local.cloudwatch.window import Window
from selador_local.errors import SeladorLocalError

type Counts = Mapping[float, float]
"""How often each value occurred; no count is 0."""

_NUMBER = r"\d+(?:\.\d{1,10})?"
_PERCENTILE = re.compile(rf"p({_NUMBER})")
_SHORT = re.compile(rf"(tm|tc|ts)({_NUMBER})")
_PERCENTAGES = re.compile(rf"(TM|TC|TS)\((?:({_NUMBER})%)?:(?:({_NUMBER})%)?\)")
_VALUES = re.compile(rf"(TM|TC|TS|PR)\(({_NUMBER})?:({_NUMBER})?\)")


class UnknownStatisticError(SeladorLocalError):
    """No statistic that is computed here has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} is no statistic that the laptop computes; it computes SampleCount, Sum, Average, Minimum, "
            "Maximum, percentiles such as p99.9, IQM, and tm, tc, ts and PR with bounds, such as tm90 or PR(:300)"
        )


@dataclass(frozen=True)
class Statistic:
    """A statistic by its name."""

    name: str
    of: Callable[[Counts], float | None]
    """Computes it from values and their counts; None if it can't be computed from them."""
    percentile: float | None = None
    """The percentage, if it is a percentile."""


_SIMPLE: dict[str, Callable[[Counts], float]] = {
    "SampleCount": lambda counts: sum(counts.values()),
    "Sum": lambda counts: sum(value * count for value, count in counts.items()),
    "Average": lambda counts: sum(value * count for value, count in counts.items()) / sum(counts.values()),
    "Minimum": min,
    "Maximum": max,
}


def statistic(name: str) -> Statistic:
    """Return the statistic of a name, or raise an UnknownStatisticError."""
    if name in _SIMPLE:
        return Statistic(name, _SIMPLE[name])
    if name == "IQM":
        return Statistic(name, _by_percentages("TM", 25, 75))
    if match := _PERCENTILE.fullmatch(name):
        percent = _percent(name, match[1])
        return Statistic(name, _of_distribution(lambda values: values.percentile(percent)), percent)
    if match := _SHORT.fullmatch(name):
        return Statistic(name, _by_percentages(match[1].upper(), 0, _percent(name, match[2])))
    if (match := _PERCENTAGES.fullmatch(name)) and (match[2] or match[3]):
        low, high = _percent(name, match[2] or 0), _percent(name, match[3] or 100)
        return Statistic(name, _by_percentages(match[1], low, high))
    if (match := _VALUES.fullmatch(name)) and (match[2] or match[3]):
        low, high = float(match[2] or -math.inf), float(match[3] or math.inf)
        return Statistic(name, _by_values(match[1], low, high))
    raise UnknownStatisticError(name)


def series(data: Iterable[Datum], of: Statistic, window: Window, unit: str | None = None) -> dict[float, float]:
    """Return a statistic by the start of each period that has data, the oldest first.

    With a unit, only data of that unit count.
    """
    values: dict[float, defaultdict[float, float]] = {}
    for datum in data:
        if window.start <= datum.time < window.end and unit in (None, datum.unit):
            counts = values.setdefault(window.start_of_period(datum.time), defaultdict(float))
            for value, count in zip(datum.values, datum.counts, strict=True):
                if count:
                    counts[value] += count
    points = {start: of.of(values[start]) for start in sorted(values) if values[start]}
    return {start: point for start, point in points.items() if point is not None}


def _percent(name: str, number: str | float) -> float:
    if float(number) > 100:
        raise UnknownStatisticError(name)
    return float(number)


def _of_distribution(compute: Callable[[Distribution], float | None]) -> Callable[[Counts], float | None]:
    """Return None for values of which one is negative: CloudWatch has no percentiles for these (CW-50)."""
    return lambda counts: None if min(counts) < 0 else compute(Distribution(counts))


def _by_percentages(kind: str, low: float, high: float) -> Callable[[Counts], float | None]:
    return _of_distribution(lambda values: _trimmed(kind, values, values.between_percentiles(low, high)))


def _by_values(kind: str, low: float, high: float) -> Callable[[Counts], float | None]:
    return _of_distribution(lambda values: _trimmed(kind, values, values.between_values(low, high)))


def _trimmed(kind: str, values: Distribution, kept: Trimmed) -> float | None:
    match kind:
        case "TC":
            return kept.count
        case "TS":
            return kept.sum
        case "PR":
            return 100 * kept.count / values.count
        case _:
            return kept.sum / kept.count if kept.count else None  # an empty mean is no data point
