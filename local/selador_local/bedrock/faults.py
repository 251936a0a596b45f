"""Failures on demand: which call fails, how, and after how much of its answer."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from selador_local.bedrock.wire import Wire
from selador_local.errors import SeladorLocalError


class FaultKind(StrEnum):
    """How a call fails: refused, unanswered, answered with something else, or with its stream disturbed."""

    THROTTLE = "throttle"
    ACCESS_DENIED = "access_denied"
    NOT_FOUND = "not_found"
    NOT_READY = "not_ready"
    QUOTA = "quota"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    INVALID = "invalid"
    HANG_UP = "hang_up"  # the connection is closed instead of an answer
    SILENCE = "silence"  # not even the head of an answer, until the client goes
    SAYS = "says"  # the whole answer is `body`
    WORDLESS = "wordless"  # an answer without a character
    STALL = "stall"  # nothing more is sent, until the client goes
    CUT = "cut"  # the connection is closed without HTTP's end of the body
    CUT_INSIDE_EVENT = "cut_inside_event"  # half an event, then a clean end: no error to botocore (BR-26)
    STREAM_EXCEPTION = "stream_exception"
    GARBAGE = "garbage"  # bytes that are no event
    GUARDRAIL = "guardrail"  # one intervenes


@dataclass(frozen=True)
class Fault:
    """A fault of one call, after `after_events` events of its answer. `exception` is what STREAM_EXCEPTION sends.

    `message` is what a refusal or an exception says. `body` and `content_type` are SAYS's whole answer. The fault waits
    for a call whose question contains `question` as whole words: `r-1` isn't in a question that says `r-10`.
    """

    kind: FaultKind
    after_events: int = 0
    exception: str = "throttlingException"
    question: str = ""
    message: str = "failed on demand"
    body: str = ""
    content_type: str = "text/event-stream"

    def is_meant_for(self, question: str) -> bool:
        whole_words = rf"(?<![\w-]){re.escape(self.question)}(?![\w-])"
        return self.question == "" or re.search(whole_words, question) is not None


class InvalidFaultError(SeladorLocalError):
    """A fault was asked for that does not exist, or with members that are not its."""


class Faults:
    """The faults that wait for the next calls, first come first served."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []

    def add(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` calls that no earlier fault has claimed fail so."""
        self._waiting.append((fault, times))

    def take(self, question: str) -> Fault | None:
        """Return the fault of the call that is beginning."""
        for index, (fault, times) in enumerate(self._waiting):
            if fault.is_meant_for(question):
                self._waiting[index : index + 1] = [(fault, times - 1)] if times > 1 else []
                return fault
        return None

    def clear(self) -> None:
        """Let every later call succeed."""
        self._waiting.clear()


_TEXTS = {
    "exception": "exception",
    "question": "question",
    "message": "message",
    "body": "body",
    "contentType": "content_type",
}
_MEMBERS = ("fault", "times", "afterEvents", *_TEXTS)


def parse_fault(body: bytes) -> tuple[Fault, int]:
    """Return a fault and its number of times from a JSON object with `_MEMBERS`; all but `fault` may be left out.

    Raises InvalidFaultError.
    """
    try:
        members = json.loads(body)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise InvalidFaultError('the body is no JSON object such as {"fault": "throttle"}')
    if unknown := members.keys() - set(_MEMBERS):
        raise InvalidFaultError(f"{', '.join(sorted(unknown))}: not among {', '.join(_MEMBERS)}")
    kind = members.get("fault")
    if kind not in list(FaultKind):
        raise InvalidFaultError(f"fault is {kind!r}; known faults are {', '.join(FaultKind)}")
    return (
        Fault(
            FaultKind(kind),
            after_events=_whole_number(members, "afterEvents", default=0, least=0),
            **{field: str(members[name]) for name, field in _TEXTS.items() if name in members},
        ),
        _whole_number(members, "times", default=1, least=1),
    )


def _whole_number(members: Mapping[str, Any], name: str, *, default: int, least: int) -> int:
    value = members.get(name, default)
    if type(value) is not int or value < least:
        raise InvalidFaultError(f"{name} is {value!r}; it has to be a whole number from {least}")
    return value


async def disturb(messages: AsyncIterator[bytes], fault: Fault, wire: Wire) -> AsyncIterator[bytes]:
    """Yield `messages` as far as `fault` lets them, then fail as it says (instead of their end, if they are fewer)."""
    sent = 0
    while sent < fault.after_events and (message := await anext(messages, None)) is not None:
        yield message
        sent += 1
    match fault.kind:
        case FaultKind.STALL:
            await asyncio.Event().wait()
        case FaultKind.CUT:
            raise ConnectionAbortedError("cut on demand")
        case FaultKind.CUT_INSIDE_EVENT:
            event = wire.event("text", {"text": "never complete"})
            yield event[: len(event) // 2]
        case FaultKind.STREAM_EXCEPTION:
            yield wire.exception(fault.exception, fault.message)
        case FaultKind.GARBAGE:
            yield bytes(range(64))
        case FaultKind.GUARDRAIL:
            yield wire.event(*wire.guardrail)
