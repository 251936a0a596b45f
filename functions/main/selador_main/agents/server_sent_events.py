"""Server-sent events (`text/event-stream`, a part of the HTML standard), read as they arrive."""

from collections.abc import Iterator
from dataclasses import dataclass

from selador_main.agents.agent import AgentFailedError

MAX_EVENT_BYTES = 1_000_000
"""What one event may hold; more is no text that was streamed."""


@dataclass(frozen=True)
class ServerSentEvent:
    """One event: its name, "" if it has none, and its data."""

    name: str
    data: str


def read_events(chunks: Iterator[bytes]) -> Iterator[ServerSentEvent]:
    """Yield the events in `chunks`; raise AgentFailedError if the stream ends inside one.

    Lines end in LF, CRLF or CR, and several `data` lines are joined by LF. Comments and other fields say nothing here.
    """
    name = ""
    data: list[str] = []
    for number, line in enumerate(_lines(chunks)):
        field, _, value = (line.removeprefix("\ufeff") if number == 0 else line).partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
        elif line == "":
            if data or name:
                yield ServerSentEvent(name, "\n".join(data))
            name, data = "", []
    if data or name:
        raise AgentFailedError("unavailable", reason="the stream ended inside an event")


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        rest += chunk
        if len(rest) > MAX_EVENT_BYTES:
            raise AgentFailedError("unavailable", reason=f"a line of more than {MAX_EVENT_BYTES:,} bytes")
        held = rest.endswith(b"\r")  # it may be half of a CRLF
        lines = rest.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest = lines.pop() + (b"\r" if held else b"")
        for line in lines:
            yield line.decode(errors="replace")
    if rest.endswith(b"\r"):
        yield rest.removesuffix(b"\r").decode(errors="replace")
    elif rest:
        raise AgentFailedError("unavailable", reason="the stream ended inside a line")
