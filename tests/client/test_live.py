"""Drawings on a terminal, as a small terminal shows them."""

import io
import os
import re

import pytest

from selador_client.live import Live
from selador_client.style import Style


class Screen(io.StringIO):
    """Interprets what Live writes: lines, moves up, and clearing to the end."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.rows = [""]
        self.row = 0
        self._columns = columns

    def write(self, text: str) -> int:
        for part in re.findall(r"\x1b\[\d*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
            if part.endswith("A") and part.startswith("\x1b"):
                self.row -= int(part[2:-1])
                assert self.row >= 0
            elif part == "\x1b[J":
                del self.rows[self.row + 1 :]
                self.rows[self.row] = ""
            elif part == "\n":
                self.row += 1
                self.rows += [""] * (self.row + 1 - len(self.rows))
            elif part != "\r" and not part.startswith("\x1b"):
                pieces = [part[at : at + self._columns] for at in range(0, len(part), self._columns)]
                self.rows[self.row :] = [self.rows[self.row] + pieces[0], *pieces[1:]]
                self.row += len(pieces) - 1
        return len(text)


def drawn(*drawings: list[str], columns: int = 20, height: int = 10) -> list[str]:
    screen = Screen(columns)
    live = Live(screen, lambda: os.terminal_size((columns, height)))
    for lines in drawings:
        live.draw(lines)
    live.finish()
    return screen.rows


@pytest.mark.parametrize(
    "drawings",
    [
        [["a"]],
        [["a"], ["a", "b"]],
        [["a", "waiting"], ["a", "b", "waiting"]],
        [["half an answer", "waiting"], ["the whole answer"]],
        [["a", "b", "c"], ["a", "x", "c"]],
        [["a", "b"], ["a"]],
        [["a line that is longer than the screen", "b"], ["x"]],
        [["a"], ["a"]],
        [[Style.DIM + "a line of twenty ch." + "\x1b[0m", "b"], ["x"]],
    ],
)
def test_a_drawing_replaces_the_one_before(drawings: list[list[str]]) -> None:
    *rows, last = drawn(*drawings)

    assert rows == [line.replace(Style.DIM, "").replace("\x1b[0m", "") for line in drawings[-1]]
    assert last == ""


def test_what_has_scrolled_off_is_left_and_all_is_drawn_below() -> None:
    first = [f"line {number}" for number in range(12)]

    assert drawn(first, ["new", "lines"], height=10) == [*first, "", "new", "lines", ""]


def test_only_what_differs_is_written() -> None:
    output = io.StringIO()
    live = Live(output, lambda: os.terminal_size((20, 10)))
    live.draw(["a", "b"])
    output.truncate(0)
    live.draw(["a", "b", "c"])

    assert output.getvalue().strip("\0") == "\nc"


def test_nothing_drawn_is_nothing_written() -> None:
    assert drawn([]) == [""]
