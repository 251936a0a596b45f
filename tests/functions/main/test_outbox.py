"""Frames are joined, split and numbered without gaps."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from selador_main.outbox import Outbox
from selador_shared.protocol import MAX_FRAME_BYTES, Citation, Completed, Heartbeat, Started


@pytest.fixture
def outbox() -> Outbox:
    return Outbox("r-1", attempt=2)


def taken(outbox: Outbox) -> list[dict[str, Any]]:
    frames = []
    while outbox:
        data = outbox.take()
        assert len(data) <= MAX_FRAME_BYTES
        frames.append(json.loads(data))
    return frames


def test_text_that_waited_becomes_one_delta(outbox: Outbox) -> None:
    for piece in ("Two ", "flats ", "allow ", "pets."):
        outbox.add_text(piece)

    assert taken(outbox) == [
        {"type": "delta", "requestId": "r-1", "attempt": 2, "seq": 0, "text": "Two flats allow pets."}
    ]


def test_frames_between_texts_keep_their_place(outbox: Outbox) -> None:
    outbox.add(Started)
    outbox.add_text("a")
    outbox.add_text("b")
    outbox.add(Citation, text="source", source="s3://b/k")
    outbox.add_text("c")
    outbox.add(Completed, session_id="s")

    frames = taken(outbox)

    assert [frame["type"] for frame in frames] == ["started", "delta", "citation", "delta", "completed"]
    assert [frame["seq"] for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.get("text") for frame in frames] == [None, "ab", "source", "c", None]


@pytest.mark.parametrize(
    "character",
    ["x", "é", "€", "𝄞", "\u0000", '"', "\\", "\n"],
    ids=["ascii", "2", "3", "4", "nul", "quote", "\\", "nl"],
)
def test_text_over_a_frame_is_split_on_characters_and_none_is_lost(outbox: Outbox, character: str) -> None:
    text = character * 100_000

    outbox.add_text(text)
    frames = taken(outbox)

    assert "".join(frame["text"] for frame in frames) == text
    assert [frame["seq"] for frame in frames] == list(range(len(frames)))
    assert len(frames) > 1


def test_split_frames_are_nearly_full(outbox: Outbox) -> None:
    """As few posts as possible: each is paid for, and each takes a round trip."""
    outbox.add_text("x" * 1_000_000)

    frames = taken(outbox)

    assert len(frames) <= 1_000_000 // (MAX_FRAME_BYTES - 1_024) + 1


def test_the_number_of_waiting_characters_is_known(outbox: Outbox) -> None:
    outbox.add_text("x" * 40_000)
    waiting_before = outbox.characters
    first = json.loads(outbox.take())

    assert waiting_before == 40_000
    assert outbox.characters == 40_000 - len(first["text"])


def test_dropping_text_keeps_the_other_frames(outbox: Outbox) -> None:
    outbox.add(Started)
    outbox.add_text("lost")
    outbox.add(Heartbeat)

    outbox.drop_text()

    assert [frame["type"] for frame in taken(outbox)] == ["started", "heartbeat"]
    assert outbox.characters == 0


def test_a_frame_with_a_wrong_member_is_refused_where_it_is_added(outbox: Outbox) -> None:
    with pytest.raises(ValidationError):
        outbox.add(Citation, txt="misspelt")

    assert not outbox


def test_a_frame_that_can_not_be_split_is_refused(outbox: Outbox) -> None:
    outbox.add(Citation, text="x" * MAX_FRAME_BYTES)

    with pytest.raises(ValueError, match="a citation frame of 32,"):
        outbox.take()


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["\ud83d\ude00"], "😀"),
        (["a\ud83d", "\ude00b"], "a😀b"),
        (["a\ud83d", "b"], "a\ufffdb"),
        (["a\ude00b"], "a\ufffdb"),
        (["\ud83d", "\ud83d", "\ude00"], "\ufffd😀"),
        (["end\ud83d"], "end\ufffd"),
    ],
    ids=["a pair", "a pair in two pieces", "no second half", "no first half", "one half too many", "half at the end"],
)
def test_halves_of_surrogate_pairs_are_joined_or_replaced(outbox: Outbox, pieces: list[str], text: str) -> None:
    """JSON's escapes let a model send them; no frame could carry half of one."""
    for piece in pieces:
        outbox.add_text(piece)
    outbox.add(Heartbeat)

    frames = taken(outbox)

    assert "".join(frame.get("text", "") for frame in frames) == text
    assert frames[-1]["type"] == "heartbeat"


def test_a_half_in_another_frame_is_replaced(outbox: Outbox) -> None:
    outbox.add(Citation, text="cut \ud83d")

    assert taken(outbox)[0]["text"] == "cut \ufffd"
