"""CloudWatch: what AWS's services report, embedded metrics, and alarms by their definitions."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .clients import connect
from .deployment import STAGE, Deployment
from .stack import Stack, eventually

pytestmark = pytest.mark.slow
fact = pytest.mark.fact

DAY = 86_400
"""The alarms' period. Their windows slide by a minute, a tenth of a second here, so a point stays in its day."""


@pytest.fixture(scope="module")
def cloudwatch(fast_stack: Stack) -> Any:
    return fast_stack.client("cloudwatch")


@pytest.fixture
def name() -> str:
    return f"alarm-{uuid.uuid4().hex[:10]}"


class Alarms:
    """Alarms of three daily periods on a metric of their own."""

    def __init__(self, stack: Stack, cloudwatch: Any, name: str) -> None:
        self.stack = stack
        self.cloudwatch = cloudwatch
        self.name = name

    def put(self, points: str, **settings: Any) -> None:
        """Put an alarm on `points`, one a day, the newest on the right: 0 is good, X breaches, - is missing."""
        now = datetime.fromtimestamp(self.stack.now(), UTC)
        for age, point in enumerate(reversed(points)):
            if point != "-":
                at = now - timedelta(seconds=(age + 0.5) * DAY)
                datum = {"MetricName": self.name, "Timestamp": at, "Value": 10.0 if point == "X" else 0.0}
                self.cloudwatch.put_metric_data(Namespace="Conformance", MetricData=[datum])
        whole = {
            "AlarmName": self.name,
            "Namespace": "Conformance",
            "MetricName": self.name,
            "Statistic": "Sum",
            "Period": DAY,
            "EvaluationPeriods": 3,
            "Threshold": 5,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        self.cloudwatch.put_metric_alarm(**whole | settings)

    def described(self) -> Mapping[str, Any]:
        (alarm,) = self.cloudwatch.describe_alarms(AlarmNames=[self.name])["MetricAlarms"]
        found: Mapping[str, Any] = alarm
        return found

    def reaches(self, state: str) -> bool:
        return eventually(lambda: bool(self.described()["StateValue"] == state))


@pytest.fixture
def alarms(fast_stack: Stack, cloudwatch: Any, name: str) -> Alarms:
    return Alarms(fast_stack, cloudwatch, name)


@fact("CW-18")
def test_an_alarm_begins_with_insufficient_data(stack: Stack, name: str) -> None:
    slow = Alarms(stack, stack.client("cloudwatch"), name)
    slow.put("---")

    assert slow.described()["StateValue"] == "INSUFFICIENT_DATA"


# The rows of CloudWatch's own tables: three of three data points, and two of three.
THREE_OF_THREE = [
    ("0-X-X", "missing", "OK"),
    ("0----", "missing", "OK"),
    ("0XX-X", "missing", "ALARM"),
    ("-----", "breaching", "ALARM"),
    ("-----", "notBreaching", "OK"),
    ("--X--", "missing", "ALARM"),
    ("--X--", "breaching", "ALARM"),
    ("--X--", "notBreaching", "OK"),
]
TWO_OF_THREE = [
    ("0-X-X", "missing", "ALARM"),
    ("00X0X", "missing", "ALARM"),
    ("0-X--", "missing", "OK"),
    ("0-X--", "breaching", "ALARM"),
    ("----0", "missing", "OK"),
    ("----0", "breaching", "ALARM"),
    ("---X-", "missing", "ALARM"),
    ("---X-", "notBreaching", "OK"),
]


@fact("CW-21", "CW-22", "CW-23", "CW-25")
@pytest.mark.parametrize(("points", "treated", "state"), THREE_OF_THREE)
def test_three_of_three_points(alarms: Alarms, points: str, treated: str, state: str) -> None:
    alarms.put(points, TreatMissingData=treated)

    assert alarms.reaches(state)


@fact("CW-20", "CW-22", "CW-24")
@pytest.mark.parametrize(("points", "treated", "state"), TWO_OF_THREE)
def test_two_of_three_points(alarms: Alarms, points: str, treated: str, state: str) -> None:
    alarms.put(points, TreatMissingData=treated, DatapointsToAlarm=2)

    assert alarms.reaches(state)


@fact("CW-22", "CW-23", "CW-30")
@pytest.mark.parametrize(("treated", "state"), [("ignore", "ALARM"), ("notBreaching", "OK")])
def test_without_data_a_state_that_was_set_stays_only_if_missing_points_are_ignored(
    alarms: Alarms, treated: str, state: str
) -> None:
    alarms.put("-----", TreatMissingData=treated)
    alarms.cloudwatch.set_alarm_state(AlarmName=alarms.name, StateValue="ALARM", StateReason="by hand")
    before = alarms.stack.now()
    eventually(lambda: alarms.stack.now() - before > 600)

    assert alarms.reaches(state)


@fact("CW-34")
def test_the_reason_lists_the_points_that_decided(alarms: Alarms) -> None:
    alarms.put("-XXX")
    alarms.reaches("ALARM")

    reason = alarms.described()["StateReason"]
    assert reason.startswith("Threshold Crossed: 3 datapoints [10.0 (")
    assert reason.endswith("were greater than the threshold (5.0).")


@fact("CW-29")
@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ('ALARM("{0}")', "ALARM"),
        ("NOT ALARM({0})", "OK"),
        ("OK({0}) OR (TRUE AND ALARM({0}))", "ALARM"),
        ("INSUFFICIENT_DATA({0}) OR FALSE", "OK"),
    ],
)
def test_a_composite_alarm_follows_its_rule(alarms: Alarms, rule: str, state: str) -> None:
    alarms.put("-XXX")
    alarms.reaches("ALARM")
    composite = f"composite-{alarms.name}"
    alarms.cloudwatch.put_composite_alarm(AlarmName=composite, AlarmRule=rule.format(alarms.name))

    def found() -> bool:
        answer = alarms.cloudwatch.describe_alarms(AlarmNames=[composite], AlarmTypes=["CompositeAlarm"])
        return bool(answer["CompositeAlarms"][0]["StateValue"] == state)

    assert eventually(found)


