"""`make page-test`: let one alarm go off by hand, and see whether anybody would hear of it.

A queue of its own listens to the alarm's topics meanwhile. So it is seen that CloudWatch may publish and that the topic
delivers. What a person's inbox or telephone does with a message is beyond what AWS tells: the subscriptions are listed.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selador_deploy.account import check_caller, translated
from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.findings import Finding, Verdict, report

if TYPE_CHECKING:
    from types_boto3_cloudwatch.client import CloudWatchClient
    from types_boto3_sqs.client import SQSClient

_REASON = "A test by make page-test: nothing is wrong."
_POLLS, _POLL_SECONDS = 6, 10
_MAY = (
    "allow this caller cloudwatch:SetAlarmState, sns:Subscribe, sns:Unsubscribe, sns:ListSubscriptionsByTopic, "
    "sqs:CreateQueue, sqs:ReceiveMessage and sqs:DeleteQueue"
)


@dataclass(frozen=True)
class Rung:
    """The alarm that is set by hand, and every alarm that goes off with it: a composite one has it in its rule."""

    name: str
    with_it: frozenset[str]
    topics: tuple[str, ...]


def page_test(deployment: Deployment, *, alarm: str | None) -> int:
    """Print what became of one alarm's notification; return the exit status, 1 if it didn't arrive."""
    environment, make_client = deployment.environment, deployment.make_client
    check_caller(make_client("sts"), environment)
    cloudwatch: CloudWatchClient = make_client("cloudwatch")
    prefix = f"{environment.variables['project']}-{environment.name}-"
    with translated(f"the page test of {environment.name} broke off", _MAY):
        rung = choose(prefix, alarm, _alarms(cloudwatch, prefix))
        sns: Any = make_client("sns")
        sqs: SQSClient = make_client("sqs")
        return report(_findings(rung, f"{prefix}page-test", cloudwatch, sns, sqs))


def choose(prefix: str, wanted: str | None, alarms: Iterable[Mapping[str, Any]]) -> Rung:
    """Return the alarm to set: the `wanted` one, or the first that a composite alarm's rule names, else the first.

    Raises DeployError if there is none, or if it rings already: without a change nobody is told.
    """
    by_name = {str(alarm["AlarmName"]): alarm for alarm in alarms}
    rules = {name: str(alarm["AlarmRule"]) for name, alarm in by_name.items() if "AlarmRule" in alarm}
    metric = [name for name in sorted(by_name) if name not in rules]
    if wanted is not None and f"{prefix}{wanted}" not in metric:
        known = ", ".join(name.removeprefix(prefix) for name in metric) or "none"
        raise DeployError(f"there is no metric alarm {prefix}{wanted}", f"use one of: {known}", status=2)
    quiet = [name for name in metric if by_name[name]["StateValue"] != "ALARM" and by_name[name]["ActionsEnabled"]]
    in_rules = [name for name in quiet if any(f'"{name}"' in rule for rule in rules.values())]
    name = f"{prefix}{wanted}" if wanted is not None else next(iter(in_rules or quiet), None)
    if name is None:
        raise DeployError(f"no alarm {prefix}… is quiet", "run make apply, or wait until those that ring are over")
    if by_name[name]["StateValue"] == "ALARM":
        raise DeployError(f"{name} rings already, and only a change tells anybody", "name another one with ALARM=…")
    with_it = frozenset({name} | {other for other, rule in rules.items() if f'"{name}"' in rule})
    topics = sorted({topic for one in with_it for topic in by_name[one].get("AlarmActions", ())})
    if not topics:
        raise DeployError(f"{name} tells nobody when it goes off", "name another one with ALARM=…")
    return Rung(name, with_it, tuple(topics))


def _alarms(cloudwatch: "CloudWatchClient", prefix: str) -> Iterator[Mapping[str, Any]]:
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    for page in pages:
        yield from page["MetricAlarms"]
        yield from page["CompositeAlarms"]


def _findings(
    rung: Rung, queue_name: str, cloudwatch: "CloudWatchClient", sns: Any, sqs: "SQSClient"
) -> Iterator[Finding]:
    with _listening(f"{queue_name}-{uuid.uuid4().hex[:8]}", rung.topics, sns, sqs) as queue_url:
        cloudwatch.set_alarm_state(AlarmName=rung.name, StateValue="ALARM", StateReason=_REASON)
        try:
            yield Finding("set", Verdict.OK, f"{rung.name} to ALARM, by hand")
            heard = _heard(sqs, queue_url, rung.with_it)
        finally:
            cloudwatch.set_alarm_state(AlarmName=rung.name, StateValue="OK", StateReason=_REASON)
    if heard is not None:
        yield Finding("arrived", Verdict.OK, f"{heard['AlarmName']}, at a queue that listened to {_last(rung.topics)}")
    else:
        yield Finding(
            "arrived", Verdict.MISSING, f"nothing within {_POLLS * _POLL_SECONDS} s; {_why(cloudwatch, rung)}"
        )
    for topic in rung.topics:
        yield _subscribers(topic, sns)


@contextmanager
def _listening(name: str, topics: Iterable[str], sns: Any, sqs: "SQSClient") -> Iterator[str]:
    """Subscribe a queue to the topics; take both away at the end."""
    with ExitStack() as afterwards:
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        afterwards.callback(sqs.delete_queue, QueueUrl=url)
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _lets_topics_send(arn, topics)})
        for topic in topics:
            subscribed = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
            afterwards.callback(sns.unsubscribe, SubscriptionArn=subscribed["SubscriptionArn"])
        yield url


def _lets_topics_send(queue_arn: str, topics: Iterable[str]) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": list(topics)}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _heard(sqs: "SQSClient", queue_url: str, names: frozenset[str]) -> Mapping[str, Any] | None:
    for _ in range(_POLLS):
        received = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=_POLL_SECONDS, MaxNumberOfMessages=10)
        for message in received.get("Messages", []):
            told: Mapping[str, Any] = json.loads(json.loads(message["Body"])["Message"])
            if told.get("AlarmName") in names and told.get("NewStateValue") == "ALARM":
                return told
    return None


def _why(cloudwatch: "CloudWatchClient", rung: Rung) -> str:
    """Return what CloudWatch says of the alarms' actions: the newest one of each."""
    said = []
    for name in sorted(rung.with_it):
        items = cloudwatch.describe_alarm_history(
            AlarmName=name, AlarmTypes=["MetricAlarm", "CompositeAlarm"], HistoryItemType="Action", MaxRecords=1
        )["AlarmHistoryItems"]
        said += [f"{name}: {item['HistorySummary']}" for item in items]
    return "; ".join(said) or "CloudWatch ran no action: a maintenance suppressor may hold it back"


def _subscribers(topic: str, sns: Any) -> Finding:
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    found = [one for page in pages for one in page["Subscriptions"]]
    confirmed = [one["Endpoint"] for one in found if one["SubscriptionArn"].startswith("arn:")]
    waiting = [one["Endpoint"] for one in found if not one["SubscriptionArn"].startswith("arn:")]
    rest = f"; not yet confirmed: {', '.join(waiting)}" if waiting else ""
    if not confirmed:
        return Finding(
            "subscribers", Verdict.MISSING, f"{_last([topic])} has none{rest}; set alarm_subscriptions, and confirm"
        )
    verdict = Verdict.WARNING if waiting else Verdict.OK
    return Finding("subscribers", verdict, f"{_last([topic])}: {', '.join(confirmed)}{rest}")


def _last(topics: Iterable[str]) -> str:
    return ", ".join(topic.rpartition(":")[2] for topic in topics)
