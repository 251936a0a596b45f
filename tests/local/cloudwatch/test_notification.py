"""What is published when an alarm changes. The first cases were recorded from CloudWatch (CW-32, CW-33)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from selador_local.cloudwatch.alarm import AlarmState, StateValue
from selador_local.cloudwatch.composite_alarm import CompositeAlarm
from selador_local.cloudwatch.metric_alarm import MetricAlarm
from selador_local.cloudwatch.notification import notification

RECORDED = json.loads((Path(__file__).parents[2] / "events" / "cloudwatch" / "notifications.json").read_text())

MEMBERS: dict[str, Any] = {
    "AlarmName": "main-duration",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:main-duration",
    "AlarmConfigurationUpdatedTimestamp": datetime(2026, 9, 14, tzinfo=UTC),
    "Namespace": "AWS/Lambda",
    "MetricName": "Duration",
    "Dimensions": [{"Name": "FunctionName", "Value": "main"}],
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 800000.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
STATE = AlarmState(StateValue.ALARM, "Threshold Crossed", None, 0.5)


def seconds(timestamp: str) -> float:
    return datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


@pytest.mark.parametrize("case", RECORDED, ids=[case["name"] for case in RECORDED])
def test_subject_and_message_are_those_recorded_from_cloudwatch(case: dict[str, Any]) -> None:
    message = case["message"]
    configured = datetime.fromtimestamp(seconds(case["definition"]["AlarmConfigurationUpdatedTimestamp"]), UTC)
    members = case["definition"] | {"AlarmConfigurationUpdatedTimestamp": configured}
    alarm: MetricAlarm | CompositeAlarm = (
        CompositeAlarm.from_api(members) if "AlarmRule" in members else MetricAlarm.from_api(members)
    )
    after = AlarmState(
        StateValue(message["NewStateValue"]),
        message["NewStateReason"],
        case["reasonData"],
        seconds(message["StateChangeTime"]),
    )

    published = notification(alarm, StateValue(case["before"]), after)

    assert published.subject == case["subject"]
    assert json.loads(published.message) == message


def trigger(**members: Any) -> dict[str, Any]:
    published = notification(MetricAlarm.from_api(MEMBERS | members), StateValue.OK, STATE)
    found: dict[str, Any] = json.loads(published.message)["Trigger"]
    return found


def test_dimensions_have_small_letters() -> None:
    assert trigger(Statistic="Maximum")["Dimensions"] == [{"value": "main", "name": "FunctionName"}]


def test_dimensions_of_metric_math_have_small_letters_too() -> None:
    stat = {
        "Metric": {name: MEMBERS[name] for name in ("Namespace", "MetricName", "Dimensions")},
        "Period": 60,
        "Stat": "Sum",
    }
    single = {"Namespace", "MetricName", "Dimensions", "Period"}
    members = {name: value for name, value in MEMBERS.items() if name not in single}
    alarm = MetricAlarm.from_api(members | {"Metrics": [{"Id": "m", "MetricStat": stat, "ReturnData": True}]})

    message = json.loads(notification(alarm, StateValue.OK, STATE).message)

    (query,) = message["Trigger"]["Metrics"]
    assert query["MetricStat"]["Metric"]["Dimensions"] == [{"value": "main", "name": "FunctionName"}]


@pytest.mark.parametrize(
    ("statistic", "in_message"),
    [
        ({"Statistic": "Sum"}, {"StatisticType": "Statistic", "Statistic": "SUM"}),
        ({"Statistic": "SampleCount"}, {"StatisticType": "Statistic", "Statistic": "SAMPLE_COUNT"}),
        ({"ExtendedStatistic": "p99.9"}, {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": "p99.9"}),
    ],
)
def test_a_statistic_says_of_which_kind_it_is(statistic: dict[str, str], in_message: dict[str, str]) -> None:
    found = trigger(**statistic)

    assert {name: value for name, value in found.items() if "Statistic" in name} == in_message


def test_what_an_alarm_doesn_t_set_is_left_out_empty_or_null() -> None:
    found = trigger(Statistic="Sum")

    assert "DatapointsToAlarm" not in found
    assert (found["Unit"], found["TreatMissingData"], found["EvaluateLowSampleCountPercentile"]) == (None, "", "")


@pytest.mark.parametrize(
    ("region", "name"), [("eu-central-1", "EU (Frankfurt)"), ("us-east-1", "US East (N. Virginia)"), ("xx-1", "xx-1")]
)
def test_the_region_goes_by_its_name_where_it_has_one(region: str, name: str) -> None:
    arn = f"arn:aws:cloudwatch:{region}:123456789012:alarm:main-duration"
    alarm = MetricAlarm.from_api(MEMBERS | {"AlarmArn": arn, "Statistic": "Sum"})

    published = notification(alarm, StateValue.OK, STATE)

    assert published.subject == f'ALARM: "main-duration" in {name}'
    assert json.loads(published.message)["Region"] == name


@pytest.mark.parametrize("length", [50, 73, 74, 255])
def test_a_subject_has_at_most_a_hundred_characters(length: int) -> None:
    """SNS takes no longer one."""
    alarm = MetricAlarm.from_api(MEMBERS | {"AlarmName": "a" * length, "Statistic": "Sum"})

    subject = notification(alarm, StateValue.OK, STATE).subject

    assert len(subject) <= 100
    assert ("..." in subject) == (length > 73)
