"""Whatever a client sends: the handler never raises, queues what is valid, unchanged, and nothing else.

What is valid is judged by the published JSON Schema and another implementation of it, and by the workflows' own files.
"""

import importlib
import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from selador_shared.envelope import read_envelope
from selador_shared.protocol import Accepted, Error, Pong, parse_frame

LIMIT = 1_000
MAX_BYTES = 32 * 1024
PROJECT = Path(__file__).parents[3]
SCHEMA = Draft202012Validator(json.loads((PROJECT / "docs" / "schemas" / "message.json").read_text()))
WORKFLOWS: dict[str, dict[str, Any]] = {
    path.stem: tomllib.loads(path.read_text())["inputs"]
    for path in (PROJECT / "functions/main/selador_main/workflows").glob("*.toml")
}

MANY = settings(max_examples=1_000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


class FakeSqs:
    """Keeps messages, and takes only what SQS takes.

    A body has at least one character (SQS-01) and no control characters, surrogates, U+FFFE or U+FFFF (SQS-02). A group
    id has 1 to 128 ASCII letters, digits and punctuation (SQS-05). The queue is created for 256 KiB (TF-01).
    """

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **arguments: Any) -> dict[str, str]:
        body = arguments["MessageBody"]
        assert 0 < len(body.encode()) <= 262_144
        read_envelope(body)  # what main couldn't read would never be answered
        assert all(
            ch in "\t\n\r" or " " <= ch <= "\ud7ff" or "\ue000" <= ch <= "\ufffd" or ch > "\uffff" for ch in body
        )
        group = arguments["MessageGroupId"]
        assert 0 < len(group) <= 128
        assert group.isascii()
        assert group.isprintable()
        assert " " not in group
        self.sent.append(arguments)
        return {"MessageId": f"m-{len(self.sent)}"}


type Send = Callable[..., Any]


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


@pytest.fixture
def send(sqs: FakeSqs, monkeypatch: pytest.MonkeyPatch, aws_event: Callable[[str], dict[str, Any]]) -> Send:
    """Send a body through the real entry point; return the frame that answers it."""
    monkeypatch.setenv("SQS_QUEUE_URL", "https://sqs.example/q")
    monkeypatch.setenv("QUERY_TEXT_LIMIT", str(LIMIT))
    monkeypatch.setenv("DEADLINE_SECONDS", "1")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    monkeypatch.delitem(sys.modules, "selador_websocket_handler.handler", raising=False)
    handler: ModuleType = importlib.import_module("selador_websocket_handler.handler")
    object.__setattr__(handler._intake, "sqs", sqs)
    event = aws_event("message")

    def send(body: Any, **members: Any) -> Any:
        sqs.sent.clear()
        sent = {**event, "body": body, "requestContext": {**event["requestContext"], **members}}
        response = handler.handle(json.loads(json.dumps(sent)), None)
        assert response["statusCode"] == 200
        response["body"].encode()  # what can't be encoded would never leave the function
        return parse_frame(response["body"])

    return send


characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, min_size=1, max_size=LIMIT).filter(lambda text: not text.isspace())


def inputs_of(workflow: str) -> st.SearchStrategy[dict[str, str]]:
    def values(rule: dict[str, Any]) -> st.SearchStrategy[str]:
        size = rule.get("max_characters", 2_000)
        text = st.text(characters, max_size=min(size, LIMIT))
        return text.filter(lambda text: bool(text) and not text.isspace()) if rule.get("required", True) else text

    rules = WORKFLOWS[workflow]
    return st.fixed_dictionaries(
        {name: values(rule) for name, rule in rules.items() if rule.get("required", True)},
        optional={name: values(rule) for name, rule in rules.items() if not rule.get("required", True)},
    )


request_ids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
valid_messages = st.one_of(
    st.fixed_dictionaries(
        {"action": st.just("invoke"), "text": texts},
        optional={
            "type": st.just("query"),
            "requestId": request_ids,
            "sessionId": st.from_regex(r"[0-9A-Za-z._:-]{2,100}", fullmatch=True),
        },
    ),
    st.sampled_from(sorted(WORKFLOWS)).flatmap(
        lambda workflow: st.fixed_dictionaries(
            {
                "action": st.just("invoke"),
                "type": st.just("workflow"),
                "workflow": st.just(workflow),
                "inputs": inputs_of(workflow),
            },
            optional={"requestId": request_ids},
        )
    ),
)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["action", "type", "text", "requestId", "sessionId", "workflow", "inputs", "x"])
nearly_valid = st.builds(
    lambda message, changes, without: {
        name: value for name, value in {**message, **changes}.items() if name not in without
    },
    valid_messages,
    st.dictionaries(names, any_json | st.sampled_from(["invoke", "ping", "query", "workflow", ""]), max_size=2),
    st.sets(names, max_size=1),
)


