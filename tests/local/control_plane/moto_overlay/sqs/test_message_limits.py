"""SQS's limits on a message, as values."""

import pytest

from selador_local.control_plane.moto_overlay.sqs.message_limits import (
    is_attribute_name,
    is_group_id,
    is_trace_header,
    refused_character,
    size,
)

TRACE = "Root=1-6745a1b2-0123456789abcdef01234567"


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


@pytest.mark.parametrize("name", ["a", "request-id_1", "a.b.c", "awsome", "a" * 256])
def test_names_of_attributes(name: str) -> None:
    assert is_attribute_name(name)


@pytest.mark.parametrize("name", ["", "a b", "é", ".a", "a.", "a..b", "AWS.a", "aws.a", "Amazon.a", "a" * 257])
def test_names_that_no_attribute_may_have(name: str) -> None:
    assert not is_attribute_name(name)


def test_a_group_id_has_1_to_128_letters_digits_and_punctuation_marks() -> None:
    assert all(is_group_id(text) for text in ("a", "PJqB0fHsqRcCHlw=", "!~" * 64))
    assert not any(is_group_id(text) for text in ("", "a b", "é", "a" * 129))


@pytest.mark.parametrize("text", [TRACE, f"{TRACE};Parent=53995c3f42cd8ad8;Sampled=1", f"Self=1-0-0;{TRACE}"])
def test_trace_headers(text: str) -> None:
    assert is_trace_header(text)


@pytest.mark.parametrize("text", ["", "Root=1", TRACE[:-1], TRACE.replace("Root", "Trace"), f"{TRACE}0"])
def test_texts_that_are_no_trace_header(text: str) -> None:
    assert not is_trace_header(text)
