"""The functions of metric math, but for METRICS and PERIOD, which look at names. Each takes values and returns one."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from selador_local.cloudwatch.metric_math.expression import ExpressionError, Keyword
from selador_local.cloudwatch.metric_math.values import TimeSeries, Value
from selador_local.cloudwatch.window import Window

type Argument = Value | Keyword
type Function = Callable[[Window, Sequence[Argument]], Value]

NOT_COMPUTED = frozenset(
    {
        "ANOMALY_DETECTION_BAND", "DATAPOINT_COUNT", "DATE", "DAY", "DB_PERF_INSIGHTS", "EPOCH", "FIRST", "HOUR",
        "INSIGHT_RULE_METRIC", "LAMBDA", "LAST", "LOG", "LOG10", "METRIC_COUNT", "MINUTE", "MONTH", "REMOVE_EMPTY",
        "SEARCH", "SERVICE_QUOTA", "SLICE", "SORT", "STDDEV", "YEAR",
    }
)  # fmt: skip
"""Functions that CloudWatch has beside these."""


def _kind(argument: Argument) -> str:
    match argument:
        case TimeSeries():
            return "a time series"
        case tuple():
            return "an array"
        case Keyword(word=word):
            return word
        case _:
            return f"the number {argument:g}"


def _of_each(name: str, compute: Callable[[TimeSeries], TimeSeries]) -> Function:
    """Make a function of a time series, which takes an array member by member."""

    def function(_window: Window, arguments: Sequence[Argument]) -> Value:
        match arguments[0]:
            case TimeSeries() as series:
                return compute(series)
            case tuple() as array:
                return tuple(compute(series) for series in array)
        raise ExpressionError(f"{name} takes a time series or an array of them, not {_kind(arguments[0])}")

    return function


def _of_values(name: str, compute: Callable[[Sequence[float], int], float]) -> Function:
    """Make a function that turns a series into a number and an array into a series, time by time.

    `compute` gets the values that are there, and how many could be.
    """

    def function(_window: Window, arguments: Sequence[Argument]) -> Value:
        match arguments[0]:
            case TimeSeries(points=points):
                return compute(list(points.values()), len(points))
            case tuple() as array:
                return TimeSeries.of((time, compute(values, len(array))) for time, values in _by_time(array))
        raise ExpressionError(f"{name} takes a time series or an array of them, not {_kind(arguments[0])}")

    return function


def _by_time(array: Sequence[TimeSeries]) -> Iterable[tuple[float, list[float]]]:
    for time in {time for series in array for time in series.points}:
        yield time, [series.points[time] for series in array if time in series.points]


def _between_points(compute: Callable[[float, float], float]) -> Callable[[TimeSeries], TimeSeries]:
    """Make a series of what `compute` makes of each point and the one before it: of their values' and times' steps."""

    def of(series: TimeSeries) -> TimeSeries:
        return TimeSeries.of(
            (
                (time, compute(value - before, time - earlier))
                for (earlier, before), (time, value) in pairwise(series.points.items())
            ),
            series.label,
        )

    return of


def _running_sum(series: TimeSeries) -> TimeSeries:
    total = 0.0
    points = []
    for time, value in series.points.items():
        total += value
        points.append((time, total))
    return TimeSeries.of(points, series.label)


def _if(_window: Window, arguments: Sequence[Argument]) -> Value:
    condition, when_true, *rest = (_number_or_series("IF", argument) for argument in arguments)
    when_false = rest[0] if rest else TimeSeries()
    if not isinstance(condition, TimeSeries):
        return when_true if condition else when_false
    return TimeSeries.of(
        # A point that is missing counts as 0 if the condition is true, and is dropped if it is false (CW-52).
        (time, _at(time, when_true, 0) if true else _at(time, when_false, math.nan))
        for time, true in condition.points.items()
    )


def _number_or_series(name: str, argument: Argument) -> float | TimeSeries:
    if isinstance(argument, tuple | Keyword):
        raise ExpressionError(f"{name} takes numbers and time series, not {_kind(argument)}")
    return argument


def _at(time: float, branch: float | TimeSeries, missing: float) -> float:
    return branch.points.get(time, missing) if isinstance(branch, TimeSeries) else branch


def _fill(window: Window, arguments: Sequence[Argument]) -> Value:
    filler = arguments[1]
    if isinstance(filler, tuple) or (isinstance(filler, Keyword) and filler.word not in {"REPEAT", "LINEAR"}):
        raise ExpressionError(f"FILL fills with a number, a time series, REPEAT or LINEAR, not with {_kind(filler)}")
    return _of_each("FILL", lambda series: _filled(series, window, filler))(window, arguments)


def _filled(series: TimeSeries, window: Window, filler: float | TimeSeries | Keyword) -> TimeSeries:
    match filler:
        case Keyword(word="REPEAT"):
            found: Mapping[float, float] = _repeated(series, window)
        case Keyword():
            found = _interpolated(series, window)
        case TimeSeries(points=points):
            found = points
        case _:
            found = dict.fromkeys(window.starts, filler)
    filled = {time: found[time] for time in window.starts if time in found}
    return TimeSeries.of({**filled, **series.points}.items(), series.label)


def _repeated(series: TimeSeries, window: Window) -> dict[float, float]:
    """Return the last value before each gap; there is none before the first point (CW-53)."""
    filled = {}
    last = math.nan
    for time in window.starts:
        last = series.points.get(time, last)
        filled[time] = last
    return filled


def _interpolated(series: TimeSeries, window: Window) -> dict[float, float]:
    """Return what lies on a line between the points around each gap; a gap at either end stays (CW-53)."""
    filled = {}
    for (first, before), (last, after) in pairwise(series.points.items()):
        for time in window.starts:
            if first < time < last:
                filled[time] = before + (after - before) * (time - first) / (last - first)
    return filled


def _time_series(window: Window, arguments: Sequence[Argument]) -> Value:
    value = _number_or_series("TIME_SERIES", arguments[0])
    if isinstance(value, TimeSeries):
        raise ExpressionError("TIME_SERIES takes a number, not a time series")
    return TimeSeries.of((time, value) for time in window.starts)


FUNCTIONS: dict[str, tuple[range, Function]] = {
    "ABS": (range(1, 2), _of_each("ABS", lambda series: series.map(abs))),
    "AVG": (range(1, 2), _of_values("AVG", lambda values, count: sum(values) / count if count else math.nan)),
    "CEIL": (range(1, 2), _of_each("CEIL", lambda series: series.map(math.ceil))),
    "DIFF": (range(1, 2), _of_each("DIFF", _between_points(lambda step, _seconds: step))),
    "DIFF_TIME": (range(1, 2), _of_each("DIFF_TIME", _between_points(lambda _step, seconds: seconds))),
    "FILL": (range(2, 3), _fill),
    "FLOOR": (range(1, 2), _of_each("FLOOR", lambda series: series.map(math.floor))),
    "IF": (range(2, 4), _if),
    "MAX": (range(1, 2), _of_values("MAX", lambda values, _count: max(values, default=math.nan))),
    "MIN": (range(1, 2), _of_values("MIN", lambda values, _count: min(values, default=math.nan))),
    "RATE": (range(1, 2), _of_each("RATE", _between_points(lambda step, seconds: step / seconds))),
    "RUNNING_SUM": (range(1, 2), _of_each("RUNNING_SUM", _running_sum)),
    "SUM": (range(1, 2), _of_values("SUM", lambda values, _count: sum(values))),
    "TIME_SERIES": (range(1, 2), _time_series),
}
"""Each function's name, how many arguments it may have, and the function."""
