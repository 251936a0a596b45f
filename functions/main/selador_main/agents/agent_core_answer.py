"""What an agent on AgentCore says, in each of the forms that agents there use (`docs/agents.md`); no I/O."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from selador_main.agents import foreign
from selador_main.agents.agent import (
    AgentEvent,
    AgentFailedError,
    CitedSource,
    Ended,
    NotReadyError,
    NotUnderstoodError,
    RequestRefusedError,
    Text,
)
from selador_main.agents.failures_in_answers import ToldFailure, told_by_members, told_by_name
from selador_main.agents.model import BLOCKED, MALFORMED, TRUNCATED
from selador_main.agents.server_sent_events import ServerSentEvent

_END = "[DONE]"
_BEDROCK = {"contentBlockDelta", "contentBlockStart", "contentBlockStop", "messageStart", "messageStop"}
_WHOLE = ("result", "response", "output", "message")
_TRUNCATED = {*TRUNCATED, "length"}  # the second is OpenAI's
_BLOCKED = {*BLOCKED, "content_filter"}
_TEXTS = {"text", "output_text", "message", "ai", "assistant"}  # other blocks are thoughts and uses of tools
_WORD_CHARACTERS = 100
_MESSAGE_CHARACTERS = 500
_SHAPES = 5


class AnswerReader:
    """Reads one answer: `event` for each server-sent event, or `body` for an answer that comes at once; then `end`.

    `unread` are the shapes of what was passed over.
    """

    def __init__(self) -> None:
        self.unread: list[str] = []
        self._said: list[str] = []
        self._half = ""  # of a character that JavaScript writes as two
        self._begun = False
        self._closed = False
        self._bedrocks = False  # Strands sends each text twice: as Bedrock's event, then as `data`
        self._ended: Ended | None = None

    def event(self, event: ServerSentEvent) -> Iterator[AgentEvent]:
        """Yield what an event says. Raises AgentFailedError and RequestRefusedError for what ends the answer."""
        if event.name:
            _raise_refusal(foreign.object_of(event.data) or {})  # which may come under the name of an error
        if failure := told_by_name(event.name, event.data):
            raise self._failed(failure, streamed=True)
        if self._closed or not event.data:
            return
        if event.data.strip() == _END:
            self._closed = True
            return
        yield from self._value(_parsed(event.data), streamed=True)

    def body(self, body: str) -> Iterator[AgentEvent]:
        """Yield what a whole answer says, which is one JSON value."""
        if body.strip():
            yield from self._value(_parsed(body), streamed=False)

    def end(self) -> Iterator[AgentEvent]:
        """Yield how the answer ended. Raises NotUnderstoodError, or AgentFailedError, if it had no text."""
        if self._half:
            yield Text(foreign.characters(self._half))  # the other half never came
        if not any(map(str.strip, self._said)):
            if self.unread:
                raise NotUnderstoodError("; ".join(self.unread[:_SHAPES]))
            raise AgentFailedError("unavailable", reason="ended without a word")
        if self._ended is not None:
            yield self._ended

    def _value(self, value: object, *, streamed: bool) -> Iterator[AgentEvent]:
        if isinstance(value, str):
            written = foreign.object_of(value)  # an agent may encode twice: `yield json.dumps(…)`
            if written is None or not _is_known(written):
                yield from self._text(_spoken(value))
                return
            value = written
        if not isinstance(value, dict):
            self._pass_over(value)
            return
        _raise_refusal(value)
        if failure := told_by_members(value):
            raise self._failed(failure, streamed=streamed)
        yield from self._object(value)

    def _object(self, value: Mapping[str, Any]) -> Iterator[AgentEvent]:
        match value:
            case {"type": "delta", "text": str(text)}:
                yield from self._text(text)
            case {"type": "delta"}:
                raise NotUnderstoodError("object of type delta without a text")
            case {"type": "citation"}:
                span = foreign.members(value.get("span"))
                passage, source = foreign.string(value.get("text")), foreign.string(value.get("source"))
                yield CitedSource.cut(passage or "", source, span.get("start"), span.get("end"))
            case {"type": "completed"}:
                self._ended = Ended()
                self._note_end(value.get("stopReason"), value.get("usage"), truncated=value.get("truncated") is True)
            case {"event": dict(event)} if not _BEDROCK.isdisjoint(event) or "metadata" in event:
                yield from self._bedrock(event)
            case {"choices": list(choices)}:
                yield from self._choice(foreign.members(next(iter(choices), None)), value.get("usage"))
            case {"type": str(kind)} if kind not in {"data", *_WHOLE}:
                self._pass_over(value)  # a tool's result, say: it may have members of these names, too
            case {"data": str(text)}:
                if not self._bedrocks:
                    yield from self._text(_spoken(text))
            case _ if not _BEDROCK.isdisjoint(value) or value.keys() == {"metadata"}:
                yield from self._bedrock(value)
            case _:
                yield from self._whole(value)

    def _bedrock(self, event: Mapping[str, Any]) -> Iterator[AgentEvent]:
        """Read an event of ConverseStream. An agent asks its model several times: the tokens add up."""
        self._begun = True
        if "contentBlockDelta" in event:
            delta = foreign.members(foreign.members(event["contentBlockDelta"]).get("delta"))
            if isinstance(text := delta.get("text"), str):
                self._bedrocks = True
                yield from self._text(text)
        elif "messageStop" in event:
            self._note_end(foreign.members(event["messageStop"]).get("stopReason"), None)
        elif "metadata" in event:
            metadata = foreign.members(event["metadata"])
            tier = foreign.string(foreign.members(metadata.get("serviceTier")).get("type"))
            self._note_end(None, metadata.get("usage"), service_tier=tier)

    def _choice(self, choice: Mapping[str, Any], usage: object) -> Iterator[AgentEvent]:
        said = foreign.members(choice.get("delta")) or foreign.members(choice.get("message"))
        yield from self._text(_words(said) or "")
        self._note_end(choice.get("finish_reason"), usage)

    def _whole(self, value: Mapping[str, Any]) -> Iterator[AgentEvent]:
        """Read an answer in one piece. In a stream it may repeat what came before, piece by piece."""
        for member in _WHOLE:
            given = value.get(member)
            words = None if member == "message" and isinstance(given, str) else _words(given)  # one may be of any kind
            if words is None:
                continue
            self._note_end(value.get("stopReason") or value.get("stop_reason"), value.get("usage"))
            said = "".join(self._said).rstrip()
            if not said:
                yield from self._text(_spoken(words))
            elif not said.endswith(words.strip()):
                yield from self._text(f"\n\n{_spoken(words)}")
            return
        self._pass_over(value)

    def _text(self, text: str) -> Iterator[Text]:
        self._begun = True
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        text = foreign.characters(text.removesuffix(self._half))
        if text:
            self._said.append(text)
            yield Text(text)

    def _pass_over(self, value: object) -> None:
        if (shape := foreign.shape(value)) not in self.unread:
            self.unread.append(shape)

    def _note_end(
        self, stop_reason: object, usage: object, *, truncated: bool = False, service_tier: str | None = None
    ) -> None:
        reason = foreign.string(stop_reason)
        if reason in _BLOCKED:
            raise RequestRefusedError("content_blocked", "a guardrail blocked the question or its answer")
        if reason in MALFORMED:
            raise AgentFailedError("unavailable", reason=f"the agent's model ended with {reason}")
        inputs = _tokens(usage, "inputTokens", "input_tokens", "prompt_tokens")
        outputs = _tokens(usage, "outputTokens", "output_tokens", "completion_tokens")
        if not any((reason, truncated, service_tier)) and inputs is None and outputs is None:
            return
        ended = self._ended or Ended()
        self._ended = Ended(
            stop_reason=reason[:_WORD_CHARACTERS] if reason else ended.stop_reason,
            input_tokens=_sum(ended.input_tokens, inputs),
            output_tokens=_sum(ended.output_tokens, outputs),
            truncated=truncated or reason in _TRUNCATED or (reason is None and ended.truncated),
            service_tier=service_tier[:_WORD_CHARACTERS] if service_tier else ended.service_tier,
        )

    def _failed(self, failure: ToldFailure, *, streamed: bool) -> AgentFailedError:
        """A quota that is used up before a word has cost nothing. An answer in one piece doesn't tell what it cost."""
        if not failure.throttled:
            return AgentFailedError("unavailable", reason=str(failure))
        ready = streamed and not self._begun
        return (NotReadyError if ready else AgentFailedError)("throttled", reason=str(failure))


