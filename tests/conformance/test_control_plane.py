"""The control plane: IAM, and what AWS's services refuse of configurations."""

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .deployment import STAGE, Deployment
from .stack import Stack

pytestmark = pytest.mark.slow

fact = pytest.mark.fact


def refused(call: Any, **members: Any) -> tuple[str, str]:
    """Return the error's code and message."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@fact("VAL-04", "WS-09")
@pytest.mark.parametrize("milliseconds", [49, 29_001])
def test_an_integration_has_50_to_29000_ms(stack: Stack, deployment: Deployment, milliseconds: int) -> None:
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{deployment.function}/invocations"
    code, message = refused(
        stack.client("apigatewayv2", checks=False).create_integration,
        ApiId=deployment.api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=uri,
        TimeoutInMillis=milliseconds,
    )

    assert (code, message) == ("BadRequestException", "Timeout should be between 50 ms and 29000 ms")


@fact("WS-30", "VAL-04")
def test_a_route_response_has_the_key_default(deployment: Deployment) -> None:
    gateway = deployment.gateway
    route = gateway.get_routes(ApiId=deployment.api)["Items"][0]["RouteId"]
    code, message = refused(
        gateway.create_route_response, ApiId=deployment.api, RouteId=route, RouteResponseKey="other"
    )

    assert (code, message) == ("BadRequestException", "Currently, only $default is supported as a RouteResponseKey.")


@fact("WS-78")
def test_a_second_route_with_a_key_is_refused(deployment: Deployment) -> None:
    with pytest.raises(ClientError) as caught:
        deployment.gateway.create_route(ApiId=deployment.api, RouteKey="$connect")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert caught.value.response["Error"]["Message"] == "Route with key $connect already exists for this API"


@fact("WS-73", "VAL-04")
@pytest.mark.parametrize("name", ["with space", "ümlaut", "x" * 129])
def test_a_stages_name_has_up_to_128_letters_digits_and_marks(deployment: Deployment, name: str) -> None:
    code, _ = refused(deployment.gateway.create_stage, ApiId=deployment.api, StageName=name)

    assert code == "BadRequestException"


@fact("VAL-03", "WS-64")
def test_an_api_has_at_most_10_stages(deployment: Deployment) -> None:
    api_id = deployment.made.api("many-stages")
    for number in range(10):
        deployment.gateway.create_stage(ApiId=api_id, StageName=f"stage-{number}")
    code, _ = refused(deployment.gateway.create_stage, ApiId=api_id, StageName="eleventh")

    assert code == "TooManyRequestsException"


@fact("VAL-04")
def test_route_settings_are_for_routes_that_exist(deployment: Deployment) -> None:
    code, message = refused(
        deployment.gateway.update_stage,
        ApiId=deployment.api,
        StageName=STAGE,
        RouteSettings={"nowhere": {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 1}},
    )

    assert (code, "Unable to find Route by key nowhere" in message) == ("NotFoundException", True)


def function(stack: Stack, deployment: Deployment, **settings: Any) -> dict[str, Any]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zip_file:
        zip_file.writestr("handler.py", "def handle(event, context): return None")
    whole = {
        "FunctionName": f"made-{uuid.uuid4().hex[:8]}",
        "Runtime": "python3.13",
        "Role": deployment.role,
        "Handler": "handler.handle",
        "Code": {"ZipFile": archive.getvalue()},
    }
    made: dict[str, Any] = stack.client("lambda", checks=False).create_function(**whole | settings)
    return made


@fact("LAM-26")
def test_a_functions_timeout_is_3_s_and_its_memory_128_mb_by_default(stack: Stack, deployment: Deployment) -> None:
    made = function(stack, deployment)

    assert (made["Timeout"], made["MemorySize"]) == (3, 128)


@fact("LAM-26", "VAL-01", "VAL-02")
@pytest.mark.parametrize(
    ("settings", "member", "constraint"),
    [
        ({"Timeout": 0}, "timeout", "Member must have value greater than or equal to 1"),
        ({"MemorySize": 127}, "memorySize", "Member must have value greater than or equal to 128"),
    ],
)
def test_a_value_out_of_its_models_range_is_refused_in_the_models_words(
    stack: Stack, deployment: Deployment, settings: dict[str, int], member: str, constraint: str
) -> None:
    (value,) = settings.values()
    code, message = refused(function, stack=stack, deployment=deployment, **settings)

    assert code == "ValidationException"
    assert f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}" in message


@fact("LAM-26")
@pytest.mark.xfail(reason="The service's model has higher limits of both, and no rule here lowers them.")
@pytest.mark.parametrize("settings", [{"Timeout": 901}, {"MemorySize": 10_241}])
def test_a_timeout_above_900_s_or_a_memory_above_10240_mb_is_refused(
    stack: Stack, deployment: Deployment, settings: dict[str, int]
) -> None:
    assert refused(function, stack=stack, deployment=deployment, **settings)[0] == "ValidationException"


@fact("LAM-19", "VAL-05")
def test_a_reserved_variable_is_refused(stack: Stack, deployment: Deployment) -> None:
    variables = {"Variables": {"AWS_REGION": "mine"}}
    code, message = refused(function, stack=stack, deployment=deployment, Environment=variables)

    assert code == "InvalidParameterValueException"
    assert "Reserved keys used in this request: AWS_REGION" in message


@fact("LAM-22", "VAL-05")
def test_variables_have_4_kb(stack: Stack, deployment: Deployment) -> None:
    def variables(count: int) -> dict[str, Any]:
        return {"Variables": {f"A{number}": "x" * 240 for number in range(count)}}

    function(stack, deployment, Environment=variables(16))
    code, _ = refused(function, stack=stack, deployment=deployment, Environment=variables(18))

    assert code == "InvalidParameterValueException"


@fact("VAL-02")
@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [("iam", "get_role", "ValidationError"), ("sqs", "send_message", "MissingParameter")],
)
def test_a_missing_member_is_refused_by_the_services_own_code(
    stack: Stack, service: str, operation: str, code: str
) -> None:
    client = stack.client(service, checks=False)

    assert refused(getattr(client, operation))[0] == code


@fact("TF-23")
def test_s3_honours_a_put_if_nothing_is_there(stack: Stack) -> None:
    s3 = stack.client("s3")
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="lock", Body=b"1", IfNoneMatch="*")

    assert refused(s3.put_object, Bucket=bucket, Key="lock", Body=b"2", IfNoneMatch="*")[0] == "PreconditionFailed"


@fact("TF-24")
def test_iam_compares_the_keys_of_tags_without_regard_to_case(stack: Stack, deployment: Deployment) -> None:
    tags = [{"Key": "environment", "Value": "a"}, {"Key": "Environment", "Value": "b"}]

    assert refused(stack.client("iam").tag_role, RoleName="scripted", Tags=tags)[0] == "InvalidInput"


@fact("TF-25")
def test_a_stage_with_access_logs_needs_the_accounts_role(deployment: Deployment) -> None:
    settings = {
        "DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:access",
        "Format": "$context.requestId",
    }
    code, message = refused(
        deployment.gateway.create_stage, ApiId=deployment.api, StageName="logged", AccessLogSettings=settings
    )

    assert (code, "CloudWatch Logs role ARN must be set in account settings to enable logging" in message) == (
        "BadRequestException",
        True,
    )


@fact("SQS-32")
def test_a_denial_without_tls_denies_plain_callers_only(stack: Stack, sqs: Any) -> None:
    url = sqs.create_queue(QueueName=f"tls-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    assert sqs.send_message(QueueUrl=url, MessageBody="by an endpoint that counts as TLS")["MessageId"]
