"""WebSocket APIs: routes, what the client gets, the handshake, events, limits and close codes."""

import http.client
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from ..conftest import STUCK_SECONDS
from .clients import Client, connect
from .deployment import STAGE, Deployment
from .stack import Stack, eventually

pytestmark = pytest.mark.slow

fact = pytest.mark.fact

ID = re.compile(r"[A-Za-z0-9_-]{15}=")


def message(action: str, **script: Any) -> str:
    return json.dumps({"action": action, "script": script})


def event_of(client: Client, deployment: Deployment, **options: Any) -> dict[str, Any]:
    """Return the event that a message's function gets."""
    event: dict[str, Any] = client.talk(deployment.url(deployment.api), message("two-way"), **options).answers[0]
    return event


def of_type(kind: str, connection_id: str) -> Callable[[dict[str, Any]], bool]:
    def is_wanted(entry: dict[str, Any]) -> bool:
        context = entry["event"].get("requestContext", {})
        return (context.get("eventType"), context.get("connectionId")) == (kind, connection_id)

    return is_wanted


@pytest.fixture(scope="module")
def events(stack: Stack, deployment: Deployment) -> dict[str, dict[str, Any]]:
    """The three events of one connection."""
    with connect(
        deployment.url(deployment.api, colour="blue"), proxy=None, additional_headers={"X-Told": "yes"}
    ) as connection:
        connection.send(message("two-way"))
        told = json.loads(connection.recv())
    connection_id = told["requestContext"]["connectionId"]
    (connected,) = stack.awaited(of_type("CONNECT", connection_id))
    (disconnected,) = stack.awaited(of_type("DISCONNECT", connection_id))
    return {"CONNECT": connected["event"], "MESSAGE": told, "DISCONNECT": disconnected["event"]}


@fact("WS-01", "WS-03")
def test_a_message_takes_the_route_that_the_expression_names(client: Client, deployment: Deployment) -> None:
    talk = client.talk(deployment.url(deployment.open_api), '{"kind": "get", "what": "weather"}')

    assert talk.answers[0]["requestContext"]["routeKey"] == "get-weather"


@fact("WS-02")
@pytest.mark.parametrize(
    ("body", "key"), [({"kind": "get", "what": ["a", "b"]}, "get-[a, b]"), ({"what": "weather"}, "-weather")]
)
def test_a_list_is_written_with_brackets_and_a_path_that_leads_nowhere_is_empty(
    client: Client, deployment: Deployment, body: dict[str, Any], key: str
) -> None:
    talk = client.talk(deployment.url(deployment.open_api), json.dumps(body))

    assert talk.answers[0]["requestContext"]["routeKey"] == key


@fact("WS-03", "WS-04")
@pytest.mark.parametrize("body", ['{"kind": "put", "what": "weather"}', "no JSON at all", "[1]"])
def test_what_names_no_route_takes_the_default_one(client: Client, deployment: Deployment, body: str) -> None:
    talk = client.talk(deployment.url(deployment.open_api), body)

    assert talk.answers[0]["requestContext"]["routeKey"] == "$default"


@fact("WS-05")
@pytest.mark.parametrize("key", ["$connect", "$disconnect"])
def test_no_message_takes_a_reserved_route(client: Client, deployment: Deployment, key: str) -> None:
    talk = client.talk(deployment.url(deployment.api), message(key))

    assert talk.answers[0]["message"] == "Forbidden"


@fact("WS-06", "WS-03")
def test_a_message_without_a_route_is_forbidden_byte_for_byte_and_the_connection_stays(
    client: Client, deployment: Deployment
) -> None:
    talk = client.talk(deployment.url(deployment.api), message("nowhere"), message("two-way"))

    (refused,) = (frame for frame in talk.frames if "Forbidden" in frame)
    form = r'{"message": "Forbidden", "connectionId":"[\w-]{15}=", "requestId":"[\w-]{15}="}'
    assert re.fullmatch(form, refused)
    assert len(talk.frames) == 2


