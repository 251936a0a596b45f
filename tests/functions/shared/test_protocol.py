"""The protocol's rules for what a client sends, and the shape of what it receives."""

import json

import pytest
from pydantic import ValidationError

from selador_shared.protocol import (
    MAX_FRAME_BYTES,
    Completed,
    Error,
    GatewayError,
    Heartbeat,
    InvalidMessageError,
    Ping,
    Query,
    Retrying,
    Started,
    UnknownFrame,
    Workflow,
    encode_frame,
    known_member,
    parse_frame,
    parse_gateway_error,
    parse_message,
)

LIMIT = 1_000


def invoke(**members: object) -> str:
    return json.dumps({"action": "invoke", **members})


@pytest.mark.parametrize(
    ("body", "code", "field", "sentence"),
    [
        pytest.param("hello", "invalid_request", None, "the message is not JSON", id="no JSON"),
        pytest.param("", "invalid_request", None, "the message is not JSON", id="nothing"),
        pytest.param("[1]", "invalid_request", None, "is a JSON array; the protocol's are objects", id="array"),
        pytest.param("null", "invalid_request", None, "is a JSON null; the protocol's are objects", id="null"),
        pytest.param('"a"', "invalid_request", None, "is a JSON string; the protocol's are objects", id="string"),
        pytest.param(
            "[" * 30_000, "invalid_request", None, "nested too deeply; the protocol's messages have two levels",
            id="deep nesting",
        ),
        pytest.param(
            '{"a":' + "9" * 5_000 + "}", "invalid_request", None, "more than 4,300 digits, Python's limit",
            id="huge number",
        ),
        pytest.param('{"action":"ping","x":NaN}', "invalid_request", None, "NaN is no JSON value", id="NaN"),
        pytest.param("{}", "unknown_action", "action", "known actions are invoke and ping", id="no action"),
        pytest.param('{"action":"run"}', "unknown_action", "action", "action is run", id="unknown action"),
        pytest.param('{"action":["ping"]}', "unknown_action", "action", 'is ["ping"]', id="action in a list"),
        pytest.param('{"action":"ping","a":1}', "invalid_request", "a", "a is not a field", id="ping with a field"),
        pytest.param(
            '{"action":"invoke","text":"a","text":"b"}', "invalid_request", "text", "given twice", id="duplicate"
        ),
        pytest.param(invoke(), "invalid_request", "text", "text is missing", id="no text"),
        pytest.param(invoke(text=""), "invalid_request", "text", "text is empty", id="empty text"),
        pytest.param(invoke(text=" \t\n\u3000"), "invalid_request", "text", "text is blank", id="blank text"),
        pytest.param(
            invoke(text=7), "invalid_request", "text", "text is 7, a JSON number; it has to be a string",
            id="text a number",
        ),
        pytest.param(
            invoke(text="x" * 1_001), "invalid_request", "text", "1,001 characters; the query agent's limit is 1,000",
            id="text too long",
        ),
        pytest.param(invoke(text="\ud800"), "invalid_request", "text", "half a surrogate pair", id="lone surrogate"),
        pytest.param(
            invoke(type="workflow", workflow="w", inputs={"\udfff": "a"}),
            "invalid_request",
            '"\\udfff"',
            "half a surrogate pair",
            id="lone surrogate in a name",
        ),
        pytest.param(
            invoke(type="workflow", workflow="w", inputs={"a": "half an emoji: \ud83d"}),
            "invalid_request",
            "inputs.a",
            "inputs.a holds half a surrogate pair",
            id="lone surrogate in an input",
        ),
        pytest.param(invoke(text="x", colour=1), "invalid_request", "colour", "colour is not a field", id="unknown"),
        pytest.param(invoke(text="x", request_id="a"), "invalid_request", "request_id", "not a field", id="snake case"),
        pytest.param(
            invoke(text="x", requestId="a b"), "invalid_request", "requestId",
            'is "a b"; the protocol\'s form for it is',
            id="request",
        ),
        pytest.param(invoke(text="x", requestId="a" * 65), "invalid_request", "requestId", "{1,64}", id="long id"),
        pytest.param(invoke(text="x", requestId="a\n"), "invalid_request", "requestId", "\\n", id="id with newline"),
        pytest.param(
            invoke(text="x", sessionId="!"), "invalid_request", "sessionId", 'is "!"; the protocol\'s form for it is',
            id="session",
        ),
        pytest.param(invoke(text="x", type="chat"), "invalid_request", "type", "type is chat", id="unknown type"),
        pytest.param(invoke(text="x", type=""), "invalid_request", "type", 'type is ""', id="empty type"),
        pytest.param(invoke(text="x", type={}), "invalid_request", "type", "type is {}", id="type an object"),
        pytest.param(invoke(type="workflow"), "invalid_request", "workflow", "workflow is missing", id="no workflow"),
        pytest.param(
            invoke(type="workflow", workflow="w", inputs={"a": 1}), "invalid_request", "inputs.a",
            "inputs.a is 1, a JSON number; it has to be a string", id="input a number",
        ),
        pytest.param(
            invoke(type="workflow", workflow="w", inputs=[]), "invalid_request", "inputs",
            "inputs is [], a JSON array; it has to be an object", id="inputs a list",
        ),
        pytest.param(
            invoke(text="x" * MAX_FRAME_BYTES), "message_too_large", None, "API Gateway's limit for a frame is 32,768",
            id="message too large",
        ),
    ],
)  # fmt: skip
def test_a_bad_message_is_refused_with_code_field_and_limit(
    body: str, code: str, field: str | None, sentence: str
) -> None:
    with pytest.raises(InvalidMessageError) as raised:
        parse_message(body, query_text_limit=LIMIT)

    assert raised.value.code == code
    assert raised.value.field == field
    assert sentence in str(raised.value)