@fact("CW-45")
def test_composite_alarms_are_left_out_unless_asked_for(alarms: Alarms) -> None:
    composite = f"composite-{alarms.name}"
    alarms.cloudwatch.put_composite_alarm(AlarmName=composite, AlarmRule="TRUE")

    assert alarms.cloudwatch.describe_alarms(AlarmNames=[composite])["CompositeAlarms"] == []


@fact("CW-18", "CW-32", "CW-33", "CW-35")
def test_a_topic_gets_the_alarms_message_once_per_change(fast_stack: Stack, alarms: Alarms) -> None:
    topic = fast_stack.client("sns").create_topic(Name=alarms.name)["TopicArn"]
    publishing = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [publishing]})
    fast_stack.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    sqs = fast_stack.client("sqs")
    hidden = {"VisibilityTimeout": "43200"}  # what was received would be there again in the time of a call
    url = sqs.create_queue(QueueName=alarms.name, Attributes=hidden)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:123456789012:{alarms.name}"
    fast_stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    alarms.put("-XXX", AlarmActions=[topic])

    (received,) = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    envelope = json.loads(received["Body"])
    message = json.loads(envelope["Message"])
    assert envelope["Subject"] == f'ALARM: "{alarms.name}" in US East (N. Virginia)'
    assert (message["AlarmName"], message["NewStateValue"]) == (alarms.name, "ALARM")
    assert (message["AWSAccountId"], message["Region"]) == ("123456789012", "US East (N. Virginia)")
    assert (message["Trigger"]["Statistic"], message["Trigger"]["MetricName"]) == ("SUM", alarms.name)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


@fact("CW-31")
def test_an_action_that_is_not_there_is_taken(alarms: Alarms) -> None:
    alarms.put("-XXX", AlarmActions=["arn:aws:sns:us-east-1:123456789012:nowhere"])

    assert alarms.reaches("ALARM")