@fact("WS-07")
def test_a_route_that_was_added_since_waits_for_a_deployment(
    client: Client, stack: Stack, deployment: Deployment
) -> None:
    api_id = deployment.made.api("late-route")
    deployment.made.route(api_id, "first", deployment.function, two_way=True)
    deployment.made.deploy(api_id, STAGE)
    stack.load()
    deployment.made.route(api_id, "second", deployment.function, two_way=True)
    stack.load()
    before = client.talk(deployment.url(api_id), message("second"))
    deployment.made.deploy(api_id, STAGE)
    stack.load()
    after = client.talk(deployment.url(api_id), message("second"))

    assert before.answers[0]["message"] == "Forbidden"
    assert after.answers[0]["requestContext"]["routeKey"] == "second"


@fact("WS-10")
@pytest.mark.parametrize("route", ["one-way", "two-way"])
def test_an_exception_shows_the_client_an_internal_error(client: Client, deployment: Deployment, route: str) -> None:
    talk = client.talk(deployment.url(deployment.api), message(route, **{"raise": "no"}))

    form = r'{"message": "Internal server error", "connectionId":"[\w-]{15}=", "requestId":"[\w-]{15}="}'
    assert re.fullmatch(form, talk.frames[0])


@fact("WS-11", "WS-30")
@pytest.mark.parametrize("status", [200, 201, 301, 401, 501])
def test_a_one_way_route_shows_the_client_nothing(deployment: Deployment, status: int) -> None:
    with connect(deployment.url(deployment.api), proxy=None) as connection:
        connection.send(message("one-way", result={"statusCode": status, "body": "seen?"}))
        connection.send(message("two-way", result={"statusCode": 200, "body": "seen"}))

        assert connection.recv() == "seen"
        with pytest.raises(TimeoutError):
            connection.recv(0.3)


@fact("WS-12")
def test_a_body_becomes_one_frame_that_is_exactly_that_body(client: Client, deployment: Deployment) -> None:
    body = 'ß "quoted" \n {not JSON'

    talk = client.talk(deployment.url(deployment.api), message("two-way", result={"statusCode": 201, "body": body}))

    assert talk.frames == [body]


@fact("WS-13", "WS-14")
@pytest.mark.parametrize("result", [{"statusCode": 400, "body": "mine"}, {"body": "no status"}, "text", [1], 7])
def test_another_status_or_none_is_an_internal_error(client: Client, deployment: Deployment, result: Any) -> None:
    talk = client.talk(deployment.url(deployment.api), message("two-way", result=result))

    assert talk.answers[0]["message"] == "Internal server error"


@fact("WS-15")
@pytest.mark.parametrize("result", [{"statusCode": 200}, {"statusCode": 200, "body": ""}])
def test_no_body_is_no_frame(deployment: Deployment, result: Any) -> None:
    with connect(deployment.url(deployment.api), proxy=None) as connection:
        connection.send(message("two-way", result=result))

        with pytest.raises(TimeoutError):
            connection.recv(0.7)


@fact("WS-16", "WS-09")
def test_an_integration_that_takes_too_long_is_an_internal_error_and_its_function_goes_on(
    client: Client, stack: Stack, deployment: Deployment
) -> None:
    marker = f"after {time.monotonic()}"
    slow = {"sleep": 0.5, "evaluate": f"open(os.environ['RECORDS'] + '.late', 'a').write({marker!r})"}

    talk = client.talk(deployment.url(deployment.api), message("hurried", **slow))

    assert talk.answers[0]["message"] == "Internal server error"
    late = stack.records.with_name(stack.records.name + ".late")
    assert eventually(lambda: late.exists() and marker in late.read_text())


@fact("WS-17", "LAM-38")
def test_a_throttled_function_is_an_internal_error(client: Client, stack: Stack, deployment: Deployment) -> None:
    api_id = deployment.made.api("throttled-function")
    deployment.made.route(api_id, "two-way", deployment.idle_function, two_way=True)
    deployment.made.deploy(api_id, STAGE)
    stack.load()

    talk = client.talk(deployment.url(api_id), message("two-way"))

    assert talk.answers[0]["message"] == "Internal server error"


