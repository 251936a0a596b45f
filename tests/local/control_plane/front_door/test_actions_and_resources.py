"""IAM's names for API calls, as values."""

from typing import Any

import pytest

from selador_local.control_plane.front_door.actions_and_resources import action_of, resource_of
from selador_local.control_plane.front_door.api_call import ApiCall

REGION, ACCOUNT = "us-east-1", "123456789012"
PLACE = f"{REGION}:{ACCOUNT}"


def call(service: str, operation: str, method: str = "POST", **parameters: Any) -> ApiCall:
    return ApiCall(service, service, operation, parameters, method)


@pytest.mark.parametrize(
    ("given", "action"),
    [
        (call("sqs", "SendMessage"), "sqs:SendMessage"),
        (call("sqs", "DeleteMessageBatch"), "sqs:DeleteMessage"),
        (call("lambda", "Invoke"), "lambda:InvokeFunction"),
        (call("monitoring", "PutMetricData"), "cloudwatch:PutMetricData"),
        (call("apigateway", "GetApis", method="GET"), "apigateway:GET"),
        (call("s3", "HeadObject"), "s3:GetObject"),
        (call("s3", "ListObjectsV2"), "s3:ListBucket"),
    ],
)
def test_actions(given: ApiCall, action: str) -> None:
    assert action_of(given) == action


@pytest.mark.parametrize(
    ("given", "resource"),
    [
        (call("sqs", "SendMessage", QueueUrl=f"http://127.0.0.1:1/{ACCOUNT}/q"), f"arn:aws:sqs:{PLACE}:q"),
        (call("sqs", "CreateQueue", QueueName="q"), f"arn:aws:sqs:{PLACE}:q"),
        (call("sqs", "StartMessageMoveTask", SourceArn=f"arn:aws:sqs:{PLACE}:dlq"), f"arn:aws:sqs:{PLACE}:dlq"),
        (call("sqs", "ListQueues"), "*"),
        (
            call("logs", "PutLogEvents", logGroupName="/aws/lambda/f", logStreamName="s"),
            f"arn:aws:logs:{PLACE}:log-group:/aws/lambda/f:log-stream:s",
        ),
        (call("logs", "CreateLogGroup", logGroupName="g"), f"arn:aws:logs:{PLACE}:log-group:g:log-stream:"),
        (call("lambda", "GetFunction", FunctionName="f"), f"arn:aws:lambda:{PLACE}:function:f"),
        (call("lambda", "GetFunction", FunctionName="arn:aws:lambda:x"), "arn:aws:lambda:x"),
        (call("s3", "GetObject", Bucket="b", Key="k/l"), "arn:aws:s3:::b/k/l"),
        (call("s3", "ListObjectsV2", Bucket="b"), "arn:aws:s3:::b"),
        (call("sts", "AssumeRole", RoleArn="arn:aws:iam::1:role/r"), "arn:aws:iam::1:role/r"),
        (call("iam", "GetRole", RoleName="r"), "*"),
    ],
)
def test_resources(given: ApiCall, resource: str) -> None:
    assert resource_of(given, REGION, ACCOUNT) == resource
