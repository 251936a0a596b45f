"""Who may connect, seen by a client whose handshake is refused, and by the function that learns who it is."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from selador_local.data_plane.deployment import RequestAuthorizer, Unrunnable
from selador_local.data_plane.lambda_service.invocation import InvokeResult

from .conftest import Running, scenario

ROUTES = ("$connect", "$disconnect", "invoke")
METHOD_ARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3/local/$connect"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:authorizer:live"


def asking(*identity_sources: str) -> RequestAuthorizer:
    return RequestAuthorizer("a1", FUNCTION, identity_sources)


def policy(effect: str = "Allow", resource: str = METHOD_ARN, action: str = "execute-api:Invoke") -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}


def answering(**members: Any) -> InvokeResult:
    answer = {"principalId": "user-7", "policyDocument": policy()} | members
    return InvokeResult(json.dumps(answer).encode())


async def status_of(url: str, **headers: str) -> int:
    """Return the status of the handshake; 101 if the client gets in."""
    response = await refusal_of(url, **headers)
    return response.status_code if response is not None else 101


async def refusal_of(url: str, **headers: str) -> Response | None:
    try:
        async with connect(url, additional_headers=headers):
            return None
    except InvalidStatus as refused:
        return refused.response


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param(answering(), 101, id="allowed"),
        pytest.param(answering(policyDocument=policy(resource="*")), 101, id="allowed everything"),
        pytest.param(answering(policyDocument=policy(resource=f"{METHOD_ARN[:-9]}/*")), 101, id="allowed by wildcard"),
        pytest.param(answering(policyDocument=policy("Deny")), 403, id="denied"),
        pytest.param(answering(policyDocument=policy(resource="arn:other")), 403, id="policy for something else"),
        pytest.param(answering(policyDocument=policy(action="sqs:*")), 403, id="another action"),
        pytest.param(answering(policyDocument={"Statement": []}), 403, id="policy without statements"),
        pytest.param(InvokeResult(b'{"errorMessage":"Unauthorized"}', "Unhandled"), 401, id="raises Unauthorized"),
        pytest.param(InvokeResult(b'{"errorMessage":"unauthorized"}', "Unhandled"), 500, id="raises unauthorized"),
        pytest.param(InvokeResult(b'{"errorMessage":"KeyError"}', "Unhandled"), 500, id="raises something else"),
        pytest.param(InvokeResult(b"true"), 500, id="answers a boolean"),
        pytest.param(InvokeResult(b"null"), 500, id="answers nothing"),
        pytest.param(InvokeResult(b'{"isAuthorized":true}'), 500, id="answers as HTTP APIs take it"),
        pytest.param(answering(context={"claims": {"a": 1}}), 500, id="an object in the context"),
        pytest.param(answering(context={"a": "x" * 8_200}), 500, id="more than 8 KB"),
    ],
)
def test_the_authorizers_answer_decides_the_handshake(running: Running, answer: InvokeResult, status: int) -> None:
    """A policy decides (WS-25). Exactly `Unauthorized` is a 401 (WS-24, AUTH-08), other failures are 500 (WS-26).

    Simple responses are for HTTP APIs (AUTH-06), and a context holds no objects and at most 8 KB (AUTH-05).
    """

    async def run() -> None:
        async with running(*ROUTES, authorization=asking()) as api:
            api.function.answers["authorizer"] = answer

            assert await status_of(api.url) == status
            assert len(api.function.events_of("$connect")) == (status == 101)

    scenario(run())


@pytest.mark.parametrize(
    ("answer", "error_type", "body"),
    [
        (
            answering(policyDocument=policy("Deny")),
            "AccessDeniedException",
            b'{"Message":"User is not authorized to access this resource with an explicit deny"}',
        ),
        (
            answering(policyDocument=policy(resource="arn:other")),
            "AccessDeniedException",
            b'{"Message":"User is not authorized to access this resource"}',
        ),
        (
            InvokeResult(b'{"errorMessage":"Unauthorized"}', "Unhandled"),
            "UnauthorizedException",
            b'{"message":"Unauthorized"}',
        ),
        (InvokeResult(b"true"), "AuthorizerConfigurationException", b'{"message":null}'),
    ],
    ids=["denied", "not mentioned", "unauthorized", "malformed"],
)
def test_a_refusal_says_why_in_the_words_of_api_gateway(
    running: Running, answer: InvokeResult, error_type: str, body: bytes
) -> None:
    """The bodies are those of REST APIs (WS-80)."""

    async def run() -> None:
        async with running(*ROUTES, authorization=asking()) as api:
            api.function.answers["authorizer"] = answer

            refused = await refusal_of(api.url)

            assert refused is not None
            assert (refused.headers["x-amzn-ErrorType"], refused.body) == (error_type, body)

    scenario(run())


def test_a_throttled_authorizer_lets_nobody_in(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES, authorization=asking()) as api:
            api.function.throttled.add("authorizer")

            assert await status_of(api.url) == 500

    scenario(run())


def test_without_its_identity_sources_the_authorizer_is_not_asked(running: Running) -> None:
    """All identity sources have to be there, and not empty (AUTH-04)."""
    sources = ("route.request.header.Auth", "route.request.querystring.tenant")

    async def run() -> None:
        async with running(*ROUTES, authorization=asking(*sources)) as api:
            api.function.answers["authorizer"] = answering()
            statuses = [
                await status_of(api.url),
                await status_of(api.url, Auth="x"),
                await status_of(f"{api.url}?tenant=t"),
                await status_of(f"{api.url}?tenant=", Auth="x"),
            ]
            asked_too_early = len(api.function.authorizer_events)
            statuses.append(await status_of(f"{api.url}?tenant=t", auth="x"))

            assert statuses == [401, 401, 401, 401, 101]
            assert asked_too_early == 0

    scenario(run())


def test_what_the_authorizer_said_is_in_every_later_event(running: Running) -> None:
    """Its principal and context are repeated in each event of the connection (WS-45)."""

    async def run() -> None:
        async with running(*ROUTES, authorization=asking()) as api:
            api.function.answers["authorizer"] = answering(context={"tenant": "t-1", "level": 3})
            async with connect(api.url) as client:
                await client.send('{"action":"invoke"}')
                await api.function.event_of("invoke")
            await api.function.event_of("$disconnect")

            for route in ROUTES:
                said = api.function.events_of(route)[0]["requestContext"]["authorizer"]
                assert said.pop("integrationLatency") >= 0
                assert said == {"principalId": "user-7", "tenant": "t-1", "level": 3}
            assert len(api.function.authorizer_events) == 1

    scenario(run())


def test_the_authorizer_sees_the_whole_handshake(running: Running) -> None:
    """A REQUEST event has query and headers (AUTH-02), those too that integrations don't see (WS-35)."""

    async def run() -> None:
        async with running(*ROUTES, authorization=asking()) as api:
            api.function.answers["authorizer"] = answering()
            await status_of(f"{api.url}?a=1&a=2", Auth="x")

            event = api.function.authorizer_events[0]
            assert (event["type"], event["methodArn"]) == ("REQUEST", METHOD_ARN)
            assert event["headers"]["Auth"] == "x"
            assert {"Connection", "Upgrade"} <= event["headers"].keys()
            assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
            assert event["stageVariables"] == {}
            assert event["requestContext"]["eventType"] == "CONNECT"
            assert "authorizer" not in event["requestContext"]

    scenario(run())


