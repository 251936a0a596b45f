"""Server-sent events, in every form that the standard allows."""

import pytest

from selador_main.agents.agent import AgentFailedError
from selador_main.agents.server_sent_events import MAX_EVENT_BYTES, ServerSentEvent, read_events


@pytest.mark.parametrize(
    ("chunks", "data"),
    [
        (["data: a\n\ndata: b\n\n"], ["a", "b"]),
        (["da", "ta: a\n", "\n"], ["a"]),
        (["data:a\r\n\r\ndata:b\r\n\r\n"], ["a", "b"]),
        (["data: a\r", "\n\r\n"], ["a"]),
        (["data: a\r\r"], ["a"]),
        (["data: a\ndata: b\n\n"], ["a\nb"]),
        ([": comment\nid: 1\nretry: 5\ndata: a\n\n"], ["a"]),
        (["\ufeffdata: a\n\ndata: \ufeffb\n\n"], ["a", "\ufeffb"]),
        (["event: error\n\ndata: a\n\n"], ["", "a"]),
        (["\n\n\n"], []),
    ],
    ids=[
        "two",
        "in pieces",
        "CRLF",
        "CRLF in pieces",
        "CR",
        "several lines",
        "other fields",
        "a byte order mark",
        "a name alone",
        "nothing",
    ],
)
def test_server_sent_events_are_read_however_they_come(chunks: list[str], data: list[str]) -> None:
    assert [event.data for event in read_events(chunk.encode() for chunk in chunks)] == data


def test_a_byte_order_mark_in_pieces_is_one() -> None:
    chunks = [bytes([byte]) for byte in b"\xef\xbb\xbfdata: a\n\n"]

    assert list(read_events(iter(chunks))) == [ServerSentEvent("", "a")]


def test_a_name_belongs_to_its_event_alone() -> None:
    stream = b"event: first\ndata: a\n\ndata: b\n\n"

    assert list(read_events(iter([stream]))) == [ServerSentEvent("first", "a"), ServerSentEvent("", "b")]


@pytest.mark.parametrize(
    "stream",
    ["data: a\n\ndata: b", "data: a\n\ndata: b\n", "event: x\n", "x" * (MAX_EVENT_BYTES + 1)],
    ids=["inside a line", "inside an event", "after a name", "a line without end"],
)
def test_a_stream_that_is_not_whole_fails(stream: str) -> None:
    with pytest.raises(AgentFailedError):
        list(read_events(iter([stream.encode()])))
