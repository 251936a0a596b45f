"""What every call to Bedrock needs: streams that are whole or fail, and errors in the agents' own terms."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectError
from urllib3.exceptions import HTTPError, ReadTimeoutError

from selador_main.agents.agent import AgentFailedError, DeploymentFaultError, NotReadyError, Text
from selador_main.agents.aws_refusals import failure_of
from selador_main.cancellation import Cancellation
from selador_main.sockets import interrupted_by

if TYPE_CHECKING:
    from botocore.eventstream import EventStream
    from urllib3 import HTTPResponse


@contextmanager
def interrupting(raw: "HTTPResponse", cancellation: Cancellation) -> Iterator[None]:
    """Let `cancellation` end a read of `raw`'s body that is under way in this block."""

    def interrupt() -> None:
        with suppress(OSError, RuntimeError, ValueError):  # the stream has just ended by itself
            raw.shutdown()

    with cancellation.calling(interrupt):
        yield


def whole_events(stream: "EventStream[Any]", cancellation: Cancellation) -> Generator[Mapping[str, Any]]:
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


def not_silent[Event](events: Iterable[Event]) -> Iterator[Event]:
    """Pass `events` on; raise AgentFailedError at their end if no text among them has a character to read."""
    answered = False
    for event in events:
        answered = answered or (isinstance(event, Text) and not event.text.isspace() and event.text != "")
        yield event
    if not answered:
        raise AgentFailedError("unavailable", reason="ended without a word")


class Call:
    """A call of `asked`, again if need be. None begins after `cancellation`, which also ends the wait for the head."""

    def __init__(self, asked: str, cancellation: Cancellation, texts: Sequence[str]) -> None:
        self._asked = asked
        self._cancellation = cancellation
        self._texts = texts
        self._answered = False
        self._begun = False

    def ask[Response](self, operation: Callable[..., Response], request: Mapping[str, Any]) -> Response:
        """Return the response to `request`. Raises AttemptCancelledError instead of asking once it is cancelled."""
        self._cancellation.check()
        with interrupted_by(self._cancellation):
            response = operation(**request)
        self._answered = True
        return response

    def heard[Event](self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass the answer's `events` on; from the first one, a failure has cost something."""
        for event in events:
            self._begun = True
            yield event

    def failure(self, error: Exception) -> AgentFailedError:
        """Return what botocore or urllib3 raised, in the agents' own terms."""
        if self._cancellation.reason is not None:
            return AgentFailedError("unavailable", reason="cancelled")
        if isinstance(error, ClientError):
            return failure_of(error, self._asked, self._texts, begun=self._begun)
        reason = f"{self._asked}: {type(error).__name__}"
        if isinstance(error, BotoCoreError) and not isinstance(error, HTTPClientError | ConnectError):
            return DeploymentFaultError(reason=reason)  # no credentials, no such endpoint, a malformed parameter
        if self._answered or isinstance(error, ReadTimeoutError):  # the model may have worked all that time
            return AgentFailedError("unavailable", reason=reason)
        return NotReadyError("unavailable", reason=reason)


@contextmanager
def asking(asked: str, cancellation: Cancellation, *texts: str) -> Iterator[Call]:
    """Give one call, whose failures become the agents' own errors. `asked` names who is called: "the model".

    `texts` are what is asked. AWS's messages go into the log only as far as they repeat nothing of it.
    """
    call = Call(asked, cancellation, texts)
    try:
        yield call
    except (BotoCoreError, ClientError, HTTPError, ParserError) as error:  # a stream's reads raise what urllib3 does
        raise call.failure(error) from None
