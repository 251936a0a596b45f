"""One alarm set by hand: which, who would hear of it, and what is left behind."""

# ruff: noqa: N803 # the clients' own names

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.page_test import choose

from .conftest import FakeAws, Run, client_error

PREFIX = "selador-dev-"
PAGES = "arn:aws:sns:eu-central-1:111122223333:selador-dev-pages"
TICKETS = "arn:aws:sns:eu-central-1:111122223333:selador-dev-tickets"


def metric_alarm(key: str, topic: str | None = PAGES, state: str = "OK") -> dict[str, Any]:
    actions = [topic] if topic else []
    return {"AlarmName": f"{PREFIX}{key}", "StateValue": state, "ActionsEnabled": True, "AlarmActions": actions}


def composite(key: str, *children: str) -> dict[str, Any]:
    rule = " OR ".join(f'ALARM("{PREFIX}{child}")' for child in children)
    return {**metric_alarm(key), "AlarmRule": rule}


ALARMS = [metric_alarm("dead-letters", TICKETS), metric_alarm("stalled", None), composite("answers", "stalled")]


def test_what_pages_is_chosen_and_the_composite_alarm_s_topic_is_listened_to() -> None:
    rung = choose(PREFIX, None, ALARMS)

    assert rung.name == f"{PREFIX}stalled"
    assert rung.with_it == {f"{PREFIX}stalled", f"{PREFIX}answers"}
    assert rung.topics == (PAGES,)


def test_another_one_can_be_named() -> None:
    rung = choose(PREFIX, "dead-letters", ALARMS)

    assert (rung.name, rung.topics) == (f"{PREFIX}dead-letters", (TICKETS,))


@pytest.mark.parametrize(
    ("wanted", "alarms", "said", "status"),
    [
        ("nothing", ALARMS, "there is no metric alarm selador-dev-nothing; use one of: dead-letters, stalled", 2),
        ("answers", ALARMS, "there is no metric alarm selador-dev-answers", 2),
        (None, [], "no alarm selador-dev-… is quiet", 1),
        (None, [metric_alarm("a", state="ALARM")], "no alarm selador-dev-… is quiet", 1),
        ("a", [metric_alarm("a", state="ALARM")], "selador-dev-a rings already, and only a change tells anybody", 1),
        (None, [metric_alarm("a", topic=None)], "selador-dev-a tells nobody when it goes off", 1),
    ],
    ids=["unknown", "composite", "none", "all-ring", "rings", "no-topic"],
)
def test_what_can_t_be_tested_is_refused(
    wanted: str | None, alarms: list[dict[str, Any]], said: str, status: int
) -> None:
    with pytest.raises(DeployError, match=said) as refused:
        choose(PREFIX, wanted, alarms)

    assert refused.value.status == status


