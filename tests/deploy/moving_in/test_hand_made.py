"""What is read of a system that was made by hand, and where no name leads."""

import json
from typing import Any

import pytest

from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError
from selador_deploy.moving_in.hand_made import HandMade, look_ups, read_hand_made
from selador_deploy.orphans import Orphan, find_orphans

from ..conftest import FakeService, client_error, resource_change

QUEUE = "arn:aws:sqs:eu-central-1:111122223333:selador-dev-requests"
FUNCTION = "arn:aws:lambda:eu-central-1:111122223333:function:"
APIS = ({"ApiId": "a1", "Name": "chat", "ProtocolType": "WEBSOCKET"},)
ABSENT = client_error("ResourceNotFoundException")


def mapping(
    uuid: str, function: str = "selador-dev-main", queue: str = QUEUE, state: str = "Enabled"
) -> dict[str, str]:
    return {"UUID": uuid, "EventSourceArn": queue, "FunctionArn": FUNCTION + function, "State": state}


def system(**members: Any) -> HandMade:
    whole: dict[str, Any] = {
        "api": APIS[0],
        "stages": ("production",),
        "routes": (
            {
                "RouteKey": "invoke",
                "RouteId": "r1",
            },
        ),
        "integrations": ({"IntegrationId": "i1"},),
        "main": "selador-dev-main",
        "functions": {},
        "statements": {},
        "queue": {"QueueArn": QUEUE},
        "mappings": (mapping("u1"),),
    }
    return HandMade(**whole | members)


class Account:
    """An account whose services answer in pages where AWS's do. An answer that is an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self._answers: dict[str, Any] = {
            "get_apis": {"Items": APIS},
            "get_stages": {"Items": [{"StageName": "production"}]},
            "get_routes": {"Items": []},
            "get_integrations": {"Items": []},
            "get_queue_url": client_error("AWS.SimpleQueueService.NonExistentQueue"),
            "get_queue_attributes": {"Attributes": {"QueueArn": QUEUE}},
            "get_function_configuration": ABSENT,
            "get_policy": ABSENT,
            "list_event_source_mappings": {"EventSourceMappings": []},
        } | answers

    def __call__(self, service: str) -> "Account":
        return self

    def __getattr__(self, operation: str) -> Any:
        return getattr(FakeService(**self._answers), operation)

    def get_paginator(self, operation: str) -> Any:
        page = getattr(self, operation)
        return FakeService(paginate=[page()])


def test_of_a_system_that_is_not_there_only_the_api_is_read(dev: Environment) -> None:
    found = read_hand_made(dev, "chat", Account())

    assert (found.api_id, found.stages, found.queue) == ("a1", ("production",), None)
    assert (found.functions, found.mappings, found.mapping_id) == ({}, (), None)


def test_all_that_is_there_is_read_each_mapping_once(dev: Environment) -> None:
    account = Account(
        get_queue_url={"QueueUrl": "https://sqs/q"},
        get_function_configuration={"Role": "arn:aws:iam::1:role/old"},
        get_policy={"Policy": json.dumps({"Statement": [{"Sid": "s1"}]})},
        list_event_source_mappings={"EventSourceMappings": [mapping("u1")]},
    )

    found = read_hand_made(dev, "a1", account)

    assert found.main == "selador-dev-main"
    assert found.functions.keys() == found.statements.keys() == {"selador-dev-main", "selador-dev-websocket-handler"}
    assert found.statements["selador-dev-main"] == ("s1",)
    assert [one["UUID"] for one in found.mappings] == ["u1"]
    assert found.queue == {"QueueArn": QUEUE}


@pytest.mark.parametrize(
    ("apis", "wanted", "said"),
    [
        (APIS, "x9", r"there is no API 'x9'; give API=<id>; there are: a1 \(chat\)"),
        ((*APIS, {**APIS[0], "ApiId": "a2"}), "chat", r"2 APIs have .*'chat'; .*: a1 \(chat\), a2 \(chat\)"),
        (({**APIS[0], "ProtocolType": "HTTP"},), "chat", "an API of the type HTTP; give a WebSocket API's id"),
        ((), "chat", "there are: none"),
    ],
)
def test_without_one_websocket_api_nothing_is_looked_for(
    dev: Environment, apis: tuple[Any, ...], wanted: str, said: str
) -> None:
    with pytest.raises(DeployError, match=said):
        read_hand_made(dev, wanted, Account(get_apis={"Items": apis}))


@pytest.mark.parametrize("operation", ["get_policy", "get_function_configuration", "get_queue_url"])
def test_what_may_not_be_read_is_an_error_and_not_absent(dev: Environment, operation: str) -> None:
    account = Account(**{operation: client_error("AccessDeniedException")})

    with pytest.raises(DeployError, match=r"can't be read: .*AccessDenied.*; it takes apigateway:GET, lambda:"):
        read_hand_made(dev, "a1", account)


@pytest.mark.parametrize(
    ("mappings", "adopted"),
    [
        ([mapping("u1", "another"), mapping("u2")], "u2"),
        ([mapping("u1", "selador-dev-main:live")], "u1"),
        ([mapping("u1", queue=f"{QUEUE}-of-others")], None),
        ([], None),
    ],
)
def test_the_mapping_from_the_queue_to_the_function_is_adopted(
    mappings: list[dict[str, str]], adopted: str | None
) -> None:
    assert system(mappings=tuple(mappings)).mapping_id == adopted


def test_where_no_name_leads_the_system_says_what_a_plan_would_create_again() -> None:
    creates = [
        resource_change("m.aws_apigatewayv2_api.this", "create", after={"name": "selador-dev"}),
        resource_change("aws_lambda_event_source_mapping.main", "create", after={}),
        resource_change("m.aws_sqs_queue.this", "create", after={"name": "selador-dev-requests"}),
    ]
    account = Account(get_queue_url={"QueueUrl": "https://sqs/q"})

    orphans, unknown = find_orphans({"resource_changes": creates}, account, look_ups(system()))

    assert orphans == [
        Orphan("m.aws_apigatewayv2_api.this", "a1"),
        Orphan("aws_lambda_event_source_mapping.main", "u1"),
        Orphan("m.aws_sqs_queue.this", "https://sqs/q"),
    ]
    assert unknown == []
