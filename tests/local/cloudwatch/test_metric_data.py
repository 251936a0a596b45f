"""Queries for metrics and expressions over them, as GetMetricData and alarms have them."""

from collections.abc import Iterable
from typing import Any

import pytest

from selador_local.cloudwatch.datum import Datum, MetricIdentity
from selador_local.cloudwatch.metric_data import MetricQueries, MetricQueryError, get_metric_data

MAIN = (("FunctionName", "main"),)


def datum(name: str, time: float, *values: float) -> Datum:
    return Datum("Selador", name, MAIN, time, "Count", values, (1.0,) * len(values))


DATA = [
    datum("Failed", 600, 1.0),
    datum("Failed", 660, 2.0, 2.0),
    datum("Completed", 610, 1.0, 1.0, 1.0),
    datum("Completed", 725, 1.0),
]


def read(metric: MetricIdentity, start: float, end: float) -> Iterable[Datum]:
    return [one for one in DATA if one.metric == metric and start <= one.time < end]


def metric(identifier: str, name: str, *, period: int = 60, **members: Any) -> dict[str, Any]:
    dimensions = [{"Name": key, "Value": value} for key, value in MAIN]
    stat = {
        "Metric": {"Namespace": "Selador", "MetricName": name, "Dimensions": dimensions},
        "Period": period,
        "Stat": "Sum",
    }
    return {"Id": identifier, "MetricStat": stat} | members


def expression(identifier: str, text: str, **members: Any) -> dict[str, Any]:
    return {"Id": identifier, "Expression": text} | members


def found(*queries: dict[str, Any], start: float = 600, end: float = 780) -> list[tuple[str, str, dict[float, float]]]:
    results = get_metric_data(MetricQueries.from_api(queries), read, start, end)
    return [(result.id, one.label, dict(one.points)) for result in results for one in result.series]


def test_a_metric_is_read_by_its_dimensions_and_statistic() -> None:
    assert found(metric("failed", "Failed")) == [("failed", "Failed", {600: 1.0, 660: 4.0})]


def test_a_metric_without_data_has_a_series_without_points() -> None:
    assert found(metric("none", "Expired")) == [("none", "Expired", {})]


def test_an_expression_is_computed_from_metrics_and_other_expressions_in_any_order() -> None:
    queries = (
        expression("ratio", "IF(all > 0, failed / all)", Label="failed of all"),
        expression("all", "failed + completed", ReturnData=False),
        metric("failed", "Failed", ReturnData=False),
        metric("completed", "Completed", ReturnData=False),
    )

    assert found(*queries) == [("ratio", "failed of all", {600: 0.25, 660: 1.0, 720: 0.0})]


def test_an_array_has_a_series_for_each_metric_and_both_labels() -> None:
    queries = (
        expression("filled", "FILL(METRICS(), 0)", Label="filled"),
        metric("failed", "Failed", ReturnData=False),
        metric("completed", "Completed", ReturnData=False, Label="done"),
    )

    assert found(*queries) == [
        ("filled", "filled Failed", {600: 1.0, 660: 4.0, 720: 0.0}),
        ("filled", "filled done", {600: 3.0, 660: 0.0, 720: 1.0}),
    ]


def test_an_expression_is_labelled_with_its_id_if_it_has_no_label() -> None:
    assert found(expression("one", "TIME_SERIES(1)", Period=60), end=660) == [("one", "one", {600: 1.0})]


def test_periods_are_counted_from_the_whole_minute_before_the_start() -> None:
    assert found(metric("failed", "Failed", period=120), start=659) == [("failed", "Failed", {600: 5.0})]
    assert found(metric("failed", "Failed", period=120), start=661) == [("failed", "Failed", {660: 4.0})]


def test_metrics_of_several_periods_may_stand_side_by_side() -> None:
    queries = MetricQueries.from_api(
        [metric("a", "Failed"), metric("b", "Failed", period=300), expression("c", "2 * b")]
    )

    assert queries.periods == {"a": 60, "b": 300, "c": 300}


@pytest.mark.parametrize(
    ("queries", "complaint"),
    [
        ([metric("a", "Failed"), metric("a", "Completed")], "two queries have one id among a, a"),
        ([expression("a", "b"), expression("b", "2 * a")], "expressions need each other in a circle: "),
        ([expression("a", "a + 1")], "expressions need each other in a circle: a, a"),
        ([expression("a", "b + 1")], "'a': nothing has the id 'b'; the ids are a"),
        ([metric("m", "Failed"), expression("e", "FOO(m)")], "'e': FOO is no function of metric math"),
        ([metric("m", "Failed"), expression("e", "m +")], "'e': the expression 'm +' has the end where a value is"),
        ([expression("e", "TIME_SERIES(1)")], "'e' uses no metric; an expression without one must have a period"),
        (
            [metric("a", "Failed"), metric("b", "Failed", period=300), expression("e", "a + b")],
            "'e' uses metrics by periods of 60 s, 300 s; they must have one period",
        ),
        (
            [expression("e", "SELECT SUM(Failed) FROM Selador")],
            "'e' is a Metrics Insights query (SELECT), which the lap",
        ),
        ([{"Id": "e"}], "'e' has neither a MetricStat nor an Expression"),
    ],
)
def test_queries_that_can_t_be_computed_are_refused(queries: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(MetricQueryError) as raised:
        MetricQueries.from_api(queries)

    assert str(raised.value).startswith(complaint)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SUM(m)", "'e' is the number 5; what is returned must be a time series"),
        ("METRICS() / METRICS()", "'e': / stands between two arrays"),
    ],
)
def test_a_result_that_is_no_series_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(MetricQueryError) as raised:
        found(metric("m", "Failed"), expression("e", text))

    assert str(raised.value).startswith(complaint)


def test_what_is_returned_is_known_before_it_is_computed() -> None:
    queries = MetricQueries.from_api([metric("m", "Failed", ReturnData=False), expression("e", "m")])

    assert [query.id for query in queries.returned] == ["e"]
