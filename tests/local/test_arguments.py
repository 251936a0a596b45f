"""What a number on the command line may be."""

from argparse import ArgumentTypeError

import pytest

from selador_local.arguments import whole_number


@pytest.mark.parametrize("text", ["1", "60", " 100 "])
def test_a_number_between_the_bounds_is_taken(text: str) -> None:
    assert whole_number(1, 100, "no more fit")(text) == int(text)


@pytest.mark.parametrize("text", ["0", "-1", "101", "9" * 5_000, "", "1.5", "nan", "six", "$(touch x)"])
def test_anything_else_is_told_with_the_bounds_and_their_reason(text: str) -> None:
    with pytest.raises(ArgumentTypeError) as refused:
        whole_number(1, 100, "no more fit")(text)

    assert str(refused.value) == f"{text!r} is no whole number from 1 to 100: no more fit"
