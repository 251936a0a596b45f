import pytest

from selador_client.wrapping import cells, printable, wrap

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("Three months.", 20, ["Three months."]),
        ("Three months.", 8, ["Three", "months."]),
        ("one\n\ntwo", 8, ["one", "", "two"]),
        ("  - an item of a list", 10, ["  - an", "item of a", "list"]),
        ("a    b", 10, ["a    b"]),
        ("a    b", 5, ["a", "b"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("x abcdefgh", 3, ["x", "abc", "def", "gh"]),
        ("abcdefgh x", 3, ["abc", "def", "gh", "x"]),
        ("漢字漢字", 5, ["漢字", "漢字"]),
        ("e\u0301e\u0301e\u0301", 2, ["e\u0301e\u0301", "e\u0301"]),
        ("a b\u00a0c", 4, ["a", "b\u00a0c"]),
        ("   ", 10, [""]),
    ],
)
def test_words_wrap_at_the_width(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines
    assert all(cells(line) <= width for line in lines)


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("é", 1), ("\u05d0\u200f", 1)])
def test_a_character_has_the_columns_of_a_terminal(text: str, columns: int) -> None:
    assert cells(text) == columns


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b]0;title\x07b\r\x9b2J\x00c", "a]0;titleb2Jc"),
        ("58 m²\t€\n", "58 m²   €\n"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        (FAMILY, FAMILY),
        ("58\u00a0m²\u3000x", "58\u00a0m²\u3000x"),
        ("תקופת ההודעה", "תקופת ההודעה"),
        ("\ud83d", ""),
    ],
)
def test_what_could_command_the_terminal_is_left_out(text: str, shown: str) -> None:
    assert printable(text) == shown