@fact("CW-28")
def test_an_alarm_on_metric_math_returns_one_series(alarms: Alarms) -> None:
    alarms.put("-XXX")
    metric = {"Namespace": "Conformance", "MetricName": alarms.name}
    queries = [
        {"Id": "m", "MetricStat": {"Metric": metric, "Period": DAY, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "e", "Expression": "m / 10", "ReturnData": True},
    ]
    both = [{**query, "ReturnData": True} for query in queries]
    whole = {"EvaluationPeriods": 3, "Threshold": 0.5, "ComparisonOperator": "GreaterThanThreshold"}
    with pytest.raises(ClientError) as caught:
        alarms.cloudwatch.put_metric_alarm(AlarmName=f"{alarms.name}-both", Metrics=both, **whole)
    alarms.name = f"{alarms.name}-math"
    alarms.cloudwatch.put_metric_alarm(AlarmName=alarms.name, Metrics=queries, **whole)

    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert alarms.reaches("ALARM")


def total(cloudwatch: Any, stack: Stack, namespace: str, metric: str, **dimensions: str) -> float:
    now = datetime.fromtimestamp(stack.now(), UTC)
    found = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=12),
        EndTime=now + timedelta(hours=1),
        Period=3_600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


@fact("CW-02")
def test_lambda_counts_by_function_and_by_alias(
    fast_stack: Stack, cloudwatch: Any, fast_deployment: Deployment
) -> None:
    fast_deployment.scripted("counted")
    client = fast_stack.client("lambda")
    for script in ({}, {"raise": "no"}):
        client.invoke(FunctionName="counted", Qualifier="live", Payload=json.dumps({"script": script}))

    for dimensions in ({"FunctionName": "counted"}, {"FunctionName": "counted", "Resource": "counted:live"}):
        assert eventually(lambda d=dimensions: total(cloudwatch, fast_stack, "AWS/Lambda", "Invocations", **d) == 2)  # type: ignore[misc]
        assert total(cloudwatch, fast_stack, "AWS/Lambda", "Errors", **dimensions) == 1


@fact("CW-05")
def test_a_throttled_call_is_neither_an_invocation_nor_an_error(
    fast_stack: Stack, cloudwatch: Any, fast_deployment: Deployment
) -> None:
    with pytest.raises(ClientError):
        fast_stack.client("lambda").invoke(FunctionName="idle", Qualifier="live", Payload=b"{}")

    assert eventually(lambda: total(cloudwatch, fast_stack, "AWS/Lambda", "Throttles", FunctionName="idle") >= 1)
    assert total(cloudwatch, fast_stack, "AWS/Lambda", "Invocations", FunctionName="idle") == 0


@fact("CW-01")
def test_api_gateway_counts_connections_and_messages(
    fast_stack: Stack, cloudwatch: Any, fast_deployment: Deployment
) -> None:
    api_id = fast_deployment.api  # it has `$connect`: what its integration gets is counted
    dimensions = {"ApiId": api_id, "Stage": STAGE}
    before = {
        name: total(cloudwatch, fast_stack, "AWS/ApiGateway", name, **dimensions)
        for name in ("ConnectCount", "MessageCount")
    }
    with connect(fast_deployment.url(api_id), proxy=None) as connection:
        connection.send('{"action": "two-way"}')
        connection.recv()

    for name, count in before.items():
        assert eventually(
            lambda n=name, c=count: total(cloudwatch, fast_stack, "AWS/ApiGateway", n, **dimensions) > c  # type: ignore[misc]
        )


@fact("CW-03", "SQS-33")
def test_sqs_reports_each_queue_by_its_name(fast_stack: Stack, cloudwatch: Any, name: str) -> None:
    sqs = fast_stack.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")

    assert eventually(lambda: total(cloudwatch, fast_stack, "AWS/SQS", "NumberOfMessagesSent", QueueName=name) == 1)
    metrics = cloudwatch.list_metrics(Namespace="AWS/SQS", Dimensions=[{"Name": "QueueName", "Value": name}])["Metrics"]
    assert {len(metric["Dimensions"]) for metric in metrics} == {1}


