"""Alarms' lives on a running server whose minutes take half a second, as a subscriber of their topic sees them."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from selador_local.clock import StackClock

from .....conftest import STUCK_SECONDS
from ...conftest import Server, control_plane

SCALE = 120


@dataclass(frozen=True)
class Stage:
    """A server, its clock, and a queue that a topic's messages go to."""

    server: Server
    clock: StackClock
    topic: str
    queue: str

    def __getattr__(self, service: str) -> Any:
        return self.server.client(service)

    def alarm(self, name: str, **members: Any) -> None:
        """Make an alarm on the sum of `n`/`errors`; silence is good."""
        defaults = {
            "Namespace": "n",
            "MetricName": "errors",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Statistic": "Sum",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
        }
        self.cloudwatch.put_metric_alarm(AlarmName=name, **{**defaults, **members})

    def put(self, value: float) -> None:
        now = datetime.fromtimestamp(self.clock.time(), UTC)
        self.cloudwatch.put_metric_data(
            Namespace="n", MetricData=[{"MetricName": "errors", "Value": value, "Timestamp": now}]
        )

    def told(self) -> dict[str, Any]:
        """Return the next message that the topic's subscriber gets."""
        deadline = time.monotonic() + STUCK_SECONDS
        while time.monotonic() < deadline:
            received = self.sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=20).get("Messages", [])
            for message in received:
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                notification: dict[str, Any] = json.loads(message["Body"])
                return {**json.loads(notification["Message"]), "Subject": notification["Subject"]}
        raise AssertionError("nobody was told of anything")

    def changes(self, name: str, kind: str = "StateUpdate") -> list[str]:
        items = self.cloudwatch.describe_alarm_history(
            AlarmName=name,
            HistoryItemType=kind,
            ScanBy="TimestampAscending",
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in items]

    def eventually(self, name: str, expected: list[str], kind: str = "StateUpdate") -> bool:
        deadline = time.monotonic() + STUCK_SECONDS
        while (found := self.changes(name, kind)) != expected:
            if time.monotonic() > deadline:
                raise AssertionError(found)
            time.sleep(0.05)
        return True


@contextlib.contextmanager
def stage(scale: float = SCALE) -> Iterator[Stage]:
    clock = StackClock(scale, time.time())
    with control_plane("--time-scale", str(clock.scale), "--time-origin", str(clock.origin)) as server:
        topic = server.client("sns").create_topic(Name="alarms")["TopicArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic,
                "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
            },
        }
        server.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
        )
        queue = server.client("sqs").create_queue(QueueName="on-call")["QueueUrl"]
        server.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:on-call"
        )
        yield Stage(server, clock, topic, queue)


@pytest.fixture(scope="module")
def on_call() -> Iterator[Stage]:
    with stage() as running:
        yield running


def test_an_alarm_goes_off_and_is_over_and_the_topic_s_subscriber_is_told(on_call: Stage) -> None:
    on_call.alarm("errors")

    fine = on_call.told()
    on_call.put(3)
    off = on_call.told()
    over = on_call.told()

    assert (fine["OldStateValue"], fine["NewStateValue"]) == ("INSUFFICIENT_DATA", "OK")
    assert (off["OldStateValue"], off["NewStateValue"]) == ("OK", "ALARM")
    assert off["Subject"] == 'ALARM: "errors" in US East (N. Virginia)'
    assert "[3.0 (" in off["NewStateReason"]
    assert off["Trigger"]["MetricName"] == "errors"
    assert (over["OldStateValue"], over["NewStateValue"]) == ("ALARM", "OK")
    assert on_call.changes("errors") == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]
    assert on_call.eventually("errors", [f"Successfully executed action {on_call.topic}"] * 3, "Action")
    on_call.cloudwatch.delete_alarms(AlarmNames=["errors"])


def test_a_state_that_is_set_acts_at_once_and_lasts_until_the_next_evaluation(on_call: Stage) -> None:
    """It's how actions are tried out (CW-30)."""
    on_call.alarm("drill")
    on_call.told()

    on_call.cloudwatch.set_alarm_state(AlarmName="drill", StateValue="ALARM", StateReason="a drill")

    drill, over = on_call.told(), on_call.told()
    assert (drill["NewStateValue"], drill["NewStateReason"]) == ("ALARM", "a drill")
    assert over["NewStateValue"] == "OK"
    on_call.cloudwatch.delete_alarms(AlarmNames=["drill"])


def test_an_alarm_whose_actions_are_off_changes_in_silence(on_call: Stage) -> None:
    on_call.alarm("silent", ActionsEnabled=False)

    assert on_call.eventually("silent", ["Alarm updated from INSUFFICIENT_DATA to OK"])
    on_call.cloudwatch.enable_alarm_actions(AlarmNames=["silent"])
    on_call.put(1)

    assert on_call.told()["NewStateValue"] == "ALARM"
    assert on_call.told()["NewStateValue"] == "OK"
    on_call.cloudwatch.delete_alarms(AlarmNames=["silent"])