@fact("WS-18", "WS-27", "WS-67")
def test_a_stage_throttles_messages_and_handshakes_by_a_bucket_of_tokens(
    client: Client, stack: Stack, deployment: Deployment
) -> None:
    api_id = deployment.made.api("throttled")
    deployment.made.route(api_id, "two-way", deployment.function, two_way=True)
    settings = {"ThrottlingRateLimit": 0.01, "ThrottlingBurstLimit": 3}
    deployment.made.deploy(api_id, STAGE, DefaultRouteSettings=settings)
    stack.load()

    talk = client.talk(deployment.url(api_id), *[message("two-way")] * 3)
    later = client.talk(deployment.url(api_id))

    told = [answer for answer in talk.answers if "message" in answer]
    assert [answer["message"] for answer in told] == ["Too Many Requests"]
    assert told[0].keys() == {"message", "connectionId", "requestId"}
    assert later.status == 429


@fact("TF-08")
def test_a_limit_that_is_sent_as_0_refuses_every_connection(
    client: Client, stack: Stack, deployment: Deployment
) -> None:
    api_id = deployment.made.api("limit-of-0")
    deployment.made.route(api_id, "two-way", deployment.function)
    deployment.made.deploy(api_id, STAGE, DefaultRouteSettings={"ThrottlingRateLimit": 0, "ThrottlingBurstLimit": 0})
    stack.load()

    assert client.talk(deployment.url(api_id)).status == 429


@fact("WS-19", "WS-20")
@pytest.mark.parametrize(("status", "seen"), [(200, 101), (204, 101), (301, 301), (400, 400), (401, 401), (501, 501)])
def test_the_status_of_connect_decides_the_handshake(
    client: Client, deployment: Deployment, status: int, seen: int
) -> None:
    url = deployment.url(deployment.api, script={"result": {"statusCode": status}})

    assert client.talk(url).status == seen


@fact("WS-21")
def test_an_exception_of_connect_is_502(client: Client, deployment: Deployment) -> None:
    assert client.talk(deployment.url(deployment.api, script={"raise": "no"})).status == 502


@fact("WS-22")
def test_a_connect_that_takes_too_long_is_504(client: Client, stack: Stack, deployment: Deployment) -> None:
    api_id = deployment.made.api("slow-connect")
    deployment.hurried_route(api_id, "$connect")
    deployment.made.deploy(api_id, STAGE)
    stack.load()

    assert client.talk(deployment.url(api_id, script={"sleep": 0.5})).status == 504


@fact("WS-23")
def test_an_api_without_connect_lets_everybody_in(client: Client, deployment: Deployment) -> None:
    assert client.talk(deployment.url(deployment.open_api)).status == 101


@fact("WS-28")
def test_a_plain_request_is_told_to_upgrade(deployment: Deployment) -> None:
    parts = urlsplit(deployment.url(deployment.api))
    plain = http.client.HTTPConnection(parts.netloc)
    plain.request("GET", parts.path)

    assert plain.getresponse().status == 426
    plain.close()


@fact("WS-80")
@pytest.mark.parametrize(
    ("path", "script", "status", "body"),
    [
        ("/none/live", {}, 403, b'{"message":"Forbidden"}'),
        ("", {"sleep": 0.5}, 504, b'{"message":"Endpoint request timed out"}'),
    ],
    ids=["no such API", "timeout"],
)
def test_refusals_are_in_api_gateways_own_words(
    stack: Stack, deployment: Deployment, path: str, script: dict[str, Any], status: int, body: bytes
) -> None:
    if not path:
        api_id = deployment.made.api("worded")
        deployment.hurried_route(api_id, "$connect")
        deployment.made.deploy(api_id, STAGE)
        stack.load()
        path = (
            urlsplit(deployment.url(api_id, script=script)).path
            + "?"
            + urlsplit(deployment.url(api_id, script=script)).query
        )
    answer = handshake(stack, path)

    assert answer.status == status
    assert answer.read().replace(b": ", b":") == body


@fact("WS-81")
def test_a_handshake_has_10_240_bytes_of_headers(stack: Stack, deployment: Deployment) -> None:
    path = urlsplit(deployment.url(deployment.api)).path

    assert handshake(stack, path, {"X-Long": "x" * 9_000}).status == 101
    assert handshake(stack, path, {"X-Long": "x" * 10_300}).status == 431


