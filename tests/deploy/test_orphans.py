"""What exists already though a plan would create it. The whole table is tried on the local control plane, too."""

from datetime import UTC, datetime
from typing import Any

import pytest

from selador_deploy.orphans import Orphan, find_orphans

from .conftest import FakeService, client_error, resource_change


def plan(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resource_changes": list(resources)}


QUEUE = resource_change("module.queue.aws_sqs_queue.this", "create", after={"name": "selador-dev-requests"})
THERE = FakeService(get_queue_url={"QueueUrl": "https://sqs/selador-dev-requests"})


def test_what_exists_is_an_orphan_with_its_id_for_an_import() -> None:
    orphans, unknown = find_orphans(plan(QUEUE), lambda service: {"sqs": THERE}[service])

    assert orphans == [Orphan("module.queue.aws_sqs_queue.this", "https://sqs/selador-dev-requests")]
    assert unknown == []


def test_a_service_is_asked_by_one_client_about_all_of_its_resources() -> None:
    made = []

    def make_client(service: str) -> FakeService:
        made.append(service)
        return THERE

    orphans, _ = find_orphans(plan(QUEUE, QUEUE, QUEUE), make_client)

    assert len(orphans) == 3
    assert made == ["sqs"]


@pytest.mark.parametrize("code", ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"])
def test_what_does_not_exist_is_none(code: str) -> None:
    assert find_orphans(plan(QUEUE), lambda service: FakeService(get_queue_url=client_error(code))) == ([], [])


def test_what_can_not_be_looked_for_is_unknown_and_not_absent() -> None:
    orphans, (unknown,) = find_orphans(plan(QUEUE, QUEUE), lambda service: FakeService())

    assert orphans == []
    assert unknown.subject == "any aws_sqs_queue"


def test_a_name_that_the_plan_does_not_know_yet_is_not_looked_for() -> None:
    route = resource_change("aws_apigatewayv2_route.a", "create", after={"route_key": "ping"})

    assert find_orphans(plan(route), lambda service: FakeService()) == ([], [])


def test_what_the_same_plan_destroys_elsewhere_is_no_orphan() -> None:
    moved = resource_change("aws_sqs_queue.old", "delete", before={"id": "https://sqs/selador-dev-requests"})

    assert find_orphans(plan(QUEUE, moved), lambda service: THERE) == ([], [])


def test_a_change_in_place_is_not_looked_for() -> None:
    changed = resource_change("aws_sqs_queue.a", "update", after={"name": "selador-dev-requests"})

    assert find_orphans(plan(changed), lambda service: THERE) == ([], [])


KEY = resource_change("aws_kms_key.this[0]", "create", after={"description": "Encrypts all of selador-dev."})


class Keys:
    """KMS with these keys, by id: what describes each, or refuses to."""

    def __init__(self, **keys: dict[str, Any] | Exception) -> None:
        self._keys = keys

    def get_paginator(self, operation: str) -> "Keys":
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"Keys": [{"KeyId": name}]} for name in self._keys]

    def describe_key(self, **which: str) -> dict[str, Any]:
        key = self._keys[which["KeyId"]]
        if isinstance(key, Exception):
            raise key
        return {"KeyMetadata": {**which, "KeyState": "Enabled", "CreationDate": at(1)} | key}


def at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def test_a_key_is_known_by_its_description_and_is_no_orphan_once_its_deletion_is_scheduled() -> None:
    ours = {"Description": "Encrypts all of selador-dev."}
    kms = Keys(
        other={"Description": "Encrypts all of selador-prod."},
        denied=client_error("AccessDeniedException"),
        ours=ours,
        newest=ours | {"CreationDate": at(2)},
        going=ours | {"CreationDate": at(3), "KeyState": "PendingDeletion"},
    )

    orphans, unknown = find_orphans(plan(KEY), lambda service: kms)

    assert orphans == [Orphan("aws_kms_key.this[0]", "newest")]
    assert unknown == []


def test_if_no_key_may_be_described_whether_there_is_an_orphan_is_unknown() -> None:
    orphans, (unknown,) = find_orphans(plan(KEY), lambda service: Keys(ours=client_error("AccessDeniedException")))

    assert orphans == []
    assert unknown.subject == "any aws_kms_key"


@pytest.mark.parametrize(("key", "found"), [("", "m-1"), (None, "m-1"), ("v2", "m-2"), ("v3", None)])
def test_a_domains_mapping_is_known_by_its_key(key: str | None, found: str | None) -> None:
    mappings = [{"ApiMappingId": "m-1"}, {"ApiMappingId": "m-2", "ApiMappingKey": "v2"}]
    after = {"domain_name": "answers.example.com", "api_mapping_key": key}
    mapping = resource_change("aws_apigatewayv2_api_mapping.a", "create", after=after)

    orphans, _ = find_orphans(plan(mapping), lambda service: FakeService(get_api_mappings={"Items": mappings}))

    assert [orphan.id for orphan in orphans] == ([f"{found}/answers.example.com"] if found else [])


