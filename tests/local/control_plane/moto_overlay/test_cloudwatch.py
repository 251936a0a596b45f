"""CloudWatch alarms through boto3, against the running server."""

from typing import Any

import pytest


@pytest.fixture
def cloudwatch(server: Any) -> Any:
    return server.client("cloudwatch")


def put(cloudwatch: Any, name: str, threshold: float = 1) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Period=60,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Statistic="Maximum",
    )


def test_a_new_alarm_has_insufficient_data(cloudwatch: Any, name: str) -> None:
    """Until it is evaluated, no alarm is OK (CW-18)."""
    put(cloudwatch, name)

    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]

    assert alarm["StateValue"] == "INSUFFICIENT_DATA"


def test_an_update_leaves_the_state_alone(cloudwatch: Any, name: str) -> None:
    put(cloudwatch, name)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="because")

    put(cloudwatch, name, threshold=2)

    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert (alarm["StateValue"], alarm["StateReason"], alarm["Threshold"]) == ("ALARM", "because", 2)


def test_a_composite_alarm_keeps_its_rule_and_suppressor(cloudwatch: Any, name: str) -> None:
    put(cloudwatch, f"{name}-part")
    definition = {
        "AlarmRule": f'ALARM("{name}-part")',
        "AlarmDescription": "any of them",
        "ActionsEnabled": True,
        "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:topic"],
        "ActionsSuppressor": f"{name}-part",
        "ActionsSuppressorWaitPeriod": 60,
        "ActionsSuppressorExtensionPeriod": 120,
    }

    cloudwatch.put_composite_alarm(AlarmName=name, **definition)

    [alarm] = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert definition.items() <= alarm.items()
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
