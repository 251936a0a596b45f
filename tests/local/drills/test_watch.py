"""What is seen of the alarms of a running control plane."""

import time
from typing import Any

import pytest

from selador_local.clock import StackClock
from selador_local.control_plane_client.client import ControlPlane
from selador_local.drills.site import Site
from selador_local.drills.watch import AlarmWatch, Change

from ...conftest import STUCK_SECONDS

PREFIX = "selador-local-"


@pytest.fixture(scope="module")
def watch(control_plane: ControlPlane) -> AlarmWatch:
    """Two alarms, of which one is a page, and the composite alarm over it."""
    top = f"{PREFIX}answers-are-not-coming"
    site = Site(control_plane, {"alarms": {"answers-are-not-coming": {"name": top}}}, "", "", StackClock())
    sns, cloudwatch = site.client("sns"), site.client("cloudwatch")
    topics = {name: sns.create_topic(Name=name)["TopicArn"] for name in ("alarms", "tickets")}
    for arn in topics.values():
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy(arn))
    site.outputs = {**site.outputs, "alarm_topic_arn": topics["alarms"], "ticket_topic_arn": topics["tickets"]}
    for key, period, actions in (("work-stalls", 60, []), ("dead-letters", 300, [topics["tickets"]])):
        cloudwatch.put_metric_alarm(
            AlarmName=f"{PREFIX}{key}",
            Metrics=[
                {"Id": "a", "ReturnData": True, "MetricStat": {"Metric": METRIC, "Period": period, "Stat": "Sum"}}
            ],
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            DatapointsToAlarm=3,
            EvaluationPeriods=5,
            Threshold=1,
            TreatMissingData="ignore",
            AlarmActions=actions,
        )
    cloudwatch.put_composite_alarm(
        AlarmName=top, AlarmRule=f'ALARM("{PREFIX}work-stalls")', AlarmActions=[topics["alarms"]]
    )
    cloudwatch.put_metric_alarm(
        AlarmName="of-somebody-else",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    watch = AlarmWatch(site)
    watch.begin()
    return watch


METRIC = {"Namespace": "Selador", "MetricName": "m", "Dimensions": []}


def policy(arn: str) -> str:
    statement = '{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish"'
    return f'{{"Version":"2012-10-17","Statement":[{statement},"Resource":"{arn}"}}]}}'


def set_by_hand(watch: AlarmWatch, key: str, state: str) -> None:
    cloudwatch: Any = watch.site.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=f"{PREFIX}{key}", StateValue=state, StateReason="a test")


def test_the_environment_s_alarms_are_known_by_their_keys(watch: AlarmWatch) -> None:
    assert set(watch.definitions) == {"work-stalls", "dead-letters", "answers-are-not-coming"}


def test_it_is_known_which_alarm_pages_and_how_long_each_takes(watch: AlarmWatch) -> None:
    assert watch.pages("work-stalls")
    assert not watch.pages("dead-letters")
    assert watch.evaluation_seconds("work-stalls") == 180
    assert watch.evaluation_seconds("dead-letters") == 900
    assert watch.evaluation_seconds("answers-are-not-coming") == 180


def test_a_change_is_seen_and_heard_of(watch: AlarmWatch) -> None:
    began = time.time()

    for key in ("work-stalls", "dead-letters"):
        set_by_hand(watch, key, "ALARM")

    assert watch.ringing() == {"work-stalls", "dead-letters", "answers-are-not-coming"}
    assert {(change.alarm, change.state) for change in watch.changes(began - 1)} >= {
        ("work-stalls", "ALARM"),
        ("dead-letters", "ALARM"),
        ("answers-are-not-coming", "ALARM"),
    }
    deadline = time.monotonic() + STUCK_SECONDS
    while len(watch.told) < 2 and time.monotonic() < deadline:
        watch.listen()
    assert {change.alarm for change in watch.told} == {"answers-are-not-coming", "dead-letters"}
    assert all(change.state == "ALARM" and began - 1 <= change.at <= time.time() + 1 for change in watch.told)
    assert watch.changes(time.time() + 60) == []
    assert Change("work-stalls", "OK", 0) not in watch.changes(began)