def test_the_text_limit_counts_characters_not_bytes() -> None:
    message = parse_message(json.dumps({"action": "invoke", "text": "é" * LIMIT}), query_text_limit=LIMIT)

    assert isinstance(message, Query)
    assert len(message.text) == LIMIT


def test_a_message_of_exactly_32_kib_is_read() -> None:
    frame = '{"action":"invoke","text":"%s"}'
    body = frame % ("x" * (MAX_FRAME_BYTES - len(frame % "")))

    message = parse_message(body, query_text_limit=MAX_FRAME_BYTES)

    assert len(body.encode()) == MAX_FRAME_BYTES
    assert isinstance(message, Query)


def test_type_defaults_to_query() -> None:
    message = parse_message('{"action":"invoke","text":"Hi","requestId":"r-1"}', query_text_limit=LIMIT)

    assert message == Query.model_validate({"action": "invoke", "type": "query", "text": "Hi", "requestId": "r-1"})


def test_a_workflow_is_read_with_its_inputs() -> None:
    body = '{"action":"invoke","type":"workflow","workflow":"brief","inputs":{"a":"b"}}'

    message = parse_message(body, query_text_limit=LIMIT)

    assert isinstance(message, Workflow)
    assert message.inputs == {"a": "b"}


def test_ping_is_read() -> None:
    assert isinstance(parse_message('{"action":"ping"}', query_text_limit=LIMIT), Ping)


@pytest.mark.parametrize(
    ("body", "request_id"),
    [
        ('{"action":"invoke","text":"","requestId":"mine"}', "mine"),
        ('{"action":"invoke","text":"","requestId":"not mine"}', None),
        ('{"action":"dance","requestId":"mine"}', "mine"),
        ('{"action":"invoke","text":"a","text":"b","requestId":"mine"}', "mine"),
        ('{"action":"invoke","\\ud83d":1,"requestId":"mine"}', "mine"),
        ('{"action":"invoke","text":"' + "x" * MAX_FRAME_BYTES + '","requestId":"mine"}', "mine"),
        ('{"action":"ping","x":NaN,"requestId":"mine"}', "mine"),
        ('{"requestId":"mine"', None),
        ('["mine"]', None),
        ('{"requestId":null}', None),
    ],
)
def test_the_refusal_of_a_message_carries_its_request_id_wherever_that_can_be_read(
    body: str, request_id: str | None
) -> None:
    with pytest.raises(InvalidMessageError) as refused:
        parse_message(body, query_text_limit=LIMIT)

    assert refused.value.request_id == request_id


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("text", "text"),
        ("requestId", "requestId"),
        ("inputs.secret", "inputs"),
        ("secret", None),
        ('"text.secret"', None),
        ("request_id", None),
        (None, None),
    ],
)
def test_only_the_protocols_own_names_are_known(field: str | None, known: str | None) -> None:
    assert known_member(field) == known