def handshake(stack: Stack, path: str, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    """Shake hands by hand, to see all of the answer."""
    connection = http.client.HTTPConnection(stack.address, timeout=20)
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    connection.request("GET", path, headers=upgrade | (headers or {}))
    response = connection.getresponse()
    if response.status == 101:
        connection.close()
    return response


@fact("WS-34")
def test_the_event_of_connect_has_headers_and_no_body(events: dict[str, dict[str, Any]]) -> None:
    event = events["CONNECT"]

    assert event.keys() == {
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "requestContext",
        "isBase64Encoded",
    }
    assert event["isBase64Encoded"] is False
    assert event["queryStringParameters"] == {"colour": "blue"}
    assert event["multiValueQueryStringParameters"] == {"colour": ["blue"]}


@fact("WS-34")
def test_without_a_query_the_event_has_no_members_for_it(client: Client, stack: Stack, deployment: Deployment) -> None:
    told = event_of(client, deployment)
    (connected,) = stack.awaited(of_type("CONNECT", told["requestContext"]["connectionId"]))

    assert connected["event"].keys() == {"headers", "multiValueHeaders", "requestContext", "isBase64Encoded"}


@fact("WS-35", "WS-36")
def test_the_integration_sees_the_clients_headers_and_awss_but_not_those_of_the_hop(
    events: dict[str, dict[str, Any]],
) -> None:
    headers = {name.lower(): value for name, value in events["CONNECT"]["headers"].items()}

    assert headers.keys().isdisjoint({"connection", "upgrade", "content-length"})
    assert headers.keys() >= {
        "host",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-extensions",
        "x-amzn-trace-id",
        "x-forwarded-for",
    }
    assert (headers["x-forwarded-port"], headers["x-forwarded-proto"]) == ("443", "https")
    assert events["CONNECT"]["headers"]["X-Told"] == "yes"


@fact("WS-37")
def test_the_event_of_a_message_has_a_body_and_no_headers(events: dict[str, dict[str, Any]]) -> None:
    event = events["MESSAGE"]

    assert event.keys() == {"requestContext", "body", "isBase64Encoded"}
    assert event["body"] == message("two-way")
    assert event["isBase64Encoded"] is False


@fact("WS-38")
def test_the_event_of_disconnect_has_four_headers_three_of_them_empty(events: dict[str, dict[str, Any]]) -> None:
    headers = events["DISCONNECT"]["headers"]

    assert headers.keys() == {"Host", "x-api-key", "X-Forwarded-For", "x-restapi"}
    assert (headers["x-api-key"], headers["X-Forwarded-For"], headers["x-restapi"]) == ("", "", "")
    assert "body" not in events["DISCONNECT"]


@fact("WS-39")
@pytest.mark.parametrize("kind", ["CONNECT", "MESSAGE", "DISCONNECT"])
def test_every_context_has_the_same_members(
    events: dict[str, dict[str, Any]], deployment: Deployment, kind: str
) -> None:
    context = events[kind]["requestContext"]

    assert context.keys() >= {
        "routeKey",
        "eventType",
        "requestId",
        "extendedRequestId",
        "requestTime",
        "requestTimeEpoch",
        "connectedAt",
        "connectionId",
        "apiId",
        "stage",
        "domainName",
        "identity",
        "messageDirection",
    }
    assert context["extendedRequestId"] == context["requestId"]
    assert (context["apiId"], context["stage"]) == (deployment.api, STAGE)
    assert (context["eventType"], context["messageDirection"]) == (kind, "IN")


@fact("WS-40", "WS-50")
def test_messages_have_an_id_and_disconnections_a_code_and_a_reason(events: dict[str, dict[str, Any]]) -> None:
    assert ID.fullmatch(events["MESSAGE"]["requestContext"]["messageId"])
    assert "messageId" not in events["CONNECT"]["requestContext"]
    assert events["DISCONNECT"]["requestContext"]["disconnectStatusCode"] == 1000
    assert isinstance(events["DISCONNECT"]["requestContext"]["disconnectReason"], str)


@fact("WS-41", "WS-42")
def test_times_are_milliseconds_and_one_is_text(events: dict[str, dict[str, Any]]) -> None:
    contexts = [event["requestContext"] for event in events.values()]

    assert len({context["connectedAt"] for context in contexts}) == 1
    for context in contexts:
        assert isinstance(context["requestTimeEpoch"], int)
        assert abs(context["requestTimeEpoch"] / 1000 - time.time()) < 600
        assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["requestTime"])
    assert 0 <= contexts[0]["requestTimeEpoch"] - contexts[0]["connectedAt"] < 1000


