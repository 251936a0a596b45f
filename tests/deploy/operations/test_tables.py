"""Tables for a terminal."""

from selador_deploy.operations.tables import Color, painted, table


def test_numbers_stand_to_the_right_and_texts_to_the_left() -> None:
    lines = table(("letters", "cause"), [("1,200", "throttled"), ("3", "killed")])

    assert lines == [
        "  letters  cause",
        "    1,200  throttled",
        "        3  killed",
    ]


def test_without_color_nothing_is_told_to_the_terminal() -> None:
    assert painted("lost", Color.RED, colored=False) == "lost"
    assert painted("lost", Color.RED, colored=True) == "\033[31mlost\033[0m"
