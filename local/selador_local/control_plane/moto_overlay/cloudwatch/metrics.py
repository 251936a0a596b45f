"""CloudWatch's API for metrics: their data lie in a `MetricStore`, which the planes and log lines fill, too."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.cloudwatch.responses import CloudWatchResponse as MotoResponse
from moto.core.responses import ActionResult, EmptyResult

from selador_local.clock import StackClock
from selador_local.cloudwatch.datum import Datum, MetricIdentity
from selador_local.cloudwatch.metric_data import MetricQueries, MetricQueryError, get_metric_data, metric_identity
from selador_local.cloudwatch.metric_store import RESOLUTION_SECONDS, MetricStore
from selador_local.cloudwatch.statistics import UnknownStatisticError, series, statistic
from selador_local.cloudwatch.window import Window

_DAY_SECONDS = 24 * 60 * 60
_OLDEST_SECONDS = 14 * _DAY_SECONDS  # PutMetricData takes no older data, ListMetrics shows no older metrics (CW-44)
_NEWEST_SECONDS = 2 * 60 * 60  # nor does it take data further in the future (CW-44)
_RECENT_SECONDS = 3 * 60 * 60  # ListMetrics' `RecentlyActive`
_MAX_VALUES = 150  # of a datum (CW-44)
_MAX_DIMENSIONS = 30  # of a metric (CW-44)
_MAX_DATA_POINTS = 1440  # of a call of GetMetricStatistics (CW-44)
_PAGE = 500  # metrics of an answer of ListMetrics (CW-44)


class MetricsApi(MotoResponse):  # type: ignore[misc] # moto is untyped
    """Gaps: moto keeps every datum for ever, knows no percentiles, adds up metrics whose dimensions are others."""

    clock = StackClock()
    metrics = MetricStore()

    def put_metric_data(self) -> ActionResult:
        namespace = self._get_param("Namespace")
        if namespace.startswith("AWS/"):
            raise InvalidParameterValue(f"The value {namespace} for parameter Namespace is invalid: AWS/ is AWS's own.")
        self.metrics.put([self._datum(namespace, members) for members in self._get_param("MetricData", [])])
        return EmptyResult()

    def list_metrics(self) -> ActionResult:
        if self._get_param("OwningAccount") or self._get_param("IncludeLinkedAccounts"):
            raise ValidationError("Metrics of other accounts are not there; leave out OwningAccount.")
        seconds = _RECENT_SECONDS if self._get_param("RecentlyActive") else _OLDEST_SECONDS
        wanted = self._get_param("Dimensions", [])
        found = [
            metric
            for metric in self.metrics.metrics(since=self.clock.time() - seconds)
            if self._get_param("Namespace") in {None, metric.namespace}
            and self._get_param("MetricName") in {None, metric.name}
            and all(_has(metric, dimension) for dimension in wanted)
        ]
        first = int(self._get_param("NextToken") or 0)
        answer: dict[str, Any] = {
            "Metrics": [
                {
                    "Namespace": metric.namespace,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
                }
                for metric in found[first : first + _PAGE]
            ]
        }
        return ActionResult(answer | ({"NextToken": str(first + _PAGE)} if len(found) > first + _PAGE else {}))

    def get_metric_data(self) -> ActionResult:
        start, end = self._period()
        try:
            queries = MetricQueries.from_api(self._get_param("MetricDataQueries"))
            results = get_metric_data(queries, self.metrics.read, start, end)
        except (MetricQueryError, UnknownStatisticError) as error:
            raise ValidationError(str(error)) from None
        ascending = self._get_param("ScanBy") == "TimestampAscending"
        found = []
        for result in results:
            for one in result.series:
                points = sorted(one.points.items(), reverse=not ascending)
                found.append(
                    {
                        "Id": result.id,
                        "Label": one.label,
                        "Timestamps": [_datetime(time) for time, _ in points],
                        "Values": [value for _, value in points],
                        "StatusCode": "Complete",
                    }
                )
        return ActionResult({"MetricDataResults": found, "Messages": []})

    def get_metric_statistics(self) -> ActionResult:
        (start, end), period = self._period(), self._get_param("Period")
        names = self._get_param("Statistics", [])
        extended = self._get_param("ExtendedStatistics", [])
        if not names and not extended:
            raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
        if (end - start) / period > _MAX_DATA_POINTS:
            raise InvalidParameterCombination(
                f"You have requested up to {int((end - start) / period):,} datapoints, which exceeds the limit of "
                f"{_MAX_DATA_POINTS:,}. You may reduce the datapoints requested by increasing Period, or decreasing "
                "the time range."
            )
        metric = metric_identity(self._get_params())
        start = start // RESOLUTION_SECONDS * RESOLUTION_SECONDS
        data = self.metrics.read(metric, start, end)
        window = Window(start, end, period)
        points: dict[tuple[float, str], dict[str, Any]] = {}
        for unit in sorted({datum.unit for datum in data} & {self._get_param("Unit") or datum.unit for datum in data}):
            for name in [*names, *extended]:
                try:
                    values = series(data, statistic(name), window, unit)
                except UnknownStatisticError as error:
                    raise InvalidParameterValue(str(error)) from None
                for time, value in values.items():
                    point = points.setdefault((time, unit), {"Timestamp": _datetime(time), "Unit": unit})
                    (point if name in names else point.setdefault("ExtendedStatistics", {}))[name] = value
        return ActionResult({"Label": metric.name, "Datapoints": list(points.values())})

    def _period(self) -> tuple[float, float]:
        start, end = self._get_param("StartTime").timestamp(), self._get_param("EndTime").timestamp()
        if start >= end:
            raise InvalidParameterValue("The parameter StartTime must be less than the parameter EndTime.")
        return start, end

    def _datum(self, namespace: str, members: Mapping[str, Any]) -> Datum:
        metric = metric_identity({"Namespace": namespace, **members})
        if len(metric.dimensions) > _MAX_DIMENSIONS:
            raise InvalidParameterValue(f"{len(metric.dimensions)} dimensions; the limit is {_MAX_DIMENSIONS}.")
        if members.get("StorageResolution", RESOLUTION_SECONDS) != RESOLUTION_SECONDS:
            raise InvalidParameterValue("The laptop keeps metrics by the minute; leave out StorageResolution.")
        now = self.clock.time()
        time = members["Timestamp"].timestamp() if "Timestamp" in members else now
        if not now - _OLDEST_SECONDS <= time <= now + _NEWEST_SECONDS:
            raise InvalidParameterValue(
                f"The timestamp of {metric.name} is {_datetime(time).isoformat()}; it must be within the past two "
                "weeks and the next two hours."
            )
        values, counts = _values(metric, members)
        return Datum(*metric, time, members.get("Unit", "None"), values, counts)


def _values(metric: MetricIdentity, members: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    given = [name for name in ("Value", "Values", "StatisticValues") if name in members]
    if len(given) != 1:
        raise InvalidParameterCombination(f"{metric.name} has {' and '.join(given) or 'no value'}; it must have one.")
    match given[0]:
        case "Value":
            return (float(members["Value"]),), (1.0,)
        case "Values":
            values = tuple(map(float, members["Values"]))
            counts = tuple(map(float, members.get("Counts", [1.0] * len(values))))
            if len(values) != len(counts) or len(values) > _MAX_VALUES:
                raise InvalidParameterValue(
                    f"{metric.name} has {len(values)} Values and {len(counts)} Counts; it must have as many of each, "
                    f"and {_MAX_VALUES} at most."
                )
            return values, counts
    return _of_set(members["StatisticValues"])


def _of_set(members: Mapping[str, float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return values that have these statistics: the extremes, and the mean of the rest as often as it takes."""
    count, total = float(members["SampleCount"]), float(members["Sum"])
    low, high = float(members["Minimum"]), float(members["Maximum"])
    if count <= 2:
        return ((low, high), (1.0, 1.0)) if count == 2 else ((total,), (1.0,))
    return (low, (total - low - high) / (count - 2), high), (1.0, count - 2, 1.0)


def _has(metric: MetricIdentity, dimension: Mapping[str, str]) -> bool:
    return any(
        name == dimension["Name"] and value == dimension.get("Value", value) for name, value in metric.dimensions
    )


def _datetime(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)
