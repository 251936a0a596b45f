"""Authorizers of WebSocket APIs: Lambda's, and IAM."""

from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from websockets.typing import Subprotocol

from .clients import Client, connect
from .deployment import STAGE, Deployment
from .stack import Stack

pytestmark = pytest.mark.slow

fact = pytest.mark.fact

MESSAGE = '{"action": "two-way"}'


def allowing(**members: Any) -> dict[str, str]:
    told = "".join(f", {name}={value!r}" for name, value in members.items())
    return {"evaluate": f"policy(event{told})"}


@fact("AUTH-05", "WS-45")
def test_principal_and_context_are_in_every_later_event(client: Client, deployment: Deployment) -> None:
    url = deployment.url(deployment.guarded_api, script=allowing(context={"plan": "gold"}))
    told = client.talk(url, MESSAGE, MESSAGE).answers

    for event in told:
        assert event["requestContext"]["authorizer"].keys() == {"principalId", "plan", "integrationLatency"}
        assert event["requestContext"]["authorizer"]["principalId"] == "somebody"
        assert event["requestContext"]["authorizer"]["plan"] == "gold"


@fact("AUTH-10")
def test_a_context_is_optional(client: Client, deployment: Deployment) -> None:
    assert client.talk(deployment.url(deployment.guarded_api, script=allowing())).status == 101


@fact("WS-25")
@pytest.mark.parametrize("members", [{"effect": "Deny"}, {"action": "execute-api:Other"}])
def test_a_policy_that_denies_or_says_nothing_is_403(
    client: Client, deployment: Deployment, members: dict[str, str]
) -> None:
    assert client.talk(deployment.url(deployment.guarded_api, script=allowing(**members))).status == 403


@fact("WS-24", "AUTH-08")
def test_raising_unauthorized_is_401(client: Client, deployment: Deployment) -> None:
    assert client.talk(deployment.url(deployment.guarded_api, script={"raise": "Unauthorized"})).status == 401


@fact("WS-24", "AUTH-04")
@pytest.mark.parametrize("query", [{}, {"script": ""}], ids=["missing", "empty"])
def test_a_missing_identity_source_is_401_and_the_function_is_not_asked(
    client: Client, stack: Stack, deployment: Deployment, query: dict[str, str]
) -> None:
    def asked() -> int:
        return len(stack.recorded(lambda entry: entry["event"].get("type") == "REQUEST"))

    before = asked()

    assert client.talk(deployment.url(deployment.guarded_api, **query)).status == 401
    assert asked() == before


@fact("WS-26")
@pytest.mark.parametrize(
    "script", [{"raise": "unauthorized"}, {"result": {"principalId": "x"}}, {"result": "text"}, {"result": None}]
)
def test_another_exception_or_a_malformed_answer_is_500(
    client: Client, deployment: Deployment, script: dict[str, Any]
) -> None:
    assert client.talk(deployment.url(deployment.guarded_api, script=script)).status == 500


@fact("AUTH-05")
@pytest.mark.parametrize("value", [{"a": 1}, [1]])
def test_a_context_holds_no_objects_and_no_lists(client: Client, deployment: Deployment, value: object) -> None:
    script = allowing(context={"nested": value})

    assert client.talk(deployment.url(deployment.guarded_api, script=script)).status == 500


@fact("AUTH-02", "AUTH-03", "WS-35")
def test_the_authorizers_event_has_headers_query_and_the_arn_of_connect(
    client: Client, stack: Stack, deployment: Deployment
) -> None:
    client.talk(deployment.url(deployment.guarded_api, script=allowing()), headers={"X-Told": "yes"})

    event = stack.awaited(lambda entry: entry["event"].get("type") == "REQUEST")[-1]["event"]
    assert event.keys() == {
        "type",
        "methodArn",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "requestContext",
    }
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{deployment.guarded_api}/{STAGE}/$connect"
    assert event["methodArn"] == arn
    names = {name.lower() for name in event["headers"]}
    assert {"connection", "upgrade", "x-told"} <= names
    assert event["multiValueHeaders"]["X-Told"] == ["yes"]


@fact("AUTH-07")
def test_results_are_not_cached(client: Client, stack: Stack, deployment: Deployment) -> None:
    def asked() -> int:
        return len(stack.recorded(lambda entry: entry["event"].get("type") == "REQUEST"))

    before = asked()
    for _ in range(2):
        client.talk(deployment.url(deployment.guarded_api, script=allowing()))

    assert asked() == before + 2


@fact("AUTH-11")
def test_messages_are_not_authorized_again(client: Client, stack: Stack, deployment: Deployment) -> None:
    def asked() -> int:
        return len(stack.recorded(lambda entry: entry["event"].get("type") == "REQUEST"))

    before = asked()
    client.talk(deployment.url(deployment.guarded_api, script=allowing()), MESSAGE, MESSAGE)

    assert asked() == before + 1


@fact("WS-74")
def test_an_authorizer_cannot_choose_a_subprotocol(deployment: Deployment) -> None:
    script = {"evaluate": "{**policy(event), 'headers': {'Sec-WebSocket-Protocol': 'b'}}"}
    url = deployment.url(deployment.guarded_api, script=script)

    with connect(url, proxy=None, subprotocols=[Subprotocol("b")]) as connection:
        assert connection.subprotocol is None


def refused(call: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**members)
    assert caught.value.response["Error"]["Code"] == "BadRequestException"
    return str(caught.value.response["Error"]["Message"])


URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:scripted:live/invocations"
)


@fact("AUTH-01", "AUTH-06", "AUTH-07")
@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"AuthorizerType": "JWT"}, "Only REQUEST authorizer type is supported on WEBSOCKET protocol Apis."),
        ({"AuthorizerResultTtlInSeconds": 300}, "AuthorizerResultTtlInSeconds cannot be set for WEBSOCKET protocol"),
        ({"AuthorizerPayloadFormatVersion": "2.0"}, "AuthorizerPayloadFormatVersion cannot be set for WEBSOCKET"),
        ({"EnableSimpleResponses": True}, "EnableSimpleResponses cannot be set for WEBSOCKET"),
    ],
)
def test_what_only_http_apis_have_is_refused(deployment: Deployment, members: dict[str, Any], said: str) -> None:
    whole = {"Name": "other", "AuthorizerType": "REQUEST", "AuthorizerUri": URI, "IdentitySource": []} | members

    assert said in refused(deployment.gateway.create_authorizer, ApiId=deployment.api, **whole)


@fact("AUTH-01")
def test_only_connect_has_an_authorization(deployment: Deployment) -> None:
    said = refused(deployment.gateway.create_route, ApiId=deployment.api, RouteKey="else", AuthorizationType="AWS_IAM")

    assert said == "Currently, authorization is restricted to the $connect route only"


@fact("AUTH-16")
def test_an_authorizers_name_is_unique_and_a_route_holds_it(deployment: Deployment) -> None:
    gateway = deployment.gateway
    routes = gateway.get_routes(ApiId=deployment.guarded_api)["Items"]
    (authorizer,) = (route["AuthorizerId"] for route in routes if "AuthorizerId" in route)
    whole = {"Name": "scripted", "AuthorizerType": "REQUEST", "AuthorizerUri": URI, "IdentitySource": []}
    with pytest.raises(ClientError) as twice:
        gateway.create_authorizer(ApiId=deployment.guarded_api, **whole)
    with pytest.raises(ClientError) as held:
        gateway.delete_authorizer(ApiId=deployment.guarded_api, AuthorizerId=authorizer)

    assert twice.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert held.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert "Cannot delete authorizer 'scripted', is referenced in route: $connect" in str(held.value)


def signed_headers(
    url: str, credentials: dict[str, str], service: str = "execute-api", region: str = "us-east-1"
) -> dict[str, str]:
    request = AWSRequest("GET", url.replace("ws://", "http://"))
    SigV4Auth(of(credentials), service, region).add_auth(request)
    return dict(request.headers)


def of(credentials: dict[str, str]) -> Credentials:
    return Credentials(
        credentials["aws_access_key_id"],
        credentials["aws_secret_access_key"],
        credentials.get("aws_session_token"),
    )


@pytest.fixture(scope="module")
def permitted(stack: Stack, deployment: Deployment) -> dict[str, str]:
    resource = f"arn:aws:execute-api:us-east-1:123456789012:{deployment.signed_api}/{STAGE}/$connect"
    return stack.lend(deployment.made.role("connecting", {"Action": "execute-api:Invoke", "Resource": resource}))


@fact("AUTH-12")
def test_a_client_signs_its_headers(client: Client, deployment: Deployment, permitted: dict[str, str]) -> None:
    url = deployment.url(deployment.signed_api)

    assert client.talk(url, headers=signed_headers(url, permitted)).status == 101


@fact("AUTH-12")
def test_a_client_signs_its_query(client: Client, deployment: Deployment, permitted: dict[str, str]) -> None:
    request = AWSRequest("GET", deployment.url(deployment.signed_api).replace("ws://", "http://"))
    SigV4QueryAuth(of(permitted), "execute-api", "us-east-1", expires=60).add_auth(request)

    assert client.talk(str(request.url).replace("http://", "ws://")).status == 101


@fact("AUTH-12")
def test_without_a_signature_or_the_permission_the_handshake_is_403(
    client: Client, stack: Stack, deployment: Deployment
) -> None:
    url = deployment.url(deployment.signed_api)
    other = stack.lend(deployment.role_without("execute-api:Invoke"))

    assert client.talk(url).status == 403
    assert client.talk(url, headers=signed_headers(url, other)).status == 403


@fact("AUTH-17")
@pytest.mark.parametrize(("service", "region"), [("sqs", "us-east-1"), ("execute-api", "eu-west-1")])
def test_a_signature_for_another_service_or_region_is_403(
    client: Client, deployment: Deployment, permitted: dict[str, str], service: str, region: str
) -> None:
    url = deployment.url(deployment.signed_api)

    assert client.talk(url, headers=signed_headers(url, permitted, service, region)).status == 403


@fact("AUTH-15")
@pytest.mark.xfail(reason="A signed handshake's identity is only the address and the user agent here.")
def test_the_identity_of_a_signed_handshake_names_who_signed(
    client: Client, deployment: Deployment, permitted: dict[str, str]
) -> None:
    url = deployment.url(deployment.signed_api)
    (told,) = client.talk(url, MESSAGE, headers=signed_headers(url, permitted)).answers

    assert "userArn" in told["requestContext"]["identity"]


@fact("AUTH-13")
def test_an_authorizer_that_outlasts_its_function_is_500(client: Client, deployment: Deployment) -> None:
    assert client.talk(deployment.url(deployment.guarded_api, script={"sleep": 5})).status == 500
