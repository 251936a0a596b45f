"""What CloudWatch publishes to a topic when an alarm changes its state: subject and message (CW-32, CW-33). Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from selador_local.cloudwatch import timestamps
from selador_local.cloudwatch.alarm import AlarmState, StateValue
from selador_local.cloudwatch.composite_alarm import CompositeAlarm
from selador_local.cloudwatch.metric_alarm import MetricAlarm
from selador_local.cloudwatch.metric_data import MetricQueries

_MAX_SUBJECT = 100  # characters; SNS takes no more
_REGIONS = {
    "af-south-1": "Africa (Cape Town)",
    "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "eu-south-1": "EU (Milan)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "me-south-1": "Middle East (Bahrain)",
    "sa-east-1": "South America (Sao Paulo)",
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
}
"""A Region's name in messages; one that isn't here goes by its code."""


class Notification(NamedTuple):
    subject: str
    message: str
    """JSON."""


def notification(alarm: MetricAlarm | CompositeAlarm, before: StateValue, after: AlarmState) -> Notification:
    """Return what is published when an alarm went from one state to another."""
    _, _, _, region_code, account, *_ = alarm.arn.split(":")
    region = _REGIONS.get(region_code, region_code)
    document = _message(alarm, before, after, region, account)
    return Notification(_subject(alarm.name, after.value, region), json.dumps(document, separators=(",", ":")))


def _subject(name: str, value: StateValue, region: str) -> str:
    """Name alarm, state and Region. Other characters than ASCII's become one `_`, and a long name ends with dots."""
    name = re.sub(r"[^ -~]+", "_", name)
    room = _MAX_SUBJECT - len(f'{value}: "" in {region}')
    if len(name) > room:
        name = f"{name[: room - 3]}..."
    return f'{value}: "{name}" in {region}'


def _message(
    alarm: MetricAlarm | CompositeAlarm, before: StateValue, after: AlarmState, region: str, account: str
) -> dict[str, Any]:
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "NewStateValue": after.value,
        "NewStateReason": after.reason,
        "StateChangeTime": timestamps.in_json(after.changed),
        "Region": region,
        "AlarmArn": alarm.arn,
        "OldStateValue": before,
        "ActionExecutedAfterMuteWindow": False,
        "OKActions": alarm.actions[StateValue.OK],
        "AlarmActions": alarm.actions[StateValue.ALARM],
        "InsufficientDataActions": alarm.actions[StateValue.INSUFFICIENT_DATA],
        **(_of_metric(alarm) if isinstance(alarm, MetricAlarm) else _of_composite(alarm, after)),
    }


def _of_metric(alarm: MetricAlarm) -> dict[str, Any]:
    return {"AlarmConfigurationUpdatedTimestamp": timestamps.in_json(alarm.configured), "Trigger": _trigger(alarm)}


def _of_composite(alarm: CompositeAlarm, after: AlarmState) -> dict[str, Any]:
    children = after.reason_data["triggeringAlarms"] if after.reason_data else []
    return {
        "AlarmRule": alarm.rule_text,
        "TriggeringChildren": [
            {"Arn": child["arn"], "State": {"Value": child["state"]["value"], "Timestamp": child["state"]["timestamp"]}}
            for child in children
        ],
    }


def _trigger(alarm: MetricAlarm) -> dict[str, Any]:
    members = alarm.members
    rule = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        **({} if alarm.datapoints_to_alarm is None else {"DatapointsToAlarm": alarm.datapoints_to_alarm}),
        "ComparisonOperator": alarm.comparison,
        "Threshold": alarm.threshold,
        "TreatMissingData": members.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": members.get("EvaluateLowSampleCountPercentile", ""),
    }
    if isinstance(alarm.watched, MetricQueries):
        return {**rule, "Metrics": [_metric_query(query) for query in members["Metrics"]]}
    return {
        "MetricName": members["MetricName"],
        "Namespace": members["Namespace"],
        **_statistic(members),
        "Unit": members.get("Unit"),
        "Dimensions": _dimensions(members),
        **rule,
    }


def _metric_query(members: Mapping[str, Any]) -> dict[str, Any]:
    if "MetricStat" not in members:
        return dict(members)
    stat = members["MetricStat"]
    metric = {**stat["Metric"], "Dimensions": _dimensions(stat["Metric"])}
    return {**members, "MetricStat": {**stat, "Metric": metric}}


def _dimensions(members: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return dimensions with small letters, as in no other place of CloudWatch (CW-33)."""
    return [{"value": one["Value"], "name": one["Name"]} for one in members.get("Dimensions", ())]


def _statistic(members: Mapping[str, Any]) -> dict[str, str]:
    if name := members.get("Statistic"):
        in_capitals = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()  # such as SAMPLE_COUNT
        return {"StatisticType": "Statistic", "Statistic": in_capitals}
    return {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": members["ExtendedStatistic"]}
