"""IAM's names for API calls, as values."""

from typing import Any

import pytest

from selador_local.control_plane.front_door.actions_and_resources import (
    AccountRegion,
    PresentKey,
    PresentRole,
    action_of,
    resources_of,
)
from selador_local.control_plane.front_door.api_call import ApiCall

REGION, ACCOUNT = "us-east-1", "123456789012"
PLACE = f"{REGION}:{ACCOUNT}"
KEY = f"arn:aws:kms:{PLACE}:key/1"


class Known:
    """A role below a path, a key with an alias, a mapping."""

    def role(self, name: str) -> PresentRole | None:
        return PresentRole(f"arn:aws:iam::{ACCOUNT}:role/answers/known", None) if name == "known" else None

    def key(self, key_id: str) -> PresentKey | None:
        return PresentKey(KEY, {}) if key_id in {"1", "alias/ours"} else None

    def function_of_mapping(self, uuid: str) -> str | None:
        return None


def call(service: str, operation: str, method: str = "POST", path: str = "", **parameters: Any) -> ApiCall:
    return ApiCall(service, service, operation, parameters, method, path)


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


ALARM = f"arn:aws:cloudwatch:{PLACE}:alarm:"


@pytest.mark.parametrize(
    ("given", "resources"),
    [
        (call("sqs", "SendMessage", QueueUrl=f"http://127.0.0.1:1/{ACCOUNT}/q"), [f"arn:aws:sqs:{PLACE}:q"]),
        (call("sqs", "CreateQueue", QueueName="q"), [f"arn:aws:sqs:{PLACE}:q"]),
        (call("sqs", "StartMessageMoveTask", SourceArn=f"arn:aws:sqs:{PLACE}:dlq"), [f"arn:aws:sqs:{PLACE}:dlq"]),
        (call("sqs", "ListQueues"), ["*"]),
        (
            call("logs", "PutLogEvents", logGroupName="/aws/lambda/f", logStreamName="s"),
            [f"arn:aws:logs:{PLACE}:log-group:/aws/lambda/f:log-stream:s"],
        ),
        (call("logs", "CreateLogGroup", logGroupName="g"), [f"arn:aws:logs:{PLACE}:log-group:g:log-stream:"]),
        (call("logs", "TagResource", resourceArn="arn:aws:logs:g"), ["arn:aws:logs:g"]),
        (call("logs", "DescribeLogGroups", logGroupNamePrefix="g"), ["*"]),
        (call("lambda", "GetFunction", FunctionName="f"), [f"arn:aws:lambda:{PLACE}:function:f"]),
        (call("lambda", "GetPolicy", FunctionName="f", Qualifier="live"), [f"arn:aws:lambda:{PLACE}:function:f:live"]),
        (call("lambda", "GetFunction", FunctionName="arn:aws:lambda:x"), ["arn:aws:lambda:x"]),
        (call("lambda", "GetFunction", FunctionName="arn:aws:lambda:x:7", Qualifier="7"), ["arn:aws:lambda:x:7"]),
        (call("lambda", "CreateEventSourceMapping", FunctionName="f"), ["*"]),
        (call("lambda", "ListEventSourceMappings", FunctionName="f"), ["*"]),
        (call("lambda", "GetEventSourceMapping", UUID="u"), [f"arn:aws:lambda:{PLACE}:event-source-mapping:u"]),
        (call("lambda", "ListTags", Resource="arn:aws:lambda:x"), ["arn:aws:lambda:x"]),
        (call("s3", "GetObject", Bucket="b", Key="k/l"), ["arn:aws:s3:::b/k/l"]),
        (call("s3", "ListObjectsV2", Bucket="b"), ["arn:aws:s3:::b"]),
        (call("s3", "ListBuckets"), ["*"]),
        (call("sts", "AssumeRole", RoleArn="arn:aws:iam::1:role/r"), ["arn:aws:iam::1:role/r"]),
        (call("iam", "CreateRole", RoleName="r", Path="/p/"), [f"arn:aws:iam::{ACCOUNT}:role/p/r"]),
        (call("iam", "GetRole", RoleName="known"), [f"arn:aws:iam::{ACCOUNT}:role/answers/known"]),
        (call("iam", "ListRoles"), ["*"]),
        (call("kms", "CreateAlias", AliasName="alias/new", TargetKeyId="1"), [f"arn:aws:kms:{PLACE}:alias/new", KEY]),
        (call("kms", "DeleteAlias", AliasName="alias/ours"), [f"arn:aws:kms:{PLACE}:alias/ours", KEY]),
        (call("kms", "DescribeKey", KeyId="alias/ours"), [KEY]),
        (call("kms", "DescribeKey", KeyId="2"), [f"arn:aws:kms:{PLACE}:key/2"]),
        (call("kms", "ListKeys"), ["*"]),
        (call("sns", "CreateTopic", Name="t"), [f"arn:aws:sns:{PLACE}:t"]),
        (call("sns", "Subscribe", TopicArn="arn:aws:sns:t"), ["arn:aws:sns:t"]),
        (call("sns", "Unsubscribe", SubscriptionArn="arn:aws:sns:t:1"), ["*"]),
        (call("monitoring", "PutMetricAlarm", AlarmName="a"), [f"{ALARM}a"]),
        (call("monitoring", "DeleteAlarms", AlarmNames=["a", "b"]), [f"{ALARM}a", f"{ALARM}b"]),
        (call("monitoring", "DescribeAlarms", AlarmNames=["a"]), [f"{ALARM}*"]),
        (call("monitoring", "ListTagsForResource", ResourceARN=f"{ALARM}a"), [f"{ALARM}a"]),
        (call("monitoring", "PutDashboard", DashboardName="d"), [f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/d"]),
        (call("monitoring", "PutMetricData"), ["*"]),
        (
            call("apigateway", "GetRoute", path="/v2/apis/a/routes/r"),
            [f"arn:aws:apigateway:{REGION}::/apis/a/routes/r"],
        ),
        (call("apigateway", "GetAccount", path="/account"), [f"arn:aws:apigateway:{REGION}::/account"]),
    ],
)
def test_resources(given: ApiCall, resources: list[str]) -> None:
    assert resources_of(given, AccountRegion(REGION, ACCOUNT), Known()) == resources