@fact("WS-43")
def test_identity_has_the_user_agent_only_if_the_client_sent_one(
    events: dict[str, dict[str, Any]], stack: Stack, deployment: Deployment
) -> None:
    assert events["CONNECT"]["requestContext"]["identity"].keys() == {"sourceIp", "userAgent"}
    with connect(deployment.url(deployment.api), proxy=None, user_agent_header=None) as connection:
        connection.send(message("two-way"))
        told = json.loads(connection.recv())

    assert told["requestContext"]["identity"].keys() == {"sourceIp"}


@fact("WS-44")
def test_ids_are_15_url_safe_characters_and_an_equals_sign(events: dict[str, dict[str, Any]]) -> None:
    context = events["MESSAGE"]["requestContext"]

    assert all(ID.fullmatch(context[name]) for name in ("connectionId", "messageId", "requestId"))


@fact("WS-48")
def test_the_handshake_waits_for_connect(client: Client, deployment: Deployment) -> None:
    started = time.monotonic()

    client.talk(deployment.url(deployment.api, script={"sleep": 0.5, "result": {"statusCode": 200}}))

    assert time.monotonic() - started >= 0.5


@fact("WS-31", "WS-49")
def test_disconnect_runs_after_the_close_and_its_failure_is_nobodys(
    stack: Stack, deployment: Deployment, events: dict[str, dict[str, Any]]
) -> None:
    connection_id = events["DISCONNECT"]["requestContext"]["connectionId"]

    assert connection_id not in stack.data_plane.gateway.connection_ids()
    assert (
        events["DISCONNECT"]["requestContext"]["requestTimeEpoch"]
        >= (events["MESSAGE"]["requestContext"]["requestTimeEpoch"])
    )


