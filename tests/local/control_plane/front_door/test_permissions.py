"""What a call takes besides its own action, and the condition keys that it has, as values."""

from typing import Any

import pytest

from selador_local.control_plane.front_door.actions_and_resources import AccountRegion, PresentKey, PresentRole
from selador_local.control_plane.front_door.api_call import ApiCall
from selador_local.control_plane.front_door.permissions import Permission, permissions_of

PLACE = AccountRegion("us-east-1", "123456789012")
BOUNDARY = "arn:aws:iam::123456789012:policy/limits"
ROLE = "arn:aws:iam::123456789012:role/r"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
TAGGED = {"aws:resourcetag/project": "selador"}


class Known:
    """A role with a boundary, a key with a tag, a mapping."""

    def role(self, name: str) -> PresentRole | None:
        return PresentRole(ROLE, BOUNDARY) if name == "r" else None

    def key(self, key_id: str) -> PresentKey | None:
        return PresentKey(KEY, {"Project": "selador"}) if key_id in {"1", KEY} else None

    def function_of_mapping(self, uuid: str) -> str | None:
        return FUNCTION if uuid == "u" else None


def permissions(service: str, operation: str, method: str = "POST", path: str = "", **given: Any) -> list[Permission]:
    return list(permissions_of(ApiCall(service, service, operation, given, method, path), PLACE, Known()))


def test_a_function_that_is_created_gets_a_role_tags_code_and_a_key() -> None:
    found = permissions(
        "lambda",
        "CreateFunction",
        FunctionName="f",
        Role=ROLE,
        Tags={"project": "selador"},
        Code={"S3Bucket": "b", "S3Key": "k"},
        KMSKeyArn=KEY,
    )

    by_lambda = {**TAGGED, "kms:viaservice": "lambda.us-east-1.amazonaws.com"}
    assert found == [
        Permission("lambda:CreateFunction", FUNCTION),
        Permission("lambda:TagResource", FUNCTION),
        Permission("iam:PassRole", ROLE, {"iam:passedtoservice": "lambda.amazonaws.com"}),
        Permission("s3:GetObject", "arn:aws:s3:::b/k"),
        Permission("kms:CreateGrant", KEY, by_lambda),
        Permission("kms:Encrypt", KEY, by_lambda),
    ]


def test_code_that_is_updated_from_a_bucket_is_read_there() -> None:
    found = permissions("lambda", "UpdateFunctionCode", FunctionName="f", S3Bucket="b", S3Key="k")

    assert found[1:] == [Permission("s3:GetObject", "arn:aws:s3:::b/k")]


def test_a_key_that_has_no_id_yet_is_tagged_by_what_the_request_says() -> None:
    requested = {"aws:requesttag/project": "selador"}

    assert permissions("kms", "CreateKey", Tags=[{"TagKey": "project", "TagValue": "selador"}]) == [
        Permission("kms:CreateKey", "*", requested),
        Permission("kms:TagResource", "arn:aws:kms:us-east-1:123456789012:key/new", requested),
    ]


def test_a_log_group_is_tagged_by_its_own_arn() -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:g"

    assert permissions("logs", "CreateLogGroup", logGroupName="g", tags={"a": "b"}) == [
        Permission("logs:CreateLogGroup", f"{group}:log-stream:"),
        Permission("logs:TagResource", group),
    ]


def test_an_api_with_tags_is_tagged_at_its_path() -> None:
    assert permissions("apigateway", "CreateApi", path="/v2/apis", Tags={"a": "b"}) == [
        Permission("apigateway:POST", "arn:aws:apigateway:us-east-1::/apis"),
        Permission("apigateway:TagResource", "arn:aws:apigateway:us-east-1::/apis"),
    ]


def test_an_alias_has_no_tags_and_its_key_has() -> None:
    alias = "arn:aws:kms:us-east-1:123456789012:alias/a"

    assert permissions("kms", "CreateAlias", AliasName="alias/a", TargetKeyId="1") == [
        Permission("kms:CreateAlias", alias),
        Permission("kms:CreateAlias", KEY, TAGGED),
    ]


def test_the_tags_of_a_mapping_are_no_matter_of_its_function() -> None:
    mapping = "arn:aws:lambda:us-east-1:123456789012:event-source-mapping:new"

    assert permissions("lambda", "CreateEventSourceMapping", FunctionName=FUNCTION, Tags={"a": "b"}) == [
        Permission("lambda:CreateEventSourceMapping", "*", {"lambda:functionarn": FUNCTION}),
        Permission("lambda:TagResource", mapping),
    ]


def test_without_tags_nothing_is_tagged() -> None:
    assert len(permissions("sqs", "CreateQueue", QueueName="q")) == 1
    assert len(permissions("apigateway", "CreateApi", path="/v2/apis")) == 1


@pytest.mark.parametrize(
    ("found", "context"),
    [
        (permissions("iam", "CreateRole", RoleName="new"), {}),
        (
            permissions("iam", "CreateRole", RoleName="new", PermissionsBoundary=BOUNDARY),
            {"iam:permissionsboundary": BOUNDARY},
        ),
        (permissions("iam", "PutRolePolicy", RoleName="r"), {"iam:permissionsboundary": BOUNDARY}),
        (permissions("iam", "GetRole", RoleName="r"), {}),
        (permissions("kms", "DescribeKey", KeyId="1"), TAGGED),
        (permissions("kms", "ListKeys"), {}),
        (permissions("lambda", "CreateEventSourceMapping", FunctionName="f"), {"lambda:functionarn": "f"}),
        (permissions("lambda", "GetEventSourceMapping", UUID="u"), {"lambda:functionarn": FUNCTION}),
        (permissions("lambda", "GetEventSourceMapping", UUID="gone"), {}),
    ],
)
def test_condition_keys(found: list[Permission], context: dict[str, str]) -> None:
    assert found[0].context == context
