"""Metrics through boto3, against the running server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cloudwatch(server: Any) -> Any:
    return server.client("cloudwatch")


def put(cloudwatch: Any, namespace: str, *data: dict[str, Any]) -> None:
    defaults = {"MetricName": "Wait", "Timestamp": NOW - 5 * MINUTE, "Unit": "Seconds"}
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{**defaults, **datum} for datum in data])


def statistics(cloudwatch: Any, namespace: str, *names: str, **members: Any) -> list[dict[str, Any]]:
    request = {
        "Namespace": namespace,
        "MetricName": "Wait",
        "StartTime": NOW - 10 * MINUTE,
        "EndTime": NOW,
        "Period": 60,
        **({"Statistics": names} if names else {}),
    }
    points: list[dict[str, Any]] = cloudwatch.get_metric_statistics(**{**request, **members})["Datapoints"]
    return sorted(points, key=lambda point: point["Timestamp"])


def test_statistics_of_what_was_put(cloudwatch: Any, name: str) -> None:
    put(
        cloudwatch,
        name,
        {"Value": 1},
        {"Values": [2, 6], "Counts": [2, 1]},
        {"Timestamp": NOW - 2 * MINUTE, "Value": 9},
    )

    first, second = statistics(cloudwatch, name, "SampleCount", "Sum", "Average", "Minimum", "Maximum")

    assert first == {
        "Timestamp": NOW - 5 * MINUTE,
        "Unit": "Seconds",
        "SampleCount": 4,
        "Sum": 11,
        "Average": 2.75,
        "Minimum": 1,
        "Maximum": 6,
    }
    assert (second["Timestamp"], second["Sum"]) == (NOW - 2 * MINUTE, 9)


def test_percentiles_are_statistics_too(cloudwatch: Any, name: str) -> None:
    put(cloudwatch, name, {"Values": list(range(1, 101))})

    (point,) = statistics(cloudwatch, name, ExtendedStatistics=["p50", "p99"], Statistics=["Maximum"])

    assert point["Maximum"] == 100
    assert point["ExtendedStatistics"]["p50"] == pytest.approx(50, rel=0.1)
    assert point["ExtendedStatistics"]["p99"] == pytest.approx(99, rel=0.1)


def test_a_set_of_statistics_keeps_them(cloudwatch: Any, name: str) -> None:
    values = {"SampleCount": 10, "Sum": 55, "Minimum": 1, "Maximum": 10}
    put(cloudwatch, name, {"StatisticValues": values})

    (point,) = statistics(cloudwatch, name, *values)

    assert values.items() <= point.items()


def test_units_and_dimensions_are_told_apart(cloudwatch: Any, name: str) -> None:
    dimension = {"Name": "FunctionName", "Value": "f"}
    put(cloudwatch, name, {"Value": 1}, {"Value": 2, "Unit": "Count"}, {"Value": 4, "Dimensions": [dimension]})

    assert [(point["Unit"], point["Sum"]) for point in statistics(cloudwatch, name, "Sum")] == [
        ("Count", 2),
        ("Seconds", 1),
    ]
    assert [point["Sum"] for point in statistics(cloudwatch, name, "Sum", Unit="Count")] == [2]
    assert [point["Sum"] for point in statistics(cloudwatch, name, "Sum", Dimensions=[dimension])] == [4]


def test_a_large_call_comes_compressed(cloudwatch: Any, name: str) -> None:
    """botocore compresses what is above 10 KB."""
    put(cloudwatch, name, *({"Value": 1} for _ in range(200)))

    assert [point["Sum"] for point in statistics(cloudwatch, name, "Sum")] == [200]


def test_expressions_use_other_queries(cloudwatch: Any, name: str) -> None:
    put(
        cloudwatch,
        name,
        {"Value": 6},
        {"MetricName": "Errors", "Value": 3},
        {"Timestamp": NOW - 4 * MINUTE, "Value": 8},
    )
    queries = [
        {
            "Id": identifier,
            "ReturnData": False,
            "MetricStat": {"Metric": {"Namespace": name, "MetricName": metric}, "Period": 60, "Stat": "Sum"},
        }
        for identifier, metric in (("waits", "Wait"), ("errors", "Errors"))
    ]
    queries.append({"Id": "rate", "Expression": "100 * FILL(errors, 0) / waits", "Label": "error rate"})

    answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=NOW - 10 * MINUTE, EndTime=NOW)

    (result,) = answer["MetricDataResults"]
    assert (result["Id"], result["Label"], result["StatusCode"]) == ("rate", "error rate", "Complete")
    assert result["Timestamps"] == [NOW - 4 * MINUTE, NOW - 5 * MINUTE], "the newest comes first"
    assert result["Values"] == [0, 50]


def test_metrics_are_listed_by_namespace_name_and_dimension(cloudwatch: Any, name: str) -> None:
    dimensions = [{"Name": "FunctionName", "Value": "f"}, {"Name": "code", "Value": "internal"}]
    put(cloudwatch, name, {"Value": 1}, {"MetricName": "Errors", "Value": 1, "Dimensions": dimensions})

    def listed(**members: Any) -> list[str]:
        found = cloudwatch.list_metrics(Namespace=name, **members)["Metrics"]
        return [metric["MetricName"] for metric in found]

    assert listed() == ["Errors", "Wait"]
    assert listed(MetricName="Wait") == ["Wait"]
    assert listed(Dimensions=[{"Name": "code"}]) == ["Errors"]
    assert listed(Dimensions=[{"Name": "code", "Value": "other"}]) == []
    assert listed(RecentlyActive="PT3H") == ["Errors", "Wait"]


def test_metrics_are_listed_in_pages(cloudwatch: Any, name: str) -> None:
    put(cloudwatch, name, *({"MetricName": f"m{number:04}", "Value": 1} for number in range(501)))

    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=name)

    assert [len(page["Metrics"]) for page in pages] == [500, 1]


def test_the_data_plane_publishes_aws_s_own_metrics(server: Any, cloudwatch: Any, name: str) -> None:
    dimensions = [["FunctionName", name]]
    time = (NOW - 5 * MINUTE).timestamp()

    status, _ = server.ask("metrics", {"data": [["AWS/Lambda", "Errors", dimensions, time, "Count", [1, 0], [2, 1]]]})

    dimension = {"Name": "FunctionName", "Value": name}
    (point,) = statistics(cloudwatch, "AWS/Lambda", "Sum", "SampleCount", MetricName="Errors", Dimensions=[dimension])
    assert status == 200
    assert (point["Sum"], point["SampleCount"], point["Unit"]) == (2, 3, "Count")


def test_metrics_in_log_lines_are_found(server: Any, cloudwatch: Any, name: str) -> None:
    """Also how many break the format's rules (CW-16)."""
    logs = server.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    now_ms = int((NOW - 5 * MINUTE).timestamp() * 1000)
    line = (
        f'{{"_aws": {{"Timestamp": {now_ms}, "CloudWatchMetrics": [{{"Namespace": "{name}", "Dimensions": [[]], '
        '"Metrics": [{"Name": "Wait", "Unit": "Seconds"}, {"Name": "Text"}]}]}, "Wait": 7, "Text": "none"}'
    )

    logs.put_log_events(
        logGroupName=name, logStreamName="s", logEvents=[{"timestamp": now_ms + 240_000, "message": line}]
    )

    (point,) = statistics(cloudwatch, name, "Sum")
    assert (point["Sum"], point["Timestamp"]) == (7, NOW - 5 * MINUTE)
    (errors,) = statistics(
        cloudwatch,
        "AWS/Logs",
        "Sum",
        MetricName="EMFValidationErrors",
        Dimensions=[{"Name": "LogGroupName", "Value": name}],
        EndTime=datetime.now(UTC) + 2 * MINUTE,
    )
    assert errors["Sum"] == 1


