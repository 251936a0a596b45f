"""What rules ask about, read from a running server's own state: each question decides whether a call is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

LAMBDA_URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"


@pytest.fixture
def gateway(server: Any) -> Any:
    return server.client("apigatewayv2")


@pytest.fixture
def api_id(gateway: Any, name: str) -> str:
    made = gateway.create_api(Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    found: str = made["ApiId"]
    return found


@pytest.fixture
def queue_arn(server: Any, name: str) -> str:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn


def test_a_websocket_apis_integration_may_wait_for_29_seconds_at_most(gateway: Any, api_id: str) -> None:
    integration = {"ApiId": api_id, "IntegrationType": "AWS_PROXY", "IntegrationUri": LAMBDA_URI.format("f")}
    made = gateway.create_integration(**integration, TimeoutInMillis=29_000)

    with pytest.raises(ClientError, match="Timeout should be between 50 ms and 29000 ms") as refused:
        gateway.update_integration(ApiId=api_id, IntegrationId=made["IntegrationId"], TimeoutInMillis=29_001)

    assert refused.value.response["Error"]["Code"] == "BadRequestException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_route_that_exists_may_not_get_an_authorization(gateway: Any, api_id: str) -> None:
    connect = gateway.create_route(ApiId=api_id, RouteKey="$connect")["RouteId"]
    invoke = gateway.create_route(ApiId=api_id, RouteKey="invoke")["RouteId"]

    gateway.update_route(ApiId=api_id, RouteId=connect, AuthorizationType="AWS_IAM")

    with pytest.raises(ClientError, match="authorization is restricted to the \\$connect route only"):
        gateway.update_route(ApiId=api_id, RouteId=invoke, AuthorizationType="AWS_IAM")


def test_an_api_has_ten_authorizers_and_a_route_needs_one_of_them(gateway: Any, api_id: str) -> None:
    def create(number: int) -> str:
        made: str = gateway.create_authorizer(
            ApiId=api_id,
            Name=f"authorizer-{number}",
            AuthorizerType="REQUEST",
            AuthorizerUri=LAMBDA_URI.format("f"),
            IdentitySource=["route.request.header.Auth"],
        )["AuthorizerId"]
        return made

    ids = [create(number) for number in range(10)]

    with pytest.raises(ClientError, match="Maximum number of Authorizers for this API has been reached"):
        create(10)
    with pytest.raises(ClientError, match="requires a valid CUSTOM authorizer"):
        gateway.create_route(ApiId=api_id, RouteKey="$connect", AuthorizationType="CUSTOM", AuthorizerId="none")
    gateway.create_route(ApiId=api_id, RouteKey="$connect", AuthorizationType="CUSTOM", AuthorizerId=ids[0])


def test_a_stages_settings_are_for_routes_that_exist(gateway: Any, api_id: str) -> None:
    gateway.create_route(ApiId=api_id, RouteKey="invoke")
    limits = {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 1.0}
    gateway.create_stage(ApiId=api_id, StageName="s", RouteSettings={"invoke": limits})

    with pytest.raises(ClientError, match="Unable to find Route by key pay within the provided RouteSettings"):
        gateway.update_stage(ApiId=api_id, StageName="s", RouteSettings={"pay": limits})


def test_a_composite_alarm_needs_its_children(server: Any, name: str) -> None:
    cloudwatch = server.client("cloudwatch")
    rule = f'ALARM("{name}-child")'
    with pytest.raises(ClientError, match=f"alarms \\[{name}-child\\] in the alarm rule do not exist") as refused:
        cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule)

    cloudwatch.put_metric_alarm(
        AlarmName=f"{name}-child",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="m",
        Namespace="n",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule)

    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_a_dead_letter_queue_must_exist(server: Any, name: str, queue_arn: str) -> None:
    sqs = server.client("sqs")

    def create(target_arn: str) -> None:
        policy = json.dumps({"deadLetterTargetArn": target_arn, "maxReceiveCount": 3})
        sqs.create_queue(QueueName=f"{name}-source", Attributes={"RedrivePolicy": policy})

    with pytest.raises(ClientError, match="Dead letter target does not exist"):
        create(f"{queue_arn}-gone")
    create(queue_arn)


def test_a_mapping_is_judged_by_its_function_its_queue_and_its_role(
    server: Any, name: str, queue_arn: str, role_arn: Callable[..., str]
) -> None:
    lambda_, iam = server.client("lambda"), server.client("iam")
    lambda_.create_function(
        FunctionName=name,
        Role=role_arn({"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": queue_arn}),
        Handler="handler.handle",
        Runtime="python3.13",
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
        Timeout=60,
    )
    mapping = {"FunctionName": name, "EventSourceArn": queue_arn}

    with pytest.raises(ClientError, match="does not have permissions to call DeleteMessage on SQS") as refused:
        lambda_.create_event_source_mapping(**mapping)
    everything = {"Effect": "Allow", "Action": "sqs:*", "Resource": queue_arn}
    iam.put_role_policy(
        RoleName=name,
        PolicyName="inline",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
    )
    made = lambda_.create_event_source_mapping(**mapping, BatchSize=10)
    with pytest.raises(ClientError, match="Maximum batch window in seconds must be greater than 0"):
        lambda_.update_event_source_mapping(UUID=made["UUID"], BatchSize=11)
    lambda_.update_function_configuration(FunctionName=name, Timeout=61)
    with pytest.raises(ClientError, match="Queue visibility timeout: 60 seconds is less than Function timeout: 61"):
        lambda_.update_event_source_mapping(UUID=made["UUID"], BatchSize=9)

    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
