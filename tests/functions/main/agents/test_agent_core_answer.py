"""What agents on AgentCore say: the forms of theirs that are read, the failures told inside a 200, and the rest."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from selador_main.agents.agent import (
    MAX_SOURCE_CHARACTERS,
    AgentEvent,
    AgentFailedError,
    CitedSource,
    Ended,
    NotReadyError,
    NotUnderstoodError,
    RequestRefusedError,
    Text,
)
from selador_main.agents.agent_core_answer import AnswerReader
from selador_main.agents.server_sent_events import ServerSentEvent

DOCUMENT = Path(__file__).parents[4] / "docs" / "agents.md"


def streamed(*events: Any) -> list[AgentEvent]:
    """Read a stream of events, each a JSON value or an event of its own."""
    reader = AnswerReader()
    read: list[AgentEvent] = []
    for event in events:
        read += reader.event(event if isinstance(event, ServerSentEvent) else ServerSentEvent("", json.dumps(event)))
    return [*read, *reader.end()]


def at_once(value: Any) -> list[AgentEvent]:
    reader = AnswerReader()
    return [*reader.body(json.dumps(value)), *reader.end()]


def said(events: list[AgentEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def delta(text: str) -> dict[str, Any]:
    return {"event": {"contentBlockDelta": {"delta": {"text": text}, "contentBlockIndex": 0}}}


# -- what is read


def examples() -> list[str]:
    """Return the JSON lines of docs/agents.md."""
    blocks = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("example", examples())
def test_each_example_of_the_document_is_understood(example: str) -> None:
    reader = AnswerReader()
    value = json.loads(example)

    if value.get("type") == "error":
        with pytest.raises(AgentFailedError if value["retryable"] else RequestRefusedError):
            streamed("half", value)
    else:
        list(reader.event(ServerSentEvent("", example)))
        assert reader.unread == []


def test_strings_and_this_projects_own_objects_are_read_and_others_passed_over() -> None:
    events = streamed(
        "a",
        {"type": "delta", "text": "b"},
        {"type": "citation", "text": "p", "source": "s3://b/k", "span": {"start": 0, "end": 1}},
        {"type": "citation", "text": "q"},
        {"type": "brand-new"},
        7,
        "",
        {"type": "completed", "usage": {"inputTokens": 1, "outputTokens": 2}, "truncated": True},
    )

    assert events == [
        Text("a"),
        Text("b"),
        CitedSource("p", "s3://b/k", 0, 1),
        CitedSource("q", None),
        Ended(None, 1, 2, truncated=True),
    ]


def test_awss_own_template_is_read_and_its_models_calls_add_up() -> None:
    events = streamed(
        {"init_event_loop": True},
        {"event": {"messageStart": {"role": "assistant"}}},
        delta("Let me look. "),
        {"event": {"contentBlockDelta": {"delta": {"toolUse": {"input": "{"}}}}},
        {"event": {"messageStop": {"stopReason": "tool_use"}}},
        {"event": {"metadata": {"usage": {"inputTokens": 10, "outputTokens": 5}, "metrics": {}}}},
        {"message": {"role": "user", "content": [{"toolResult": {"status": "error", "content": []}}]}},
        delta("Three "),
        delta("months."),
        {"event": {"contentBlockStop": {"contentBlockIndex": 0}}},
        {"event": {"messageStop": {"stopReason": "end_turn"}}},
        {"event": {"metadata": {"usage": {"inputTokens": 20, "outputTokens": 7}, "serviceTier": {"type": "flex"}}}},
    )

    assert said(events) == "Let me look. Three months."
    assert events[-1] == Ended("end_turn", 30, 12, truncated=False, service_tier="flex")


def test_what_strands_sends_twice_is_read_once() -> None:
    events = streamed(
        delta("Three months."),
        {"data": "Three months.", "delta": {"text": "Three months."}},
        {"message": {"role": "assistant", "content": [{"text": "Three months."}]}},
        {"result": "Three months.\n"},
    )

    assert events == [Text("Three months.")]


@pytest.mark.parametrize(
    "events",
    [
        [{"data": "Three "}, {"data": "months."}],
        [{"contentBlockDelta": {"delta": {"text": "Three months."}}}],
        [{"object": "chat.completion.chunk", "choices": [{"delta": {"content": "Three months."}}]}],
        [{"choices": [{"delta": {"role": "assistant"}}]}, {"choices": [{"delta": {"content": "Three months."}}]}],
        [{"response": "Three months."}],
        [json.dumps({"type": "delta", "text": "Three months."}) + "\n"],
        [{"type": "result", "result": "Three months."}],
        ["Three months.", ServerSentEvent("", "[DONE]"), "more"],
        [ServerSentEvent("message", '"Three months."')],
        ["", {"message": {"role": "assistant", "content": [{"text": "Three months."}]}}],
    ],
)
def test_a_stream_in_a_neighbours_form_is_read(events: list[Any]) -> None:
    assert said(streamed(*events)) == "Three months."


@pytest.mark.parametrize(
    "answer",
    [
        "Three months.",
        {"result": "Three months."},
        {"response": "Three months.", "error": None, "status": "success"},
        {"output": "Three months."},
        {"result": {"role": "assistant", "content": [{"text": "Three months."}]}},
        {"result": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Three months."}]},
        {"output": {"message": {"content": [{"reasoningContent": {"text": "Hm."}}, {"text": "Three months."}]}}},
        {"message": {"role": "assistant", "content": [{"text": "Three months."}]}},
        {"object": "chat.completion", "choices": [{"message": {"content": "Three months."}}]},
        json.dumps({"result": "Three months."}),
    ],
)
def test_an_answer_at_once_is_read(answer: Any) -> None:
    assert said(at_once(answer)) == "Three months."


def test_an_answer_at_once_may_say_how_it_ended() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4}

    assert at_once({"choices": [{"message": {"content": "a"}, "finish_reason": "length"}], "usage": usage}) == [
        Text("a"),
        Ended("length", 3, 4, truncated=True),
    ]
    assert at_once({"output": "a", "stopReason": "end_turn", "usage": {"inputTokens": 1}}) == [
        Text("a"),
        Ended("end_turn", 1, None),
    ]


def test_an_answer_that_follows_other_words_is_kept() -> None:
    assert said(streamed("Searching.", {"result": "Three months."})) == "Searching.\n\nThree months."


@pytest.mark.parametrize(
    "text", ["[1]", "[2, 3]", '{"a": 1}', "{a}", "{1, 2}", "[a]", "f(x=1)", "{}", "<b>", "It's {'"]
)
def test_a_text_with_brackets_is_a_text(text: str) -> None:
    assert said(streamed(text)) == text


def test_a_character_in_two_halves_is_put_together() -> None:
    """JavaScript may cut a text there."""
    assert said(streamed("a\ud83d", "\ude00b")) == "a😀b"
    assert said(streamed("a\ud83d", "b")) == "a�b"
    assert said(streamed("a\ud83d")) == "a�"


# -- failures inside a 200


@pytest.mark.parametrize(
    "failure",
    [
        {"error": "boom", "error_type": "KeyError", "message": "An error occurred during streaming"},
        {"error": "", "error_type": "TimeoutError"},
        {"error": ""},
        {"error": {"code": 500}},
        {"error": True},
        {"errors": [{"message": "boom"}]},
        {"errorMessage": "boom", "errorType": "KeyError"},
        {"type": "error"},
        {"type": "error", "retryable": True, "message": "boom"},
        {"type": "RUN_ERROR", "message": "boom"},
        {"type": "response.failed"},
        {"type": "stream-error"},
        {"type": "toolError"},
        {"type": "ModelStreamErrorException"},
        {"event": "on_chain_error"},
        {"event": {"internalServerException": {"message": "boom"}}},
        {"event": {"error": "boom"}},
        {"data": {"error": "boom"}},
        {"result": {"error": "boom"}},
        {"modelStreamErrorException": {"message": "boom"}},
        {"status": "failed"},
        {"status": "error", "message": "boom"},
        {"status": 500, "detail": "boom"},
        {"success": False},
        {"force_stop": True, "force_stop_reason": "boom"},
        {"event": {"messageStop": {"stopReason": "malformed_model_output"}}},
        json.dumps({"error": "boom"}),
        ServerSentEvent("error", "boom"),
        ServerSentEvent("error", ""),
        ServerSentEvent("agent.failed", "{}"),
        ServerSentEvent("", '{"cut'),
        {"error": "boom", "result": "Three months."},
    ],
    ids=repr,
)
def test_a_failure_told_inside_an_answer_is_no_end_of_it(failure: Any) -> None:
    with pytest.raises(AgentFailedError) as raised:
        streamed("half", failure)

    assert not isinstance(raised.value, NotReadyError)
    assert raised.value.code == "unavailable"
    assert "boom" not in raised.value.reason


@pytest.mark.parametrize(
    "failure",
    [
        {"error": "An error occurred (ThrottlingException) when calling ConverseStream", "error_type": "ClientError"},
        {"error": "boom", "error_type": "ModelThrottledException"},
        {"event": {"throttlingException": {"message": "slow down"}}},
        {"force_stop": True, "force_stop_reason": "Too many requests"},
        {"type": "error", "code": "TooManyRequests"},
        ServerSentEvent("error", "ServiceQuotaExceededException"),
    ],
    ids=repr,
)
def test_a_throttle_told_before_a_word_costs_nothing_and_later_an_attempt(failure: Any) -> None:
    with pytest.raises(NotReadyError) as before:
        streamed({"start": True}, failure)
    with pytest.raises(AgentFailedError) as after:
        streamed("half", failure)

    assert not isinstance(after.value, NotReadyError)
    assert before.value.code == after.value.code == "throttled"


def test_a_throttle_told_by_an_answer_at_once_is_an_attempt() -> None:
    """Nobody knows what it paid for before."""
    with pytest.raises(AgentFailedError) as raised:
        at_once({"error": "ThrottlingException"})

    assert (type(raised.value), raised.value.code) == (AgentFailedError, "throttled")


@pytest.mark.parametrize("error", [None, False, "", [], {}])
def test_a_member_for_an_error_that_holds_none_is_no_failure(error: object) -> None:
    assert said(at_once({"result": "Three months.", "error": error})) == "Three months."


@pytest.mark.parametrize(
    "text",
    [
        "{'data': 'Three', 'private': 'SECRET'}",
        "[{'text': 'Three'}]",
        "['a', 'b']",
        "{1: 'a'}",
        "{\"it's\": 'a'}",
        "{'data': 'Three', 'agent': <strands.agent.agent.Agent object at 0x7f2b9c0d5e50>, 'id': UUID('1')}",
        "({'data': 'Three'}, {'langgraph_step': 1})",
        "<strands.agent.agent.Agent object at 0x7f2b9c0d5e50>",
        "AgentResult(stop_reason='end_turn', message={'role': 'assistant'})",
        "defaultdict(<class 'list'>, {})",
        " {'a': None}\n",
    ],
)
@pytest.mark.parametrize("form", ["{}", "data", "result"])
def test_a_text_that_is_how_python_writes_an_object_down_reaches_nobody(text: str, form: str) -> None:
    with pytest.raises(AgentFailedError) as raised:
        streamed("half", text if form == "{}" else {form: text})

    assert "SECRET" not in raised.value.reason


@pytest.mark.parametrize(
    "event",
    [
        {"event": {"messageStop": {"stopReason": "guardrail_intervened"}}},
        {"choices": [{"delta": {}, "finish_reason": "content_filter"}]},
        {"type": "completed", "stopReason": "guardrail_intervened"},
    ],
)
def test_a_guardrail_that_intervenes_refuses_the_request(event: Any) -> None:
    with pytest.raises(RequestRefusedError) as raised:
        streamed("half", event)

    assert raised.value.code == "content_blocked"


@pytest.mark.parametrize("name", ["", "error"])
def test_an_error_that_is_not_retryable_refuses_the_request_in_a_few_words(name: str) -> None:
    refusal = json.dumps({"type": "error", "retryable": False, "message": "No such flat. " * 1_000})

    with pytest.raises(RequestRefusedError) as raised:
        streamed(ServerSentEvent(name, refusal))

    assert raised.value.code == "invalid_request"
    assert len(str(raised.value)) == 500


# -- what is not understood, and what is malformed


@pytest.mark.parametrize(
    ("events", "shape"),
    [
        ([{"type": "TEXT_MESSAGE_CONTENT", "delta": "Three"}], "object of type TEXT_MESSAGE_CONTENT"),
        ([{"answer": "Three", "sources": []}], "object of answer, sources"),
        ([{"Pier Street 14": 1}], "object"),
        ([7], "number"),
        ([["a"]], "array"),
        ([None], "null"),
        ([{"result": 5}], "object of result"),
        ([{"type": "delta", "text": 5}], "object of type delta without a text"),
        (["half", {"type": "delta"}], "object of type delta without a text"),
        ([ServerSentEvent("", "Three months.")], "text that is not JSON"),
        ([{"a": 1}, {"b": 1}, {"a": 2}], "object of a; object of b"),
        ([{"type": "tool_result", "output": "SECRET"}], "object of type tool_result"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_shape(events: list[Any], shape: str) -> None:
    with pytest.raises(NotUnderstoodError) as raised:
        streamed(*events)

    assert raised.value.code == "internal"
    assert raised.value.reason == f"not understood: {shape}"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("Three months.", NotUnderstoodError),
        ('{"result": "Three', AgentFailedError),
        ("[" * 100_000, AgentFailedError),
        ("", AgentFailedError),
        (" \n", AgentFailedError),
    ],
    ids=["words", "cut", "too deep", "nothing", "blanks"],
)
def test_an_answer_at_once_that_is_no_json_is_told_apart(body: str, error: type[Exception]) -> None:
    reader = AnswerReader()

    with pytest.raises(error):
        list(reader.body(body))
        list(reader.end())


@pytest.mark.parametrize("events", [[], [""], [" \n"], [{"type": "completed"}], [{"data": ""}], [delta("")]])
def test_an_answer_without_a_character_is_none(events: list[Any]) -> None:
    with pytest.raises(AgentFailedError, match="without a word"):
        streamed(*events)


@pytest.mark.parametrize(
    ("event", "read"),
    [
        ({"type": "completed", "stopReason": 0, "usage": "12 tokens"}, Ended()),
        (
            {"type": "completed", "stopReason": ["end_turn"], "usage": {"inputTokens": "1", "outputTokens": -2}},
            Ended("end_turn"),
        ),
        ({"type": "completed", "stopReason": "x" * 40_000, "usage": {"inputTokens": True}}, Ended("x" * 100)),
        ({"type": "completed", "truncated": "yes", "usage": [1]}, Ended()),
        ({"type": "citation", "text": "p", "source": ["s3://b/k", "s3://b/l"]}, CitedSource("p", "s3://b/k")),
        ({"type": "citation", "text": "p", "source": "x" * 40_000}, CitedSource("p", "x" * MAX_SOURCE_CHARACTERS)),
        ({"type": "citation", "text": "p", "source": {"uri": "u"}, "span": [1, 2]}, CitedSource("p", None)),
        ({"type": "citation", "text": "p", "span": {"start": "0", "end": 1}}, CitedSource("p", None)),
        ({"type": "citation", "text": "p", "span": {"start": 5, "end": 1}}, CitedSource("p", None)),
        ({"type": "citation", "source": "s3://b/k"}, CitedSource("", "s3://b/k")),
        ({"type": "citation", "text": "\ud83d"}, CitedSource("�", None)),
        ({"event": {"metadata": {"usage": 5, "serviceTier": "flex"}}}, None),
        ({"event": {"messageStop": "end_turn"}}, None),
        ({"choices": [5]}, None),
        ({"choices": []}, None),
    ],
)
def test_a_malformed_member_counts_as_not_given(event: Any, read: AgentEvent | None) -> None:
    assert streamed("a", event) == [Text("a"), *([] if read is None else [read])]
