"""CloudWatch alarms through boto3, against the running server."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError


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


def test_composite_alarms_have_to_be_asked_for(cloudwatch: Any, name: str) -> None:
    """DescribeAlarms leaves them out (CW-45)."""
    put(cloudwatch, f"{name}-part")
    cloudwatch.put_composite_alarm(AlarmName=f"{name}-whole", AlarmRule=f'ALARM("{name}-part")')

    def described(**members: Any) -> tuple[list[str], list[str]]:
        found = cloudwatch.describe_alarms(AlarmNamePrefix=name, **members)
        metric, composite = found["MetricAlarms"], found["CompositeAlarms"]
        return [alarm["AlarmName"] for alarm in metric], [alarm["AlarmName"] for alarm in composite]

    assert described() == ([f"{name}-part"], [])
    assert described(AlarmTypes=["MetricAlarm", "CompositeAlarm"]) == ([f"{name}-part"], [f"{name}-whole"])


def test_alarms_are_described_by_state_and_in_pages(cloudwatch: Any, name: str) -> None:
    for number in range(3):
        put(cloudwatch, f"{name}-{number}")
    cloudwatch.set_alarm_state(AlarmName=f"{name}-1", StateValue="OK", StateReason="because")

    first = cloudwatch.describe_alarms(AlarmNamePrefix=name, MaxRecords=2)
    second = cloudwatch.describe_alarms(AlarmNamePrefix=name, MaxRecords=2, NextToken=first["NextToken"])
    fine = cloudwatch.describe_alarms(AlarmNamePrefix=name, StateValue="OK")

    assert [alarm["AlarmName"] for alarm in first["MetricAlarms"]] == [f"{name}-0", f"{name}-1"]
    assert [alarm["AlarmName"] for alarm in second["MetricAlarms"]] == [f"{name}-2"]
    assert "NextToken" not in second
    assert [alarm["AlarmName"] for alarm in fine["MetricAlarms"]] == [f"{name}-1"]


def test_the_history_tells_of_definitions_and_states(cloudwatch: Any, name: str) -> None:
    put(cloudwatch, name)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="because", StateReasonData='{"a": 1}')
    put(cloudwatch, name, threshold=2)

    def summaries(**members: Any) -> list[str]:
        items = cloudwatch.describe_alarm_history(AlarmName=name, **members)["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in items]

    assert summaries() == [
        f'Alarm "{name}" updated',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        f'Alarm "{name}" created',
    ]
    assert summaries(HistoryItemType="StateUpdate") == ["Alarm updated from INSUFFICIENT_DATA to ALARM"]
    assert summaries(ScanBy="TimestampAscending", MaxRecords=1) == [f'Alarm "{name}" created']
    (item,) = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert json.loads(item["HistoryData"])["newState"] == {
        "stateValue": "ALARM",
        "stateReason": "because",
        "stateReasonData": {"a": 1},
    }


def test_definitions_that_can_not_be_evaluated_are_refused(cloudwatch: Any, name: str) -> None:
    put(cloudwatch, f"{name}-part")
    with pytest.raises(ClientError, match="Unsupported token"):
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({name}-part) XOR ALARM({name}-part)")
    with pytest.raises(ClientError, match="is no statistic"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="n",
            MetricName="m",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            ExtendedStatistic="wm90",
        )
    with pytest.raises(ClientError, match="not found"):
        cloudwatch.delete_alarms(AlarmNames=[name])
    with pytest.raises(ClientError, match="does not exist"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="because")