@pytest.mark.parametrize(
    ("datum", "said"),
    [
        ({"Value": 1, "Timestamp": NOW - timedelta(days=15)}, "past two weeks"),
        ({"Value": 1, "Timestamp": NOW + timedelta(hours=3)}, "next two hours"),
        ({"Value": 1, "StorageResolution": 1}, "StorageResolution"),
        ({}, "no value"),
        ({"Value": 1, "Values": [1]}, "Value and Values"),
        ({"Values": [1, 2], "Counts": [1]}, "2 Values and 1 Counts"),
        ({"Values": list(range(151))}, "150 at most"),
    ],
)
def test_data_that_can_not_be_kept_are_refused(cloudwatch: Any, name: str, datum: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        put(cloudwatch, name, datum)


def test_questions_that_can_not_be_answered_are_refused(cloudwatch: Any, name: str) -> None:
    with pytest.raises(ClientError, match="AWS's own"):
        put(cloudwatch, "AWS/Lambda", {"Value": 1})
    with pytest.raises(ClientError, match="Must specify"):
        statistics(cloudwatch, name)
    with pytest.raises(ClientError, match="exceeds the limit of 1,440"):
        statistics(cloudwatch, name, "Sum", StartTime=NOW - timedelta(days=2))
    with pytest.raises(ClientError, match="less than the parameter EndTime"):
        statistics(cloudwatch, name, "Sum", StartTime=NOW)
    with pytest.raises(ClientError, match="SELECT"):
        cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "a", "Expression": 'SELECT SUM(Wait) FROM "n"', "Period": 60}],
            StartTime=NOW - MINUTE,
            EndTime=NOW,
        )