def test_a_signed_handshake_gets_in_where_its_key_may_invoke_connect(running: Running) -> None:
    """With IAM authorization, the client signs the handshake (AUTH-12)."""

    async def run() -> None:
        async with running(*ROUTES, authorization="AWS_IAM") as api:
            statuses = [
                await status_of(api.url),
                await status_of(api.url, **{"Signed-By": "AKIDSTRANGER"}),
                await status_of(api.url, **{"Signed-By": "AKIDALLOWED"}),
            ]

            assert statuses == [403, 403, 101]
            assert api.asked == [(key, "execute-api:Invoke", METHOD_ARN) for key in ("AKIDSTRANGER", "AKIDALLOWED")]
            unsigned = await refusal_of(api.url)
            assert unsigned is not None
            assert unsigned.body == b'{"message":"Missing Authentication Token"}'

    scenario(run())


def test_an_authorization_that_cannot_run_lets_nobody_in(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES, authorization=Unrunnable("route $connect has authorization JWT")) as api:
            assert await status_of(api.url) == 500

    scenario(run())


def test_an_authorizer_that_does_not_permit_the_api_is_not_asked(running: Running) -> None:
    async def run() -> None:
        async with running(*ROUTES, authorization=asking()) as api:
            api.sources_refused.add("authorizers/a1")

            assert await status_of(api.url) == 500
            assert api.function.authorizer_events == []

    scenario(run())
