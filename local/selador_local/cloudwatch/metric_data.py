"""Queries of GetMetricData, which alarms on metric math have too: metrics by statistic, and expressions over them."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from selador_local.cloudwatch.datum import MetricIdentity, ReadData
from selador_local.cloudwatch.metric_math.evaluation import Scope, check, evaluate, names
from selador_local.cloudwatch.metric_math.expression import ExpressionError, Node, parse
from selador_local.cloudwatch.metric_math.values import Array, TimeSeries, Value
from selador_local.cloudwatch.statistics import Statistic, series, statistic
from selador_local.cloudwatch.window import Window
from selador_local.errors import SeladorLocalError


class MetricQueryError(SeladorLocalError):
    """Queries that contradict themselves or each other, or that the laptop can't compute."""


@dataclass(frozen=True)
class MetricStat:
    """A statistic of a metric by periods."""

    metric: MetricIdentity
    statistic: Statistic
    period: int
    unit: str | None = None

    def points(self, read: ReadData, window: Window) -> dict[float, float]:
        """Return the statistic by the start of each period of a window that has data."""
        return series(read(self.metric, window.start, window.end), self.statistic, window, self.unit)


@dataclass(frozen=True)
class MathExpression:
    """An expression over other queries, and the period that it was given."""

    tree: Node
    period: int | None


@dataclass(frozen=True)
class MetricQuery:
    """A metric or an expression, by its id."""

    id: str
    label: str
    return_data: bool
    source: MetricStat | MathExpression


class QueryResult(NamedTuple):
    """What a query found. An expression that yields an array has several series."""

    id: str
    series: Array


def metric_identity(members: Mapping[str, Any]) -> MetricIdentity:
    """Return the metric that `Namespace`, `MetricName` and `Dimensions` name."""
    dimensions = ((dimension["Name"], dimension["Value"]) for dimension in members.get("Dimensions", ()))
    return MetricIdentity(members["Namespace"], members["MetricName"], tuple(sorted(dimensions)))


class MetricQueries:
    """The queries of one request, which may refer to each other by id."""

    def __init__(self, queries: Sequence[MetricQuery]) -> None:
        """Check the queries against each other; raises a MetricQueryError that names what is wrong."""
        self._queries = {query.id: query for query in queries}
        if len(self._queries) < len(queries):
            raise MetricQueryError(f"two queries have one id among {', '.join(query.id for query in queries)}")
        self._metrics = [query.id for query in queries if isinstance(query.source, MetricStat)]
        needs = {query.id: self._needs(query) for query in queries}
        try:
            self._order = list(TopologicalSorter(needs).static_order())
        except CycleError as error:
            raise MetricQueryError(f"expressions need each other in a circle: {', '.join(error.args[1])}") from None
        self._periods: dict[str, int] = {}
        for identifier in self._order:
            self._periods[identifier] = self._period(self._queries[identifier], needs[identifier])

    @classmethod
    def from_api(cls, members: Sequence[Mapping[str, Any]]) -> "MetricQueries":
        """Read `MetricDataQueries`, or an alarm's `Metrics`."""
        return cls([_query(query) for query in members])

    @property
    def returned(self) -> list[MetricQuery]:
        """Those whose data are asked for."""
        return [query for query in self._queries.values() if query.return_data]

    @property
    def periods(self) -> dict[str, int]:
        """The period of each query by id; an expression has its metrics'."""
        return self._periods

    def results(self, read: ReadData, window: Callable[[int], Window]) -> list[QueryResult]:
        """Compute what is asked for. `window` gives the window for a period."""
        values: dict[str, Value] = {}
        for identifier in self._order:
            query, periods = self._queries[identifier], window(self._periods[identifier])
            match query.source:
                case MetricStat() as metric:
                    values[identifier] = TimeSeries(metric.points(read, periods), query.label)
                case MathExpression(tree=tree):
                    with _named(query):
                        values[identifier] = evaluate(tree, Scope(periods, self._metrics, values))
        return [QueryResult(query.id, _labelled(query, values[query.id])) for query in self.returned]

    def _needs(self, query: MetricQuery) -> set[str]:
        if isinstance(query.source, MetricStat):
            return set()
        with _named(query):
            check(query.source.tree, self._queries, self._metrics)
        return names(query.source.tree, self._metrics)

    def _period(self, query: MetricQuery, needs: Iterable[str]) -> int:
        given = {self._periods[identifier] for identifier in needs}
        if not given and query.source.period:
            return query.source.period
        match sorted(given):
            case [period]:
                return period
            case []:
                raise MetricQueryError(f"{query.id!r} uses no metric; an expression without one must have a period")
            case several:
                listed = ", ".join(f"{period} s" for period in several)
                raise MetricQueryError(f"{query.id!r} uses metrics by periods of {listed}; they must have one period")


def get_metric_data(queries: MetricQueries, read: ReadData, start: float, end: float) -> list[QueryResult]:
    """Answer GetMetricData. Periods are counted from the start, rounded down to the minute (CW-54)."""

    def window(period: int) -> Window:
        resolution = min(period, 60)
        return Window(math.floor(start / resolution) * resolution, end, period)

    return queries.results(read, window)


def _query(members: Mapping[str, Any]) -> MetricQuery:
    identifier = members["Id"]
    if stat := members.get("MetricStat"):
        metric = metric_identity(stat["Metric"])
        source: MetricStat | MathExpression = MetricStat(
            metric, statistic(stat["Stat"]), stat["Period"], stat.get("Unit")
        )
        default_label = metric.name
    else:
        source = MathExpression(_tree(identifier, members.get("Expression", "")), members.get("Period"))
        default_label = identifier
    return MetricQuery(identifier, members.get("Label", default_label), members.get("ReturnData", True), source)


def _tree(identifier: str, expression: str) -> Node:
    if not expression:
        raise MetricQueryError(f"{identifier!r} has neither a MetricStat nor an Expression; it must have one of them")
    if expression.lstrip().upper().startswith("SELECT"):
        raise MetricQueryError(f"{identifier!r} is a Metrics Insights query (SELECT), which the laptop doesn't compute")
    try:
        return parse(expression)
    except ExpressionError as error:
        raise MetricQueryError(f"{identifier!r}: {error}") from error


def _labelled(query: MetricQuery, value: Value) -> Array:
    match value:
        case TimeSeries(points=points):
            return (TimeSeries(points, query.label),)
        case tuple():
            return tuple(TimeSeries(one.points, f"{query.label} {one.label}".strip()) for one in value)
        case _:
            raise MetricQueryError(f"{query.id!r} is the number {value:g}; what is returned must be a time series")


@contextmanager
def _named(query: MetricQuery) -> Iterator[None]:
    """Say in an error of an expression which query's it is."""
    try:
        yield
    except ExpressionError as error:
        raise MetricQueryError(f"{query.id!r}: {error}") from error
