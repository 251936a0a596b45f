"""What an expression is made of, and the operators: a number, a time series, or an array of time series."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from selador_local.cloudwatch.metric_math.expression import ExpressionError


@dataclass(frozen=True)
class TimeSeries:
    """Values by the start of their period; a period without one is missing."""

    points: Mapping[float, float] = field(default_factory=dict)
    label: str = ""

    @classmethod
    def of(cls, points: Iterable[tuple[float, float]], label: str = "") -> "TimeSeries":
        """Make a series in the order of time, without the points that are no number."""
        return cls({time: value for time, value in sorted(points) if math.isfinite(value)}, label)

    def map(self, function: Callable[[float], float]) -> "TimeSeries":
        """Apply a function to each value."""
        return TimeSeries.of(((time, function(value)) for time, value in self.points.items()), self.label)


type Array = tuple[TimeSeries, ...]
type Value = float | TimeSeries | Array


def _divide(left: float, right: float) -> float:
    return left / right if right else math.nan  # CloudWatch drops a data point that divides by zero (CW-51)


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except (ValueError, OverflowError):
        return math.nan


_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}


def apply(left: Value, operator: str, right: Value) -> Value:
    """Apply an operator, member by member to an array.

    If only one of two series has a point at some time, the other one counts as 0 there (CW-51).
    """
    function = _OPERATORS[operator]
    match left, right:
        case TimeSeries(), TimeSeries():
            times = left.points.keys() | right.points.keys()
            return TimeSeries.of(
                (time, function(left.points.get(time, 0), right.points.get(time, 0))) for time in times
            )
        case TimeSeries(), float() | int():
            return left.map(lambda value: function(value, right))
        case float() | int(), TimeSeries():
            return right.map(lambda value: function(left, value))
        case tuple(), tuple():
            raise ExpressionError(
                f"{operator} stands between two arrays; one of them must be a number or a single series"
            )
        case tuple(), _:
            return tuple(_labelled(apply(one, operator, right), one.label) for one in left)
        case _, tuple():
            return tuple(_labelled(apply(left, operator, one), one.label) for one in right)
        case float() | int(), float() | int():
            return function(left, right)
    raise AssertionError((left, right))


def negative(value: Value) -> Value:
    """Return a value with the other sign."""
    return apply(-1.0, "*", value)


def _labelled(value: Value, label: str) -> TimeSeries:
    assert isinstance(value, TimeSeries)
    return TimeSeries(value.points, label)