@fact("WS-50")
@pytest.mark.parametrize(
    ("code", "reported", "reason"),
    [(None, 1005, "Client-side close frame status not set"), (1001, 1001, ""), (4000, 4000, "bored")],
)
def test_a_disconnection_is_reported_by_the_code_of_whoever_closed(
    stack: Stack, deployment: Deployment, code: int | None, reported: int, reason: str
) -> None:
    with connect(deployment.url(deployment.api), proxy=None) as connection:
        connection.send(message("two-way"))
        connection_id = json.loads(connection.recv())["requestContext"]["connectionId"]
        if code is None:
            connection.protocol.send_close()
            connection.socket.sendall(b"".join(connection.protocol.data_to_send()))
        else:
            connection.close(code, reason)
        (seen,) = stack.awaited(of_type("DISCONNECT", connection_id))

    context = seen["event"]["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (reported, reason)


@fact("WS-53")
def test_a_binary_message_closes_the_connection_with_1003(client: Client, deployment: Deployment) -> None:
    talk = client.talk(deployment.url(deployment.api), b"\0" * 10, close=None)

    assert talk.close_code == 1003


@fact("WS-54")
def test_a_frame_of_32_kb_is_taken(client: Client, deployment: Deployment) -> None:
    text = message("two-way", result={"statusCode": 200, "body": "taken"})
    padded = text + " " * (32 * 1024 - len(text))

    assert client.talk(deployment.url(deployment.api), padded).frames == ["taken"]


@fact("WS-54")
def test_a_larger_frame_closes_the_connection_with_1009_without_a_word(client: Client, deployment: Deployment) -> None:
    text = message("two-way")
    talk = client.talk(deployment.url(deployment.api), text + " " * (32 * 1024 + 1 - len(text)), close=None)

    assert (talk.close_code, talk.frames) == (1009, [])


def fragments(size: int, deployment: Deployment) -> list[str]:
    text = message("two-way", result={"statusCode": 200, "body": "taken"})
    padded = text + " " * (size - len(text))
    return [padded[start : start + 32 * 1024] for start in range(0, size, 32 * 1024)]


@fact("WS-54", "WS-55")
def test_a_message_of_128_kb_is_taken_in_frames_of_32(client: Client, deployment: Deployment) -> None:
    assert client.talk(deployment.url(deployment.api), fragments(128 * 1024, deployment), frames=1).frames == ["taken"]


@fact("WS-54")
def test_a_larger_message_closes_the_connection_with_1009(client: Client, deployment: Deployment) -> None:
    talk = client.talk(deployment.url(deployment.api), fragments(128 * 1024 + 1, deployment), close=None)

    assert talk.close_code == 1009


@fact("WS-59")
def test_a_ping_is_answered_and_none_is_sent(deployment: Deployment) -> None:
    with connect(deployment.url(deployment.api), proxy=None, ping_interval=None) as connection:
        assert connection.ping(b"there?").wait(STUCK_SECONDS)
        connection.send(message("two-way"))
        connection.recv()

        received = connection.protocol.events_received()
        assert [frame for frame in received if isinstance(frame, Frame) and frame.opcode is Opcode.PING] == []


@fact("WS-64", "AUTH-05")
@pytest.mark.parametrize(("size", "status"), [(7_000, 101), (9_000, 500)])
def test_an_authorizers_answer_has_at_most_8_kb(client: Client, deployment: Deployment, size: int, status: int) -> None:
    script = {"evaluate": f"policy(event, context={{'long': 'x' * {size}}})"}

    assert client.talk(deployment.url(deployment.guarded_api, script=script)).status == status


@fact("WS-69", "CB-14")
def test_a_stage_that_is_not_there_is_forbidden(client: Client, deployment: Deployment) -> None:
    assert client.talk(deployment.url(deployment.api, stage="other")).status == 403
    assert client.talk(deployment.url("0000000000")).status == 403


@fact("WS-74")
def test_connects_header_chooses_the_subprotocol(client: Client, deployment: Deployment) -> None:
    script = {"result": {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "b"}}}

    assert client.talk(deployment.url(deployment.api, script=script), subprotocols=["a", "b"]).subprotocol == "b"


@fact("WS-74", "WS-75")
def test_a_subprotocol_that_nobody_chose_is_not_echoed(deployment: Deployment) -> None:
    with connect(deployment.url(deployment.api), proxy=None, subprotocols=["a"]) as connection:
        assert connection.subprotocol is None


@fact("WS-76")
def test_the_offer_arrives_as_one_string_with_commas(client: Client, stack: Stack, deployment: Deployment) -> None:
    script = {"evaluate": "{'statusCode': 200, 'headers': {'Sec-WebSocket-Protocol': 'a'}}"}
    url = deployment.url(deployment.api, script=script)

    client.talk(url, subprotocols=["a", "b"])

    def offered(entry: dict[str, Any]) -> bool:
        names = {name.lower() for name in entry["event"].get("headers", ())}
        return entry["event"].get("queryStringParameters", {}).get("script") == json.dumps(script) and (
            "sec-websocket-protocol" in names
        )

    headers = stack.awaited(offered)[-1]["event"]["headers"]
    (header,) = (value for name, value in headers.items() if name.lower() == "sec-websocket-protocol")
    assert [part.strip() for part in header.split(",")] == ["a", "b"]


@fact("WS-77")
def test_a_route_needs_the_functions_permission(client: Client, stack: Stack, deployment: Deployment) -> None:
    gateway = deployment.gateway
    route = next(route for route in gateway.get_routes(ApiId=deployment.api)["Items"] if route["RouteKey"] == "two-way")
    api_id = deployment.made.api(f"not-permitted-{id(client)}")
    target = gateway.get_integration(ApiId=deployment.api, IntegrationId=route["Target"].partition("/")[2])
    integration = gateway.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=target["IntegrationUri"]
    )["IntegrationId"]
    gateway.create_route(ApiId=api_id, RouteKey="one-way", Target=f"integrations/{integration}")
    deployment.made.deploy(api_id, STAGE)
    stack.load()

    talk = client.talk(deployment.url(api_id), message("one-way"))

    assert talk.answers[0]["message"] == "Internal server error"