def _parsed(text: str) -> object:
    """Return the JSON value in `text`. What only looks like one may be damaged; other texts are another form."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if text.lstrip()[:1] in {"{", "[", '"'}:
            raise AgentFailedError("unavailable", reason="JSON that can't be read") from None
        raise NotUnderstoodError("text that is not JSON") from None


def _raise_refusal(value: Mapping[str, Any]) -> None:
    if value.get("type") == "error" and value.get("retryable") is False:
        message = foreign.string(value.get("message")) or "the agent refused the question"
        raise RequestRefusedError("invalid_request", message[:_MESSAGE_CHARACTERS])


def _tokens(usage: object, *names: str) -> int | None:
    counts = (foreign.count(foreign.members(usage).get(name)) for name in names)
    return next((tokens for tokens in counts if tokens is not None), None)


def _sum(first: int | None, second: int | None) -> int | None:
    return second if first is None else first + (second or 0)


def _words(value: object) -> str | None:
    """Return the text of a message as models' APIs write one down: a string, or blocks of content; None for no form."""
    match value:
        case str():
            return value
        case {"type": str(kind)} if kind not in _TEXTS:
            return None
        case list() if all(isinstance(block, str | dict) for block in value):
            return "".join(_words(block) or "" for block in value)
        case {"content": content} | {"text": str(content)} | {"message": content}:
            return _words(content)
        case _:
            return None


def _is_known(value: Mapping[str, Any]) -> bool:
    own = value.get("type") in {"delta", "citation", "completed"}
    forms = {"event", "choices", "data", *_WHOLE, *_BEDROCK}
    return own or told_by_members(value) is not None or not forms.isdisjoint(value)


def _spoken(text: str) -> str:
    if foreign.is_repr(text):
        raise AgentFailedError("unavailable", reason="a text that is how Python writes an object down")
    return text