def test_a_refusal_names_a_long_value_in_a_few_characters() -> None:
    with pytest.raises(InvalidMessageError) as refused:
        parse_message(json.dumps({"action": "x" * 5_000}), query_text_limit=LIMIT)

    assert len(str(refused.value)) < 200


def test_frames_go_out_in_camel_case_without_empty_members() -> None:
    frame = Completed(request_id="r", attempt=1, seq=4, session_id="s-1")

    text = encode_frame(frame)

    assert json.loads(text) == {
        "type": "completed",
        "requestId": "r",
        "attempt": 1,
        "seq": 4,
        "sessionId": "s-1",
        "truncated": False,
    }
    assert parse_frame(text) == frame


def test_an_error_before_the_queue_has_no_attempt() -> None:
    text = encode_frame(Error(request_id="r", code="invalid_request", message="m", retryable=False))

    assert "attempt" not in json.loads(text)
    assert "seq" not in json.loads(text)


def test_a_frame_may_say_more_than_this_version_knows() -> None:
    frame = parse_frame('{"type":"heartbeat","requestId":"r","attempt":1,"seq":3,"mood":"fine"}')

    assert frame == Heartbeat(request_id="r", attempt=1, seq=3)


@pytest.mark.parametrize(
    "members",
    [
        {"type": "weather", "requestId": "r", "attempt": 1, "seq": 3, "forecast": "rain"},
        {"type": "heartbeat", "requestId": "r", "attempt": 1, "seq": 3, "waitingFor": "spring"},
        {"type": "step", "requestId": "r", "attempt": 1, "seq": 3, "name": "n", "status": "x", "index": 0, "count": 1},
    ],
    ids=lambda members: str(members["type"]),
)
def test_a_frame_that_only_a_later_version_knows_keeps_its_place(members: dict[str, object]) -> None:
    frame = parse_frame(json.dumps(members))

    assert frame == UnknownFrame(type=str(members["type"]), request_id="r", attempt=1, seq=3)


def test_an_unknown_frame_need_not_belong_to_a_request() -> None:
    assert parse_frame('{"type":"weather"}') == UnknownFrame(type="weather")


@pytest.mark.parametrize(
    "frame", ['"type":"error","message":"m","retryable":true', '"type":"retrying","delaySeconds":1']
)
def test_an_unknown_code_is_internal(frame: str) -> None:
    read = parse_frame(f'{{"requestId":"r","attempt":1,"seq":0,"code":"moon_phase",{frame}}}')

    assert isinstance(read, Error | Retrying)
    assert read.code == "internal"


def test_an_answer_of_api_gateway_is_told_apart_by_having_no_type() -> None:
    """Its bytes as observed (WS-06)."""
    text = '{"message": "Forbidden", "connectionId":"c", "requestId":"g"}'

    assert parse_gateway_error(text) == GatewayError(message="Forbidden", connection_id="c", request_id="g")
    assert parse_gateway_error('{"type":"new","message":"m","connectionId":"c","requestId":"g"}') is None
    assert [parse_gateway_error(no) for no in ("no JSON", "7", "[]", "{}", '{"message":"m"}', "[" * 100_000)] == [
        None
    ] * 6


@pytest.mark.parametrize(
    "text", ["no JSON", "{}", "[]", '{"type":7}', '{"message":"m"}', '{"type":"delta","requestId":"r"}',
             '{"type":"error","requestId":"r","code":"new"}', '{"message": "m", "connectionId":"c", "requestId":"r"}'],
)  # fmt: skip
def test_what_is_no_frame_is_an_error(text: str) -> None:
    with pytest.raises(ValidationError):
        parse_frame(text)


def test_a_frame_is_told_apart_by_its_type() -> None:
    assert isinstance(parse_frame('{"type":"started","requestId":"r","attempt":2,"seq":0}'), Started)