@fact("WS-82")
def test_a_stage_with_automatic_deployment_has_each_new_route(
    client: Client, stack: Stack, deployment: Deployment
) -> None:
    api_id = deployment.made.api("automatic")
    deployment.gateway.create_stage(ApiId=api_id, StageName=STAGE, AutoDeploy=True)
    deployment.made.route(api_id, "two-way", deployment.function, two_way=True)
    stack.load()

    assert client.talk(deployment.url(api_id), message("two-way")).answers[0]["requestContext"]["stage"] == STAGE


@fact("WS-36")
def test_the_hosts_name_in_events_is_that_of_the_api(events: dict[str, dict[str, Any]], deployment: Deployment) -> None:
    expected = f"{deployment.api}.execute-api.us-east-1.amazonaws.com"

    assert {event["requestContext"]["domainName"] for event in events.values()} == {expected}


@fact("WS-51", "WS-57")
def test_an_idle_connection_is_closed_after_10_minutes(fast_stack: Stack, fast_deployment: Deployment) -> None:
    with connect(fast_deployment.url(fast_deployment.open_api), proxy=None, ping_interval=None) as connection:
        opened = fast_stack.now()
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(STUCK_SECONDS)
        lasted = fast_stack.now() - opened

    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "Going away")
    assert lasted > 590


@fact("WS-51", "WS-57", "WS-58")
def test_a_busy_connection_is_closed_after_2_hours(fast_stack: Stack, fast_deployment: Deployment) -> None:
    for _ in range(5):
        lasted, longest_silence, closed = busy(fast_stack, fast_deployment)
        if longest_silence < 590:  # else the machine stood still for a second, which is ten idle minutes here
            break

    assert closed.rcvd is not None
    assert closed.rcvd.code == 1001
    assert lasted > 2 * 60 * 60 - 10


def busy(stack: Stack, deployment: Deployment) -> tuple[float, float, ConnectionClosed]:
    """Connect, and post until the connection is closed: each message to the client ends the idleness.

    Return how long it lasted, the longest time without a post, and the close. A post costs no start of a function.
    """
    with connect(deployment.url(deployment.open_api), proxy=None, ping_interval=None) as connection:
        opened = posted = stack.now()
        longest_silence = 0.0
        (connection_id,) = eventually(stack.data_plane.gateway.connection_ids)
        posting = deployment.connections(deployment.open_api)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                with suppress(posting.exceptions.GoneException):  # then the client is told as well
                    posting.post_to_connection(ConnectionId=connection_id, Data=b"here")
                longest_silence, posted = max(longest_silence, stack.now() - posted), stack.now()
                connection.recv(STUCK_SECONDS)
                time.sleep(0.2)
        return stack.now() - opened, longest_silence, closed.value


@fact("WS-46")
def test_an_authorizers_numbers_are_strings_or_numbers(client: Client, deployment: Deployment) -> None:
    script = {"evaluate": "policy(event, context={'n': 7, 'b': True, 's': 'x'})"}
    talk = client.talk(deployment.url(deployment.guarded_api, script=script), message("two-way"))

    told = talk.answers[0]["requestContext"]["authorizer"]
    assert (str(told["n"]), str(told["b"]).lower(), told["s"]) == ("7", "true", "x")


@fact("WS-47")
def test_only_the_authorizers_event_has_stage_variables(
    stack: Stack, client: Client, deployment: Deployment, events: dict[str, dict[str, Any]]
) -> None:
    client.talk(deployment.url(deployment.guarded_api, script={"evaluate": "policy(event)"}))

    asked = stack.awaited(lambda entry: entry["event"].get("type") == "REQUEST")
    assert asked[-1]["event"]["stageVariables"] == {}
    assert "stageVariables" not in events["CONNECT"]
