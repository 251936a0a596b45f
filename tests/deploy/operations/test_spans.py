"""Spans of time in words."""

from datetime import timedelta

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.operations.spans import parse_span, span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("45s", timedelta(seconds=45)),
        ("90m", timedelta(minutes=90)),
        ("6h", timedelta(hours=6)),
        ("14d", timedelta(days=14)),
        ("3653d", timedelta(days=3_653)),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert parse_span(text, "SINCE") == expected


@pytest.mark.parametrize(
    "text", ["", "h", "1", "0h", "-1h", "1.5h", "1 h", "1w", "3654d", "999999999d", "12345678901d", "٥h"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(DeployError) as refused:
        parse_span(text, "SINCE")

    assert str(refused.value) == (
        f"SINCE is {text!r}; give a number and s, m, h or d, as in SINCE=90m: more than nothing, and at most 3,653d"
    )
    assert refused.value.status == 2


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "120 min"),
        (7_200, "2 h"),
        (1_209_600, "14 d"),
    ],
)
def test_a_span_is_said_in_its_largest_unit(seconds: float, expected: str) -> None:
    assert span(seconds) == expected