def is_valid(body: str) -> bool:
    """Judge a body by the schema, strictly read JSON and the two limits, without the handler's own code."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("duplicate")
        return dict(pairs)

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        message = json.loads(body, object_pairs_hook=unique, parse_constant=refuse)
        json.dumps(message, ensure_ascii=False).encode()  # no half of a surrogate pair anywhere
    except (ValueError, RecursionError):
        return False
    if len(body.encode(errors="surrogatepass")) > MAX_BYTES or not SCHEMA.is_valid(message):
        return False
    match message:
        case {"action": "ping"}:
            return True
        case {"workflow": workflow}:
            rules, inputs = WORKFLOWS.get(workflow), message.get("inputs", {})
            return (
                rules is not None
                and not inputs.keys() - rules.keys()
                and all(len(text) <= rules[name].get("max_characters", 2_000) for name, text in inputs.items())
                and not any(
                    rule.get("required", True) and not inputs.get(name, "").strip() for name, rule in rules.items()
                )
            )
        case _:
            return 0 < len(message["text"]) <= LIMIT and not message["text"].isspace()


@MANY
@given(message=valid_messages, ascii_only=st.booleans())
def test_every_valid_request_is_queued_once_and_unchanged(
    send: Send, sqs: FakeSqs, message: dict[str, Any], ascii_only: bool
) -> None:
    body = json.dumps(message, ensure_ascii=ascii_only)
    frame = send(body)

    if len(body.encode()) > MAX_BYTES:
        assert isinstance(frame, Error)
        assert frame.code == "message_too_large"
        return
    assert isinstance(frame, Accepted)
    (sent,) = sqs.sent
    request = json.loads(sent["MessageBody"])["request"]
    assert request == ({"type": "query"} if "text" in message else {}) | message
    assert frame.request_id == message.get("requestId", frame.request_id)


@MANY
@given(body=st.one_of(nearly_valid, any_json).map(json.dumps))
@example(body='{"action":"invoke","text":"' + "x" * (LIMIT + 1) + '"}')
@example(body='{"action":"invoke","text":"a","text":"b"}')
@example(body='{"action":"invoke","text":"\\ud800"}')
@example(body='{"action":"invoke","text":" \\t\\n\u3000"}')
@example(body='{"action":"invoke","type":"workflow","workflow":"w","inputs":{"\\udfff":"a"}}')
@example(body='{"action":"invoke","type":"workflow","workflow":"long_question","inputs":{"question":"\\ud83d"}}')
@example(body='{"action":"invoke","type":"workflow","workflow":"long_question"}')
@example(body='{"action":"invoke","type":"workflow","workflow":"long_question","inputs":{"question":"a","x":"b"}}')
@example(body='{"action":1e999}')
@example(body='{"action":"invoke","text":"x","requestId":null,"sessionId":null}')
@example(body='{"action":"invoke","text":"x","type":null}')
@example(body='{"action":"invoke","text":"x","type":""}')
@example(body='{"action":"ping","x":' + "[" * 10_000 + "]" * 10_000 + "}")
def test_no_message_is_queued_unless_it_is_valid(send: Send, sqs: FakeSqs, body: str) -> None:
    frame = send(body)

    if is_valid(body):
        assert isinstance(frame, Accepted | Pong)
        assert len(sqs.sent) == isinstance(frame, Accepted)
    else:
        assert isinstance(frame, Error)
        assert frame.code in ("invalid_request", "unknown_action", "message_too_large")
        assert not frame.retryable
        assert len(frame.message) < 400
        assert sqs.sent == []


@MANY
@given(body=st.one_of(st.none(), st.text(st.characters()), st.binary().map(lambda data: data.decode("latin-1"))))
@example(body="[" * 32_768)
@example(body="9" * 5_000)
@example(body="\ufeff{}")
@example(body='{"action":"invoke","text":"' + "x" * MAX_BYTES)
def test_whatever_text_comes_is_answered(send: Send, sqs: FakeSqs, body: str | None) -> None:
    frame = send(body)

    assert isinstance(frame, Error)
    assert frame.code in ("invalid_request", "unknown_action", "message_too_large")
    assert sqs.sent == []


@MANY
@given(principal=st.text(characters, min_size=1, max_size=300), claims=st.dictionaries(st.text(characters), any_json))
def test_whoever_asks_is_queued_as_far_as_main_can_read_it(
    send: Send, sqs: FakeSqs, principal: str, claims: dict[str, Any]
) -> None:
    context = {"principalId": principal, "claims": json.dumps(claims)}
    frame = send('{"action":"invoke","text":"Hi"}', authorizer=context)

    try:
        json.dumps(claims, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        assert isinstance(frame, Error)
        assert (frame.code, sqs.sent) == ("unauthorized", [])
        return
    assert isinstance(frame, Accepted)
    envelope = json.loads(sqs.sent[0]["MessageBody"])
    assert envelope["principalId"] == principal