@fact("CW-11", "CW-13", "CW-14")
def test_a_printed_line_is_a_metric_for_each_set_of_dimensions(
    fast_stack: Stack, cloudwatch: Any, fast_deployment: Deployment, name: str
) -> None:
    fast_deployment.scripted(name)
    definition = {
        "Namespace": "Conformance",
        "Dimensions": [["Service"], ["Service", "Kind"]],
        "Metrics": [{"Name": name, "Unit": "Count"}],
    }
    line = {
        "_aws": {"Timestamp": int(fast_stack.now() * 1000), "CloudWatchMetrics": [definition]},
        "Service": "s",
        "Kind": "k",
        name: 3,
    }
    payload = json.dumps({"script": {"print": json.dumps(line)}})
    fast_stack.client("lambda").invoke(FunctionName=name, Qualifier="live", Payload=payload)

    assert eventually(lambda: total(cloudwatch, fast_stack, "Conformance", name, Service="s") == 3)
    assert total(cloudwatch, fast_stack, "Conformance", name, Service="s", Kind="k") == 3


@fact("CW-54", "CW-51")
def test_get_metric_data_answers_queries_and_expressions(fast_stack: Stack, cloudwatch: Any, name: str) -> None:
    now = datetime.fromtimestamp(fast_stack.now(), UTC)
    cloudwatch.put_metric_data(
        Namespace="Conformance",
        MetricData=[{"MetricName": name, "Timestamp": now - timedelta(hours=2), "Values": [1, 2], "Counts": [2, 1]}],
    )
    stat = {"Metric": {"Namespace": "Conformance", "MetricName": name}, "Period": 86_400, "Stat": "Sum"}
    queries = [{"Id": "m", "MetricStat": stat}, {"Id": "e", "Expression": "m * 10"}]
    found = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=now - timedelta(days=1), EndTime=now + timedelta(days=1)
    )["MetricDataResults"]

    assert {result["Id"]: sum(result["Values"]) for result in found} == {"m": 4, "e": 40}


@fact("CW-44")
@pytest.mark.parametrize("hours", [-15 * 24, 24])
def test_data_of_another_time_are_refused(fast_stack: Stack, cloudwatch: Any, hours: int) -> None:
    at = datetime.fromtimestamp(fast_stack.now(), UTC) + timedelta(hours=hours)
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_metric_data(
            Namespace="Conformance", MetricData=[{"MetricName": "m", "Timestamp": at, "Value": 1}]
        )

    assert caught.value.response["Error"]["Code"] in {"InvalidParameterValue", "ValidationError"}


@fact("VAL-07")
@pytest.mark.parametrize(
    "settings",
    [{"Period": 45}, {"Period": 3_600, "EvaluationPeriods": 200}, {"DatapointsToAlarm": 4}],
    ids=["period", "a week", "points"],
)
def test_alarms_that_cannot_be_evaluated_are_refused(alarms: Alarms, settings: dict[str, int]) -> None:
    with pytest.raises(ClientError) as caught:
        alarms.put("-", **settings)

    assert caught.value.response["Error"]["Code"] == "ValidationError"


@fact("VAL-08")
@pytest.mark.parametrize("rule", ["ALARM(nowhere)", "ALARM(own)"])
def test_a_rule_names_alarms_that_exist_and_not_its_own(cloudwatch: Any, rule: str) -> None:
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_composite_alarm(AlarmName="own", AlarmRule=rule)

    assert caught.value.response["Error"]["Code"] == "ValidationError"


@fact("VAL-09")
def test_an_alarm_that_a_rule_names_is_not_deleted_before_it(cloudwatch: Any, alarms: Alarms) -> None:
    whole = f"{alarms.name}-whole"
    alarms.put("-")
    cloudwatch.put_composite_alarm(AlarmName=whole, AlarmRule=f"ALARM({alarms.name})")

    with pytest.raises(ClientError, match=r"there are composite alarm\(s\) depending on it"):
        cloudwatch.delete_alarms(AlarmNames=[alarms.name])
    cloudwatch.delete_alarms(AlarmNames=[whole])
    cloudwatch.delete_alarms(AlarmNames=[alarms.name])

    assert cloudwatch.describe_alarms(AlarmNames=[alarms.name, whole])["MetricAlarms"] == []
