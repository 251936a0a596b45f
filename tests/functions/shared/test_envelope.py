"""Releases read each other's messages, in both directions: while one is rolled out, both are on the queue."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from selador_shared.envelope import encode_envelope, read_envelope
from selador_shared.version import VERSION

ENVELOPES = Path(__file__).parents[2] / "events/envelopes"
SAMPLES = sorted(path for path in ENVELOPES.glob("*/*.json") if path.parent.name != "tomorrow")


def sample(path: Path) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(path.read_text())
    return members


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_a_release_wrote_is_read_today(path: Path) -> None:
    envelope = read_envelope(path.read_text())

    assert json.loads(encode_envelope(envelope)).items() >= sample(path).items()


@pytest.mark.parametrize("path", sorted((ENVELOPES / VERSION).glob("*.json")), ids=lambda path: path.stem)
def test_the_samples_of_this_release_are_what_it_writes(path: Path) -> None:
    """Whoever changes what is written learns here that a release needs samples of its own."""
    assert json.loads(encode_envelope(read_envelope(path.read_text()))) == sample(path)


def test_this_release_has_samples() -> None:
    assert any(path.parent.name == VERSION for path in SAMPLES)


@pytest.mark.parametrize("path", sorted((ENVELOPES / "tomorrow").glob("*.json")), ids=lambda path: path.stem)
def test_what_a_later_release_may_write_is_read_but_for_what_is_new(path: Path) -> None:
    written = sample(path)

    read = json.loads(encode_envelope(read_envelope(path.read_text())))

    assert read["version"] == written["version"] > 1
    assert read.items() < (written | {"request": read["request"], "attemptsBefore": 0}).items()
    assert read["request"].items() < written["request"].items()


@pytest.mark.parametrize(
    "changes",
    [{"version": 0}, {"requestId": None}, {"receivedAt": "now"}, {"request": {"type": "dance"}}],
    ids=str,
)
def test_what_is_no_envelope_is_not_read_and_not_quoted(changes: dict[str, Any]) -> None:
    written = sample(ENVELOPES / VERSION / "query.json") | changes

    with pytest.raises(ValidationError) as raised:
        read_envelope(json.dumps(written))

    assert "harbour" not in str(raised.value)


def test_the_body_is_ascii_whatever_the_question_holds() -> None:
    """SQS refuses some characters that JSON lets stand, U+FFFE and U+FFFF among them (SQS-02)."""
    written = sample(ENVELOPES / VERSION / "query.json")
    written["request"]["text"] = "naïve ☕ 𝄞 \ufffe\uffff\x00"

    body = encode_envelope(read_envelope(json.dumps(written)))

    assert body.isascii()
    assert body.isprintable()
    assert json.loads(body)["request"]["text"] == "naïve ☕ 𝄞 \ufffe\uffff\x00"