def test_a_composite_alarm_follows_those_in_its_rule(on_call: Stage) -> None:
    on_call.alarm("part", AlarmActions=[], OKActions=[])
    on_call.cloudwatch.put_composite_alarm(AlarmName="whole", AlarmRule="ALARM(part)", AlarmActions=[on_call.topic])
    assert on_call.eventually("whole", ["Alarm updated from INSUFFICIENT_DATA to OK"])

    on_call.cloudwatch.set_alarm_state(AlarmName="part", StateValue="ALARM", StateReason="a drill")

    told = on_call.told()
    assert (told["AlarmName"], told["NewStateValue"], told["AlarmRule"]) == ("whole", "ALARM", "ALARM(part)")
    assert told["TriggeringChildren"][0]["Arn"].endswith(":part")
    on_call.cloudwatch.delete_alarms(AlarmNames=["whole", "part"])


def test_a_suppressed_composite_alarm_says_what_suppresses_it(on_call: Stage) -> None:
    on_call.alarm("quiet", AlarmActions=[], OKActions=[])
    on_call.cloudwatch.put_composite_alarm(
        AlarmName="suppressed",
        AlarmRule="ALARM(quiet)",
        AlarmActions=[on_call.topic],
        ActionsSuppressor="quiet",
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=60,
    )
    assert on_call.eventually("suppressed", ["Alarm updated from INSUFFICIENT_DATA to OK"])

    on_call.cloudwatch.set_alarm_state(AlarmName="quiet", StateValue="ALARM", StateReason="a drill")

    found = on_call.cloudwatch.describe_alarms(AlarmNames=["suppressed"], AlarmTypes=["CompositeAlarm"])
    (alarm,) = found["CompositeAlarms"]
    assert (alarm["StateValue"], alarm["ActionsSuppressedBy"]) == ("ALARM", "Alarm")
    assert "suppressed by" in alarm["ActionsSuppressedReason"]
    on_call.cloudwatch.delete_alarms(AlarmNames=["suppressed", "quiet"])


def test_actions_that_wait_for_a_suppressor_run_when_the_period_is_over_and_not_when_the_minute_is() -> None:
    with stage(scale=1) as slow:
        slow.alarm("part", AlarmActions=[], OKActions=[], TreatMissingData="ignore")
        slow.alarm("announced", AlarmActions=[], OKActions=[])
        slow.cloudwatch.put_composite_alarm(
            AlarmName="whole",
            AlarmRule="ALARM(part)",
            AlarmActions=[slow.topic],
            ActionsSuppressor="announced",
            ActionsSuppressorWaitPeriod=1,
            ActionsSuppressorExtensionPeriod=60,
        )

        slow.cloudwatch.set_alarm_state(AlarmName="part", StateValue="ALARM", StateReason="a drill")
        told = slow.told()

        assert (told["AlarmName"], told["NewStateValue"]) == ("whole", "ALARM")
        history = slow.cloudwatch.describe_alarm_history(AlarmName="whole", AlarmTypes=["CompositeAlarm"])
        times = {item["HistoryItemType"]: item["Timestamp"] for item in history["AlarmHistoryItems"]}
        assert 1 <= (times["Action"] - times["StateUpdate"]).total_seconds() < 15


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("arn:aws:sns:us-east-1:123456789012:missing", "does not exist"),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "is not an SNS topic"),
        ("arn:aws:sns:us-east-1:123456789012:closed", "does not let cloudwatch.amazonaws.com publish"),
        ("arn:aws:sns:us-east-1:123456789012:encrypted", "encrypted with alias/aws/sns"),
    ],
)
def test_an_action_that_can_not_be_run_is_in_the_history(on_call: Stage, action: str, said: str) -> None:
    """CloudWatch takes such an alarm without a word (CW-31)."""
    if action.endswith("closed"):
        on_call.sns.create_topic(Name="closed")
    if action.endswith("encrypted"):
        policy = on_call.sns.get_topic_attributes(TopicArn=on_call.topic)["Attributes"]["Policy"]
        attributes = {"Policy": policy.replace(on_call.topic, action), "KmsMasterKeyId": "alias/aws/sns"}
        on_call.sns.create_topic(Name="encrypted", Attributes=attributes)
    name = action.rpartition(":")[2]
    on_call.alarm(name, AlarmActions=[], OKActions=[action])

    deadline = time.monotonic() + STUCK_SECONDS
    while not (failures := on_call.changes(name, "Action")):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert failures[0].startswith(f"Failed to execute action {action}")
    assert said in failures[0]
    on_call.cloudwatch.delete_alarms(AlarmNames=[name])


def test_queues_have_metrics_by_the_minute(on_call: Stage) -> None:
    queue = on_call.sqs.create_queue(QueueName="watched")["QueueUrl"]
    for _ in range(3):
        on_call.sqs.send_message(QueueUrl=queue, MessageBody="body")
    members = {
        "Namespace": "AWS/SQS",
        "Dimensions": [{"Name": "QueueName", "Value": "watched"}],
        "StartTime": on_call.clock.time() - 600,
        "Period": 60,
    }

    def sums(metric: str, statistic: str) -> list[float]:
        points = on_call.cloudwatch.get_metric_statistics(
            MetricName=metric, Statistics=[statistic], EndTime=on_call.clock.time() + 60, **members
        )["Datapoints"]
        return [point[statistic] for point in sorted(points, key=lambda point: point["Timestamp"])]

    deadline = time.monotonic() + STUCK_SECONDS
    while sum(sums("NumberOfMessagesSent", "Sum")) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert sums("ApproximateNumberOfMessagesVisible", "Maximum")[-1] == 3
    assert set(sums("SentMessageSize", "Average")) == {4}  # a minute may end between two of the messages
