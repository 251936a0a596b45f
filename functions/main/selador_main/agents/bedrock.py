"""What every call to Bedrock needs: streams that are whole or fail, and errors in the agents' own terms."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from selador_main.agents.agent import AgentEvent, AgentFailedError, RequestRefusedError, Text
from selador_main.cancellation import Cancellation
from selador_shared.protocol import ErrorCode

if TYPE_CHECKING:
    from botocore.eventstream import EventStream
    from urllib3 import HTTPResponse

# Bedrock's exceptions (BR-12, BR-21) without the "Exception" that ends each name, and the code that a client is told.
# Only inside a stream do names begin with a lower-case letter (BR-25), so all are compared in lower case. Access and
# missing resources are ours to put right, so on-call has to see them.
_RETRIED_AS: dict[str, ErrorCode] = {
    "accessdenied": "internal",
    "resourcenotfound": "internal",
    "servicequotaexceeded": "throttled",
    "throttling": "throttled",
}


@contextmanager
def interrupting(raw: "HTTPResponse", cancellation: Cancellation) -> Iterator[None]:
    """Let `cancellation` end a read of `raw`'s body that is under way in this block."""

    def interrupt() -> None:
        with suppress(OSError, RuntimeError, ValueError):  # the stream has just ended by itself
            raw.shutdown()

    with cancellation.calling(interrupt):
        yield


def whole_events(stream: "EventStream[Any]", cancellation: Cancellation) -> Iterator[Mapping[str, Any]]:
    """Yield the stream's events; raise AgentFailedError where it ends inside one.

    To botocore, a stream that stops in the middle of an event has ended well (BR-26), so the raw stream under it is
    replaced by one that checks. A cancellation ends a read under way.
    """
    raw: HTTPResponse = stream._raw_stream  # type: ignore[attr-defined]  # private: botocore has no other way in
    checked = SimpleNamespace(stream=lambda: whole_messages(raw.stream()), close=raw.close)
    stream._raw_stream = checked  # type: ignore[attr-defined]
    try:
        with interrupting(raw, cancellation):
            yield from stream
    finally:
        stream.close()


def whole_messages(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass `chunks` on, and check that they end where a message ends: each begins with its length (BR-22)."""
    missing = 0
    prelude = b""
    for chunk in chunks:
        yield chunk
        rest = memoryview(chunk)
        while rest:
            if missing == 0:
                taken = 4 - len(prelude)
                prelude += bytes(rest[:taken])
                rest = rest[taken:]
                if len(prelude) == 4:
                    missing = int.from_bytes(prelude) - 4
                    prelude = b""
            else:
                taken = min(missing, len(rest))
                missing -= taken
                rest = rest[taken:]
    if missing or prelude:
        raise AgentFailedError("unavailable", reason="the stream ended inside an event")


def not_silent(events: Iterable[AgentEvent]) -> Iterator[AgentEvent]:
    """Pass `events` on; raise AgentFailedError at their end where none of them was text: nothing was answered."""
    answered = False
    for event in events:
        answered = answered or isinstance(event, Text)
        yield event
    if not answered:
        raise AgentFailedError("unavailable", reason="the stream ended without a word")


@contextmanager
def translated_errors(asked: str) -> Iterator[None]:
    """Turn what botocore and urllib3 raise into the agents' own two errors. `asked` names who refused: "the model".

    Bedrock's messages may quote the question, so only the code and AWS's request id go on.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reason = f"{code} {error.response.get('ResponseMetadata', {}).get('RequestId', '')}".rstrip()
        kind = error_kind(error)
        if kind == "validation":
            raise RequestRefusedError(
                "invalid_request", f"{asked} refused the request as invalid", reason=reason
            ) from None
        raise AgentFailedError(_RETRIED_AS.get(kind, "unavailable"), reason=reason) from None
    except (BotoCoreError, HTTPError, ParserError) as error:  # a stream's reads raise what urllib3 does
        raise AgentFailedError("unavailable", reason=type(error).__name__) from None


def error_kind(error: ClientError) -> str:
    """Return the error's code as it can be compared: `ThrottlingException`, `throttlingException` → `throttling`."""
    return error.response["Error"]["Code"].lower().removesuffix("exception")
