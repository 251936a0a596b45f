"""Lines on a terminal that may still change: each drawing replaces the one before."""

import math
from collections.abc import Callable, Sequence
from os import terminal_size
from typing import TextIO

from selador_client.style import without_styles
from selador_client.wrapping import cells


class Live:
    """Draws lists of lines onto `output`, a terminal of `size`, and writes only from the first line that differs."""

    def __init__(self, output: TextIO, size: Callable[[], terminal_size]) -> None:
        self._output = output
        self._size = size
        self._drawn: list[str] = []

    def draw(self, lines: Sequence[str]) -> None:
        """Show `lines` in place of those of the last drawing; the cursor stays behind the last one.

        What has scrolled off the screen can't be changed. If it would have to be, all lines are written anew below.
        """
        same = 0
        while same < min(len(lines), len(self._drawn)) and lines[same] == self._drawn[same]:
            same += 1
        if same == len(lines) == len(self._drawn):
            return
        if 0 < same == len(lines):
            same -= 1  # the cursor has to come behind the last line that stays
        columns, height = self._size()
        up = sum(_rows(line, columns) for line in self._drawn[same:]) - 1
        if same == len(self._drawn) or not self._drawn:
            self._write("\n" if self._drawn else "", lines[same:])
        elif up < height:
            self._write(f"\r\x1b[{up}A\x1b[J" if up else "\r\x1b[J", lines[same:])
        else:
            self._write("\n\n", lines)
        self._drawn = list(lines)

    def finish(self) -> None:
        """Leave what is drawn as it is, and the cursor on a line of its own."""
        if self._drawn:
            self._output.write("\n")
            self._output.flush()
        self._drawn = []

    def _write(self, control: str, lines: Sequence[str]) -> None:
        self._output.write(control + "\n".join(lines))
        self._output.flush()


def _rows(line: str, columns: int) -> int:
    return max(1, math.ceil(cells(without_styles(line)) / max(1, columns)))
