"""CloudWatch's rules, as values: what lies on a limit is allowed, what lies beyond it is refused in AWS's words."""

from typing import Any

import pytest

from selador_local.control_plane.service_rules import cloudwatch

ALARM = {
    "AlarmName": "a",
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "Period": 60,
    "Statistic": "Sum",
    "Threshold": 1.0,
}
BAND = {
    "AlarmName": "a",
    "ComparisonOperator": "GreaterThanUpperThreshold",
    "EvaluationPeriods": 1,
    "ThresholdMetricId": "band",
}
PERIOD = "Period must be 10, 20, 30 or a multiple of 60"
DAY = (
    "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) "
    "for alarms using period < 3600"
)
WEEK = (
    "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) "
    "for alarms using period >= 3600"
)


class Alarms:
    def alarm_rules(self) -> dict[str, str]:
        return {
            "errors": "",
            "throttles": "",
            "both": 'ALARM("errors") AND ALARM(throttles)',
            "late": "OK(late-of-dev)",
        }


def metric(number: int, **members: Any) -> dict[str, Any]:
    return {"Id": f"m{number}", "MetricStat": {"Period": 60, "Stat": "Sum"}, "ReturnData": False, **members}


def refused(operation: str, **request: Any) -> list[tuple[str, str]]:
    return [(refusal.code, refusal.message) for refusal in getattr(cloudwatch, operation)(request, Alarms())]


@pytest.mark.parametrize(
    "alarm",
    [
        ALARM,
        *({**ALARM, "Period": period} for period in (10, 20, 30, 60, 120, 86_400)),
        {**ALARM, "Period": 60, "EvaluationPeriods": 1_440},
        {**ALARM, "Period": 3_600, "EvaluationPeriods": 168},
        {**ALARM, "EvaluationPeriods": 3, "DatapointsToAlarm": 3},
        {**ALARM, "ExtendedStatistic": "p100"},
        {**ALARM, "ExtendedStatistic": "tm99"},
        *({**ALARM, "TreatMissingData": way} for way in ("breaching", "ignore", "missing", "notBreaching")),
        {**ALARM, "Metrics": [metric(number) for number in range(10)]},
        {**BAND, "Metrics": [metric(1), {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1)"}]},
    ],
)
def test_alarms_that_cloudwatch_takes_are_taken(alarm: dict[str, Any]) -> None:
    assert refused("put_metric_alarm", **alarm) == []


@pytest.mark.parametrize(
    ("alarm", "message"),
    [
        *(({**ALARM, "Period": period}, PERIOD) for period in (5, 15, 40, 61, 90)),
        ({**ALARM, "Metrics": [metric(1, MetricStat={"Period": 45})]}, PERIOD),
        ({**ALARM, "Period": 60, "EvaluationPeriods": 1_441}, DAY),
        ({**ALARM, "Period": 3_600, "EvaluationPeriods": 169}, WEEK),
        (
            {**ALARM, "EvaluationPeriods": 3, "DatapointsToAlarm": 4},
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        ),
        (
            {name: value for name, value in ALARM.items() if name != "Threshold"},
            "PutMetricAlarm request should have valid Threshold parameter",
        ),
        ({**ALARM, "ExtendedStatistic": "p101"}, "The value p101 for parameter ExtendedStatistic is not supported."),
        ({**ALARM, "TreatMissingData": "good"}, "The value good for parameter TreatMissingData is not supported."),
        (
            {**ALARM, "Metrics": [metric(number) for number in range(11)]},
            "Too many metrics in alarm, maximum is 10",
        ),
        (
            {**ALARM, "Metrics": [{"Id": "e", "Expression": "SEARCH('{AWS/SQS}', 'Sum', 60)"}]},
            "SEARCH is not supported on Metric Alarms.",
        ),
        (
            {**BAND, "Metrics": [metric(1), {"Id": "band", "Expression": "X", "ReturnData": False}]},
            "Metrics list must contain exactly one metric matching the ThresholdMetricId parameter",
        ),
    ],
)
def test_alarms_that_cloudwatch_refuses_are_refused(alarm: dict[str, Any], message: str) -> None:
    assert refused("put_metric_alarm", **alarm) == [("ValidationError", message)]


@pytest.mark.parametrize(
    "alarm",
    [
        {"AlarmRule": 'ALARM("errors") AND NOT OK(throttles)'},
        {"AlarmRule": "ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors)"},
        {"AlarmRule": "TRUE"},
        {
            "AlarmRule": "ALARM(errors)",
            "ActionsSuppressor": "throttles",
            "ActionsSuppressorWaitPeriod": 60,
            "ActionsSuppressorExtensionPeriod": 60,
        },
    ],
)
def test_composite_alarms_that_cloudwatch_takes_are_taken(alarm: dict[str, Any]) -> None:
    assert refused("put_composite_alarm", AlarmName="all", **alarm) == []


@pytest.mark.parametrize(
    ("alarm", "message"),
    [
        (
            {"AlarmRule": 'ALARM("errors") OR OK("slow") OR OK(later)'},
            "Could not save the composite alarm as alarms [slow, later] in the alarm rule do not exist",
        ),
        (
            {"AlarmName": "errors", "AlarmRule": "ALARM(errors)"},
            "A composite alarm cannot have a child relation with itself via its AlarmRule",
        ),
        (
            {"AlarmRule": "ALARM(errors)", "ActionsSuppressor": "throttles", "ActionsSuppressorWaitPeriod": 60},
            "ActionsSuppressorExtensionPeriod must not be null",
        ),
        (
            {"AlarmRule": "ALARM(errors)", "ActionsSuppressorWaitPeriod": 60},
            "ActionsSuppressorWaitPeriod requires an ActionSuppressor",
        ),
    ],
)
def test_composite_alarms_that_cloudwatch_refuses_are_refused(alarm: dict[str, Any], message: str) -> None:
    assert refused("put_composite_alarm", **{"AlarmName": "all", **alarm}) == [("ValidationError", message)]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["errors"], "Cannot delete errors as there are composite alarm(s) depending on it."),
        (
            ["errors", "late", "throttles"],
            "Cannot delete errors,throttles as there are composite alarm(s) depending on them.",
        ),
    ],
)
def test_an_alarm_that_a_composite_one_names_is_not_deleted(names: list[str], message: str) -> None:
    assert refused("delete_alarms", AlarmNames=names) == [("ValidationError", message)]


@pytest.mark.parametrize("names", [["both"], ["late"], ["both", "errors"], []])
def test_alarms_that_no_other_composite_one_names_may_go(names: list[str]) -> None:
    assert refused("delete_alarms", AlarmNames=names) == []