class Pages:
    """A service whose lists have this one page."""

    def __init__(self, **page: Any) -> None:
        self._page = page

    def get_paginator(self, operation: str) -> "Pages":
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [self._page]


FUNCTION = {"function_name": "selador-dev-main"}
ROLE = "selador-dev-main-eu-central-1"
PERMISSION = FUNCTION | {"qualifier": "live", "statement_id": "AllowApi"}
MAPPING = {"event_source_arn": "arn:q", "function_name": "arn:f:live"}
API = {"api_id": "a1"}


def mappings(*found: dict[str, str]) -> FakeService:
    return FakeService(list_event_source_mappings={"EventSourceMappings": found})


@pytest.mark.parametrize(
    ("type_", "after", "service", "found"),
    [
        (
            "aws_cloudwatch_log_group",
            {"name": "/aws/lambda/a"},
            FakeService(
                describe_log_groups={
                    "logGroups": [{"logGroupName": "/aws/lambda/ab"}, {"logGroupName": "/aws/lambda/a"}]
                }
            ),
            "/aws/lambda/a",
        ),
        ("aws_iam_role", {"name": ROLE}, FakeService(get_role={"Role": {"RoleName": ROLE}}), ROLE),
        (
            "aws_iam_role_policy",
            {"role": ROLE, "name": "write-logs"},
            FakeService(get_role_policy={}),
            f"{ROLE}:write-logs",
        ),
        ("aws_lambda_function", FUNCTION, FakeService(get_function_configuration={}), "selador-dev-main"),
        ("aws_lambda_alias", FUNCTION | {"name": "live"}, FakeService(get_alias={}), "selador-dev-main/live"),
        (
            "aws_lambda_permission",
            PERMISSION,
            FakeService(get_policy={"Policy": '{"Statement": [{"Sid": "Other"}, {"Sid": "AllowApi"}]}'}),
            "selador-dev-main:live/AllowApi",
        ),
        ("aws_lambda_permission", PERMISSION, FakeService(get_policy={"Policy": '{"Statement": []}'}), None),
        (
            "aws_lambda_event_source_mapping",
            MAPPING,
            mappings({"UUID": "u-1", "FunctionArn": "arn:f"}, {"UUID": "u-2", "FunctionArn": "arn:f:live"}),
            "u-2",
        ),
        ("aws_lambda_event_source_mapping", MAPPING, mappings({"UUID": "u-1", "FunctionArn": "arn:f"}), None),
        ("aws_lambda_event_source_mapping", MAPPING, mappings(), None),
        ("aws_sns_topic", {"name": "t"}, Pages(Topics=[{"TopicArn": "arn:x:at"}, {"TopicArn": "arn:x:t"}]), "arn:x:t"),
        ("aws_sns_topic", {"name": "t"}, Pages(Topics=[{"TopicArn": "arn:x:at"}]), None),
        ("aws_apigatewayv2_api", {"name": "n"}, Pages(Items=[{"Name": "n", "ApiId": "a1"}]), "a1"),
        ("aws_apigatewayv2_api", {"name": "n"}, Pages(Items=[{"Name": "m", "ApiId": "a1"}]), None),
        ("aws_apigatewayv2_stage", API | {"name": "dev"}, FakeService(get_stage={}), "a1/dev"),
        (
            "aws_apigatewayv2_route",
            API | {"route_key": "ping"},
            Pages(Items=[{"RouteKey": "ping", "RouteId": "r1"}]),
            "a1/r1",
        ),
        ("aws_apigatewayv2_route", API | {"route_key": "ping"}, Pages(Items=[]), None),
        (
            "aws_apigatewayv2_route_response",
            API | {"route_id": "r1", "route_response_key": "$default"},
            Pages(Items=[{"RouteResponseKey": "$default", "RouteResponseId": "p1"}]),
            "a1/r1/p1",
        ),
        (
            "aws_apigatewayv2_authorizer",
            API | {"name": "jwt"},
            Pages(Items=[{"Name": "jwt", "AuthorizerId": "z1"}]),
            "a1/z1",
        ),
        (
            "aws_apigatewayv2_domain_name",
            {"domain_name": "answers.example.com"},
            FakeService(get_domain_name={"DomainName": "answers.example.com"}),
            "answers.example.com",
        ),
        ("aws_kms_alias", {"name": "alias/a"}, Pages(Aliases=[{"AliasName": "alias/a"}]), "alias/a"),
        ("aws_kms_alias", {"name": "alias/a"}, Pages(Aliases=[{"AliasName": "alias/b"}]), None),
    ],
)
def test_each_type_is_found_by_its_name_or_is_none(
    type_: str, after: dict[str, Any], service: FakeService | Pages, found: str | None
) -> None:
    planned = resource_change(f"{type_}.a", "create", after=after)

    orphans, unknown = find_orphans(plan(planned), lambda _: service)

    assert [orphan.id for orphan in orphans] == ([found] if found else [])
    assert unknown == []