@dataclass
class FakePaging:
    """CloudWatch, SNS and SQS together: an alarm that is set publishes to the topic, which sends to the queue."""

    publishes: bool = True
    subscriptions: list[dict[str, str]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=lambda: ALARMS)
    states: list[tuple[str, str]] = field(default_factory=list)
    subscribed: set[str] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    waiting: list[dict[str, str]] = field(default_factory=list)
    refuses: str = ""

    def get_paginator(self, operation: str) -> Any:
        pages = {
            "describe_alarms": {
                "MetricAlarms": [alarm for alarm in self.alarms if "AlarmRule" not in alarm],
                "CompositeAlarms": [alarm for alarm in self.alarms if "AlarmRule" in alarm],
            },
            "list_subscriptions_by_topic": {"Subscriptions": self.subscriptions},
        }
        return Pages(pages[operation])

    def set_alarm_state(self, AlarmName: str, StateValue: str, StateReason: str) -> None:
        if self.refuses == "set_alarm_state":
            raise client_error("AccessDenied")
        self.states.append((AlarmName, StateValue))
        if self.publishes and self.subscribed:
            told = {"AlarmName": f"{PREFIX}answers", "NewStateValue": StateValue, "NewStateReason": StateReason}
            self.waiting.append({"Body": json.dumps({"Message": json.dumps(told)})})

    def describe_alarm_history(self, **_: Any) -> dict[str, Any]:
        return {"AlarmHistoryItems": [{"HistorySummary": f"Failed to execute action {PAGES}. Not authorized"}]}

    def create_queue(self, QueueName: str) -> dict[str, str]:
        self.queues.add(f"https://sqs/{QueueName}")
        return {"QueueUrl": f"https://sqs/{QueueName}"}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"QueueArn": "arn:aws:sqs:eu-central-1:111122223333:listening"}}

    def set_queue_attributes(self, QueueUrl: str, Attributes: Mapping[str, str]) -> None:
        (statement,) = json.loads(Attributes["Policy"])["Statement"]
        assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == [PAGES]

    def receive_message(self, **_: Any) -> dict[str, Any]:
        received, self.waiting = self.waiting, []
        return {"Messages": received} if received else {}

    def delete_queue(self, QueueUrl: str) -> None:
        self.queues.remove(QueueUrl)

    def subscribe(self, TopicArn: str, **_: Any) -> dict[str, str]:
        self.subscribed.add(TopicArn)
        return {"SubscriptionArn": TopicArn}

    def unsubscribe(self, SubscriptionArn: str) -> None:
        self.subscribed.remove(SubscriptionArn)


@dataclass
class Pages:
    """A paginator of one page."""

    page: dict[str, Any]

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        yield self.page


@pytest.fixture
def paging(aws: FakeAws) -> FakePaging:
    fake = FakePaging()
    fake.subscriptions = [{"Endpoint": "ops@example.com", "SubscriptionArn": f"{PAGES}:1"}]
    aws.others |= {"cloudwatch": fake, "sns": fake, "sqs": fake}
    return fake


def test_an_alarm_that_arrives_is_told_and_everything_is_put_back(
    run: Run, paging: FakePaging, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("page-test", "--env", "dev") == 0

    printed = capsys.readouterr().out
    assert "ok      arrived          selador-dev-answers, at a queue that listened to selador-dev-pages" in printed
    assert "ok      subscribers      selador-dev-pages: ops@example.com" in printed
    assert paging.states == [(f"{PREFIX}stalled", "ALARM"), (f"{PREFIX}stalled", "OK")]
    assert (paging.queues, paging.subscribed) == (set(), set())


def test_an_alarm_that_nobody_may_publish_is_told_with_what_cloudwatch_says(
    run: Run, paging: FakePaging, capsys: pytest.CaptureFixture[str]
) -> None:
    paging.publishes = False

    assert run("page-test", "--env", "dev") == 1

    assert (
        f"missing arrived          nothing within 60 s; {PREFIX}answers: Failed to execute" in capsys.readouterr().out
    )
    assert (paging.queues, paging.subscribed) == (set(), set())


@pytest.mark.parametrize(
    ("subscriptions", "status", "said"),
    [
        ([], 1, "missing subscribers      selador-dev-pages has none; set alarm_subscriptions, and confirm"),
        (
            [{"Endpoint": "ops@example.com", "SubscriptionArn": "PendingConfirmation"}],
            1,
            "selador-dev-pages has none; not yet confirmed: ops@example.com",
        ),
    ],
    ids=["none", "unconfirmed"],
)
def test_a_topic_to_which_nobody_listens_is_a_failure(
    run: Run,
    paging: FakePaging,
    subscriptions: list[dict[str, str]],
    status: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    paging.subscriptions = subscriptions

    assert run("page-test", "--env", "dev") == status

    assert said in capsys.readouterr().out


def test_a_missing_permission_is_named_and_nothing_is_left(
    run: Run, paging: FakePaging, capsys: pytest.CaptureFixture[str]
) -> None:
    paging.refuses = "set_alarm_state"

    assert run("page-test", "--env", "dev") == 1

    said = capsys.readouterr().err
    assert "the page test of dev broke off" in said
    assert "allow this caller cloudwatch:SetAlarmState" in said
    assert (paging.queues, paging.subscribed) == (set(), set())
