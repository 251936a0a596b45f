"""Failures on demand: which call fails, how, and after how much of its answer."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from selador_local.bedrock.eventstream import encode_event, encode_exception


class FaultKind(StrEnum):
    """How a call fails. The first three answer before the stream begins, the others disturb the stream."""

    THROTTLE = "throttle"
    ACCESS_DENIED = "access_denied"
    INTERNAL = "internal"
    STALL = "stall"  # nothing more is sent, until the client goes
    CUT = "cut"  # the connection is closed without HTTP's end of the body
    CUT_INSIDE_EVENT = "cut_inside_event"  # half an event, then a clean end of the body (BR-26)
    STREAM_EXCEPTION = "stream_exception"
    GARBAGE = "garbage"  # bytes that are no event


@dataclass(frozen=True)
class Fault:
    """A fault of one call, after `after_events` events of its answer. `exception` is what STREAM_EXCEPTION sends."""

    kind: FaultKind
    after_events: int = 0
    exception: str = "throttlingException"


class InvalidFaultError(Exception):
    """A fault was asked for that does not exist, or with members that are not its."""


class Faults:
    """The faults that wait for the next calls, first come first served."""

    def __init__(self) -> None:
        self._waiting: deque[Fault] = deque()

    def add(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` calls that no earlier fault has claimed fail so."""
        self._waiting.extend([fault] * times)

    def take(self) -> Fault | None:
        """Return the fault of the call that is beginning."""
        return self._waiting.popleft() if self._waiting else None

    def clear(self) -> None:
        """Let every later call succeed."""
        self._waiting.clear()


def parse_fault(body: bytes) -> tuple[Fault, int]:
    """Return a fault and its number of times from JSON `{"fault", "times", "afterEvents", "exception"}`.

    All but `fault` may be left out. Raises InvalidFaultError.
    """
    try:
        members = json.loads(body)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise InvalidFaultError('the body is no JSON object such as {"fault": "throttle"}')
    if unknown := members.keys() - {"fault", "times", "afterEvents", "exception"}:
        raise InvalidFaultError(f"{', '.join(sorted(unknown))}: not among fault, times, afterEvents, exception")
    kind = members.get("fault")
    if kind not in list(FaultKind):
        raise InvalidFaultError(f"fault is {kind!r}; known faults are {', '.join(FaultKind)}")
    return (
        Fault(
            FaultKind(kind),
            after_events=_whole_number(members, "afterEvents", default=0, least=0),
            exception=str(members.get("exception", Fault.exception)),
        ),
        _whole_number(members, "times", default=1, least=1),
    )


def _whole_number(members: Mapping[str, Any], name: str, *, default: int, least: int) -> int:
    value = members.get(name, default)
    if type(value) is not int or value < least:
        raise InvalidFaultError(f"{name} is {value!r}; it has to be a whole number from {least}")
    return value


async def disturb(messages: AsyncIterator[bytes], fault: Fault) -> AsyncIterator[bytes]:
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
            event = encode_event("output", {"text": "never complete"})
            yield event[: len(event) // 2]
        case FaultKind.STREAM_EXCEPTION:
            yield encode_exception(fault.exception, "failed on demand")
        case FaultKind.GARBAGE:
            yield bytes(range(64))
