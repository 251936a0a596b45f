"""SQS's limits on a message, as values."""

import pytest

from selador_local.control_plane.moto_overlay.sqs.message_limits import refused_character, size


@pytest.mark.parametrize("text", ["\t\n\r", " ~", "\ud7ff\ue000\ufffd", "\U00010000\U0010ffff", "naïve 🏠"])
def test_allowed_characters(text: str) -> None:
    assert refused_character(text) is None


@pytest.mark.parametrize(
    ("text", "named"), [("a\x00", "#x0"), ("\x1f", "#x1F"), ("\ud800", "#xD800"), ("\uffff", "#xFFFF")]
)
def test_the_first_refused_character_is_named(text: str, named: str) -> None:
    assert refused_character(text) == named


def test_size_is_bytes_of_body_names_types_and_values() -> None:
    attributes = {
        "a": {"DataType": "String", "StringValue": "é"},
        "bb": {"DataType": "Binary", "BinaryValue": b"1234"},
    }

    assert size("é", attributes) == 2 + (1 + 6 + 2) + (2 + 6 + 4)
