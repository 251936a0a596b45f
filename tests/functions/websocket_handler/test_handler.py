"""The websocket handler as API Gateway calls it, with moto's SQS behind it."""

import hashlib
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import boto3
import moto
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ReadTimeoutError,
)

from selador_shared.envelope import Envelope
from selador_shared.protocol import Accepted, Error, Pong, parse_frame

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

type ReadEvent = Callable[[str], dict[str, Any]]


@pytest.fixture
def sqs() -> "Iterator[SQSClient]":
    with moto.mock_aws():
        yield boto3.client("sqs")


@pytest.fixture
def queue_url(sqs: "SQSClient") -> str:
    return sqs.create_queue(QueueName="selador-test")["QueueUrl"]


@pytest.fixture
def handler(queue_url: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the entry point as Lambda does, once its environment is set, and anew, since loggers keep their stdout."""
    monkeypatch.setenv("SQS_QUEUE_URL", queue_url)
    monkeypatch.setenv("QUERY_TEXT_LIMIT", "1000")
    monkeypatch.setenv("DEADLINE_SECONDS", "4000")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-65c66b3b-0123456789abcdef01234567;Sampled=1")
    for name in ("handler", "invoke"):
        monkeypatch.delitem(sys.modules, f"selador_websocket_handler.{name}", raising=False)
    return importlib.import_module("selador_websocket_handler.handler")


def queued(sqs: "SQSClient", queue_url: str) -> list[Any]:
    received = sqs.receive_message(
        QueueUrl=queue_url,
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return received.get("Messages", [])


def test_an_invoke_is_queued_once_and_acknowledged(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent
) -> None:
    response = handler.handle(aws_event("message"), None)

    assert response["statusCode"] == 200
    frame = parse_frame(response["body"])
    (message,) = queued(sqs, queue_url)
    assert frame == Accepted(request_id="r-1", message_id=message["MessageId"], deadline_seconds=4000)
    envelope = Envelope.model_validate_json(message["Body"])
    assert envelope.request_id == "r-1"
    assert envelope.connection_id == "S3Y7fd1cDoECJKQ="
    assert envelope.received_at == 1707502309017
    assert envelope.attempts_before == 0
    assert envelope.request.model_dump(include={"type", "text"}) == {
        "type": "query",
        "text": "Which flats near the harbour allow pets?",
    }


def test_the_message_carries_what_queue_and_traces_need(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent
) -> None:
    handler.handle(aws_event("message"), None)

    (message,) = queued(sqs, queue_url)
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {"requestId": "r-1", "connectionId": "S3Y7fd1cDoECJKQ="}
    assert message["Attributes"]["MessageGroupId"] == "S3Y7fd1cDoECJKQ="
    assert message["Attributes"]["AWSTraceHeader"].startswith("Root=1-65c66b3b")


def test_the_principal_is_the_fairness_key_where_there_is_one(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent
) -> None:
    event = aws_event("message")
    event["requestContext"]["authorizer"] = {"principalId": "tenant-7"}

    handler.handle(event, None)

    (message,) = queued(sqs, queue_url)
    assert message["Attributes"]["MessageGroupId"] == "tenant-7"
    assert Envelope.model_validate_json(message["Body"]).principal_id == "tenant-7"


def test_the_clients_claims_go_into_envelope_and_log(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    event = aws_event("message")
    event["requestContext"]["authorizer"] = {"principalId": "u-1", "claims": '{"tenant":"t-1","roles":["a"]}'}

    handler.handle(event, None)

    (message,) = queued(sqs, queue_url)
    claims = {"tenant": "t-1", "roles": ["a"]}
    assert Envelope.model_validate_json(message["Body"]).claims == claims
    (line,) = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "message" in line]
    assert (line["principalId"], line["claims"]) == ("u-1", claims)


@pytest.mark.parametrize("principal", ["auth0|Jürgen Müller", "x" * 129, "a b", "☕"])
def test_a_principal_that_is_no_group_id_is_hashed_into_one(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent, principal: str
) -> None:
    event = aws_event("message")
    event["requestContext"]["authorizer"] = {"principalId": principal}

    frame = parse_frame(handler.handle(event, None)["body"])

    assert isinstance(frame, Accepted)
    (message,) = queued(sqs, queue_url)
    assert message["Attributes"]["MessageGroupId"] == hashlib.sha256(principal.encode()).hexdigest()


@pytest.mark.parametrize(
    ("body", "request_id"),
    [
        pytest.param('{"action":"invoke","text":"Hi","requestId":"mine"}', "mine", id="invoke"),
        pytest.param('{"action":"ping"}', None, id="ping"),
        pytest.param('{"action":"invoke","text":"","requestId":"mine"}', "mine", id="invalid"),
        pytest.param("hello", None, id="no JSON"),
    ],
)
def test_after_its_token_has_expired_a_client_is_answered_unauthorized(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent, body: str, request_id: str | None
) -> None:
    """API Gateway looks at the token on $connect only, and keeps the connection for up to two hours (AUTH-11)."""
    event = aws_event("message") | {"body": body}
    event["requestContext"]["authorizer"] = {"principalId": "u-1", "expiresAt": "1707502309"}

    frame = parse_frame(handler.handle(event, None)["body"])

    assert isinstance(frame, Error)
    assert (frame.code, frame.retryable) == ("unauthorized", False)
    assert "expired at 2024-02-09T18:11:49Z" in frame.message
    assert request_id in (None, frame.request_id)
    assert queued(sqs, queue_url) == []


def test_until_its_token_expires_a_client_is_served(handler: ModuleType, aws_event: ReadEvent) -> None:
    event = aws_event("message")
    event["requestContext"]["authorizer"] = {"principalId": "u-1", "expiresAt": "1707502310"}

    frame = parse_frame(handler.handle(event, None)["body"])

    assert isinstance(frame, Accepted)


def test_a_binary_message_is_refused(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent
) -> None:
    event = aws_event("message") | {"isBase64Encoded": True}

    frame = parse_frame(handler.handle(event, None)["body"])

    assert isinstance(frame, Error)
    assert (frame.code, frame.message) == (
        "invalid_request",
        "the message is binary; the protocol's messages are text",
    )
    assert queued(sqs, queue_url) == []


def test_a_request_without_an_id_gets_one(handler: ModuleType, aws_event: ReadEvent) -> None:
    event = aws_event("message") | {"body": '{"action":"invoke","text":"Hi"}'}

    first = parse_frame(handler.handle(event, None)["body"])
    second = parse_frame(handler.handle(event, None)["body"])

    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert first.request_id != second.request_id


@pytest.mark.parametrize(
    "text",
    ["naïve café ☕ 𝄞", "a\u0000b\u0007c", "\ufffe\uffff", '"quoted" \\ and\nlines\ttabs', "\u200bzero width"],
)
def test_any_valid_text_arrives_unchanged_and_in_characters_that_sqs_takes(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent, text: str
) -> None:
    handler.handle(aws_event("message") | {"body": json.dumps({"action": "invoke", "text": text})}, None)

    (message,) = queued(sqs, queue_url)
    assert Envelope.model_validate_json(message["Body"]).request.model_dump()["text"] == text
    assert message["Body"].isascii()
    assert message["Body"].isprintable()


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ("not JSON", "invalid_request", None),
        ("[]", "invalid_request", None),
        ("", "invalid_request", None),
        ('{"action":"dance"}', "unknown_action", "action"),
        ('{"action":"invoke","text":""}', "invalid_request", "text"),
        ('{"action":"invoke","text":"' + "x" * 1001 + '"}', "invalid_request", "text"),
        ('{"action":"invoke","text":"x","requestId":"no spaces"}', "invalid_request", "requestId"),
        ('{"action":"invoke","text":"x","surprise":true}', "invalid_request", "surprise"),
    ],
)
def test_a_bad_message_gets_an_error_frame_and_nothing_is_queued(
    handler: ModuleType,
    sqs: "SQSClient",
    queue_url: str,
    aws_event: ReadEvent,
    body: str,
    code: str,
    field: str | None,
) -> None:
    response = handler.handle(aws_event("message") | {"body": body}, None)

    assert response["statusCode"] == 200
    frame = parse_frame(response["body"])
    assert isinstance(frame, Error)
    assert (frame.code, frame.field, frame.retryable) == (code, field, False)
    assert queued(sqs, queue_url) == []


def test_a_message_event_without_a_body_gets_an_error_frame(handler: ModuleType, aws_event: ReadEvent) -> None:
    event = aws_event("message")
    del event["body"]

    frame = parse_frame(handler.handle(event, None)["body"])

    assert isinstance(frame, Error)


def test_ping_is_answered_with_pong(handler: ModuleType, aws_event: ReadEvent) -> None:
    response = handler.handle(aws_event("message") | {"body": '{"action":"ping"}'}, None)

    assert parse_frame(response["body"]) == Pong()


def test_a_failed_send_is_unavailable_and_retryable(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent
) -> None:
    sqs.delete_queue(QueueUrl=queue_url)

    response = handler.handle(aws_event("message"), None)

    assert response["statusCode"] == 200
    frame = parse_frame(response["body"])
    assert isinstance(frame, Error)
    assert (frame.code, frame.retryable, frame.request_id) == ("unavailable", True, "r-1")
    assert frame.message == "the request was not queued; send it again"


def of_sqs(status: int, code: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "SendMessage")


URL = "https://sqs.example"


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (of_sqs(400, "InvalidMessageContents"), "the request was not queued"),
        (of_sqs(403, "AccessDenied"), "the request was not queued"),
        (of_sqs(403, "RequestThrottled"), "the request was not queued"),
        (of_sqs(500, "InternalError"), "may have been queued"),
        (of_sqs(503, "ServiceUnavailable"), "may have been queued"),
        (of_sqs(504, "504"), "may have been queued"),
        (ClientError({"Error": {"Code": "?"}, "ResponseMetadata": {}}, "SendMessage"), "may have been queued"),  # type: ignore[typeddict-item]  # an answer without a status
        (ReadTimeoutError(endpoint_url=URL), "may have been queued"),
        (ConnectTimeoutError(endpoint_url=URL), "may have been queued"),
        (EndpointConnectionError(endpoint_url=URL), "may have been queued"),
        (HTTPClientError(error="the connection was reset"), "may have been queued"),
        (NoCredentialsError(), "may have been queued"),
    ],
    ids=str,
)
def test_only_a_refusal_by_sqs_says_that_nothing_was_queued(
    handler: ModuleType,
    aws_event: ReadEvent,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failure: Exception,
    words: str,
) -> None:
    monkeypatch.setattr(handler._intake.sqs, "send_message", failing(failure))

    frame = parse_frame(handler.handle(aws_event("message"), None)["body"])

    assert isinstance(frame, Error)
    assert (frame.code, frame.retryable, frame.request_id) == ("unavailable", True, "r-1")
    assert words in frame.message
    assert counted(capsys) == ["SendFailed"]


def failing(error: Exception) -> Callable[..., None]:
    def fail(**_: object) -> None:
        raise error

    return fail


def counted(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the metrics that were moved, in their order."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    directives = [directive for line in lines for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])]
    return [metric["Name"] for directive in directives for metric in directive["Metrics"]]


@pytest.mark.parametrize(
    ("body", "request_id"),
    [
        ('{"action":"invoke","text":"Hi","requestId":"mine"}', "mine"),
        ('{"action":"ping"}', None),
        ('{"requestId":"mine"', None),
        ('{"requestId":"not mine"}', None),
        ('{"requestId":7}', None),
        ('["requestId"]', None),
        ("[" * 32_000, None),
        (None, None),
    ],
)
def test_an_unexpected_failure_is_internal_counted_and_keeps_the_clients_request_id(
    handler: ModuleType,
    aws_event: ReadEvent,
    capsys: pytest.CaptureFixture[str],
    body: str | None,
    request_id: str | None,
) -> None:
    event = aws_event("message") | {"body": body}
    del event["requestContext"]["requestTimeEpoch"]

    response = handler.handle(event, None)

    frame = parse_frame(response["body"])
    assert isinstance(frame, Error)
    assert (frame.code, frame.retryable, frame.request_id) == ("internal", True, request_id or frame.request_id)
    assert "may have been queued" in frame.message
    output = capsys.readouterr().out
    assert f'"requestId": "{frame.request_id}"' in output
    assert '"Unanswered": 1' in output


def test_an_answer_of_sqs_that_nobody_can_read_is_counted_too(
    handler: ModuleType, aws_event: ReadEvent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(handler._intake.sqs, "send_message", lambda **_: {})

    frame = parse_frame(handler.handle(aws_event("message"), None)["body"])

    assert isinstance(frame, Error)
    assert (frame.code, frame.request_id) == ("internal", "r-1")
    assert counted(capsys) == ["Unanswered"]


EXPIRED = {"principalId": "u-1", "expiresAt": "1"}


@pytest.mark.parametrize(
    ("body", "authorizer", "metric"),
    [
        ('{"action":"invoke","text":"Hi"}', {}, ["Accepted"]),
        ('{"action":"ping"}', {}, []),
        ('{"action":"invoke","text":""}', {}, ["Rejected"]),
        ("no JSON", {}, ["Rejected"]),
        ('{"action":"invoke","text":"Hi"}', EXPIRED, ["Unauthorized"]),
        ('{"action":"ping"}', EXPIRED, ["Unauthorized"]),
    ],
)
def test_what_becomes_of_a_message_is_counted_once(
    handler: ModuleType,
    aws_event: ReadEvent,
    capsys: pytest.CaptureFixture[str],
    body: str,
    authorizer: dict[str, str],
    metric: list[str],
) -> None:
    event = aws_event("message") | {"body": body}
    event["requestContext"]["authorizer"] = authorizer

    handler.handle(event, None)

    assert counted(capsys) == metric


SIGNED = {
    "sourceIp": "192.0.2.7",
    "accountId": "123456789012",
    "userArn": "arn:aws:sts::123456789012:assumed-role/app/session",
}
POOL = "eu-west-1:4b8c6a9e-0000-4000-8000-1f0d2c3b4a59"


@pytest.mark.parametrize(
    ("identity", "principal"),
    [
        (SIGNED, SIGNED["userArn"]),
        (SIGNED | {"cognitoIdentityId": POOL}, POOL),
        (SIGNED | {"cognitoIdentityId": None}, SIGNED["userArn"]),
        ({"sourceIp": "192.0.2.7", "userArn": None, "caller": None}, None),
        (None, None),
    ],
)
def test_who_signed_the_handshake_is_the_principal(
    handler: ModuleType,
    sqs: "SQSClient",
    queue_url: str,
    aws_event: ReadEvent,
    identity: dict[str, str | None] | None,
    principal: str | None,
) -> None:
    event = aws_event("message")
    event["requestContext"]["identity"] = identity

    handler.handle(event, None)

    (message,) = queued(sqs, queue_url)
    assert Envelope.model_validate_json(message["Body"]).principal_id == principal
    assert message["Attributes"]["MessageGroupId"] == (principal or "S3Y7fd1cDoECJKQ=")


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ('{"role":"a","tenant":"\\ud83d"}', "tenant"),
        ('{"tenant":{"deep":' + "[" * 300 + "]" * 300 + "}}", "tenant"),
    ],
)
def test_what_main_could_not_read_of_a_token_is_refused_by_name(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent, claims: str, named: str
) -> None:
    event = aws_event("message")
    event["requestContext"]["authorizer"] = {"principalId": "u-1", "claims": claims}

    frame = parse_frame(handler.handle(event, None)["body"])

    assert isinstance(frame, Error)
    assert (frame.code, frame.request_id, frame.retryable) == ("unauthorized", "r-1", False)
    assert frame.message.startswith(f"{named} in the token that opened this connection can't be queued")
    assert queued(sqs, queue_url) == []


def test_what_main_could_not_read_for_another_reason_is_internal_and_not_queued(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent
) -> None:
    event = aws_event("message")
    event["requestContext"]["connectionId"] = "\ud83d"  # no client and no token can bring that about

    frame = parse_frame(handler.handle(event, None)["body"])

    assert isinstance(frame, Error)
    assert (frame.code, frame.request_id, frame.retryable) == ("internal", "r-1", True)
    assert queued(sqs, queue_url) == []


FIRST, LIMIT = "compare_listings", 200


@pytest.mark.parametrize(
    ("workflow", "inputs", "field", "sentence"),
    [
        ("compare_listngs", {}, "workflow", "there is no workflow compare_listngs; there are: compare_listings, "),
        (FIRST, {}, "inputs.first", "first is missing or blank: the first listing"),
        (FIRST, {"first": " \n", "second": "b"}, "inputs.first", "first is missing or blank"),
        (FIRST, {"first": "a", "second": "b", "third": "c"}, "inputs", "third is no input of this workflow, which has"),
        (
            FIRST,
            {"first": "x" * 201, "second": "b"},
            "inputs.first",
            "201 characters; the workflow's limit for it is 200",
        ),
        (FIRST, {"first": "\ud83d", "second": "b"}, "inputs.first", "inputs.first holds half a surrogate pair"),
        (FIRST, {"first": "a", "second": "b", "\ud83d": "c"}, '"\\ud83d"', "holds half a surrogate pair"),
    ],
)
def test_a_workflow_that_main_could_not_run_is_refused_by_name(
    handler: ModuleType,
    sqs: "SQSClient",
    queue_url: str,
    aws_event: ReadEvent,
    workflow: str,
    inputs: dict[str, str],
    field: str,
    sentence: str,
) -> None:
    message = {"action": "invoke", "type": "workflow", "workflow": workflow, "inputs": inputs, "requestId": "r-7"}

    frame = parse_frame(handler.handle(aws_event("message") | {"body": json.dumps(message)}, None)["body"])

    assert isinstance(frame, Error)
    assert (frame.code, frame.field, frame.request_id) == ("invalid_request", field, "r-7")
    assert sentence in frame.message
    assert queued(sqs, queue_url) == []


@pytest.mark.parametrize(
    "inputs", [{"first": "a", "second": "b"}, {"first": "x" * LIMIT, "second": "b", "priorities": ""}]
)
def test_a_workflow_that_main_can_run_is_queued_as_it_came(
    handler: ModuleType, sqs: "SQSClient", queue_url: str, aws_event: ReadEvent, inputs: dict[str, str]
) -> None:
    message = {"action": "invoke", "type": "workflow", "workflow": FIRST, "inputs": inputs}

    frame = parse_frame(handler.handle(aws_event("message") | {"body": json.dumps(message)}, None)["body"])

    assert isinstance(frame, Accepted)
    assert json.loads(queued(sqs, queue_url)[0]["Body"])["request"] == message


def test_connect_and_disconnect_are_answered(handler: ModuleType, aws_event: ReadEvent) -> None:
    connected = handler.handle(aws_event("connect"), None)
    disconnected = handler.handle(aws_event("disconnect"), None)

    assert connected == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "selador.v1"}}
    assert disconnected == {"statusCode": 200}


def test_no_question_is_ever_logged(
    handler: ModuleType, aws_event: ReadEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    for body in (
        '{"action":"invoke","text":"my SECRET question"}',
        '{"action":"invoke","text":"my SECRET question","x":1}',
        "my SECRET question",
        '{"action":"invoke","text":"Hi","my SECRET question":1}',
        '{"action":"invoke","text":"Hi","SECRET":1}',
        '{"action":"invoke","text":"Hi","SECRET":1,"SECRET":2}',
        '{"action":"invoke","text":"Hi","text.SECRET":1}',
        '{"action":"invoke","text":"Hi","\\ud83dSECRET":1}',
        '{"action":"SECRET"}',
        '{"action":"invoke","type":"SECRET"}',
        '{"action":"invoke","type":"workflow","workflow":"w","inputs":{"SECRET":1}}',
        '{"action":"invoke","type":"workflow","workflow":"SECRET"}',
        '{"action":"invoke","type":"workflow","workflow":"long_question","inputs":{"SECRET":"a"}}',
    ):
        handler.handle(aws_event("message") | {"body": body}, None)

    output = capsys.readouterr().out
    assert "request queued" in output
    assert "message refused" in output
    assert "SECRET" not in output


def test_a_missing_variable_stops_the_function_at_init_with_one_line_naming_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import selador_websocket_handler.handler"],
        env={"SQS_QUEUE_URL": "https://sqs.example/q", "AWS_DEFAULT_REGION": "eu-west-1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert "QUERY_TEXT_LIMIT: is missing" in last_line
    assert "DEADLINE_SECONDS: is missing" in last_line
