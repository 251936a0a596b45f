"""Where the stack writes what people read: a terminal, with or without colour, or a file or pipe."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TextIO

# What terminals since the VT100 and xterm understand; without the cursor while the second screen is shown.
_SECOND_SCREEN, _FIRST_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"


class Colour(IntEnum):
    """SGR numbers of a terminal."""

    BOLD = 1
    DIM = 2
    RED = 31
    GREEN = 32
    YELLOW = 33


class Output:
    """Writes to `stream`. Colour is used only on a terminal and without NO_COLOR.

    A terminal that was closed, or a pipe without a reader, swallows the text: it must not stop the clean-up.
    """

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self.is_terminal = stream.isatty()
        self._coloured = self.is_terminal and not environment.get("NO_COLOR")
        self._draws = False
        self._waiting: list[str] = []

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # The rest in the buffer would fail again when Python ends, and become the exit status.
            with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # a name, not a path
                os.dup2(nowhere.fileno(), self._stream.fileno())

    def draw(self, lines: Sequence[str]) -> None:
        """Show these lines and nothing else, on the terminal's second screen."""
        begin = "" if self._draws else _SECOND_SCREEN
        self._draws = True
        self.write(begin + _HOME + "\n".join(f"{line}{_CLEAR_LINE}" for line in lines) + _CLEAR_BELOW)

    def leave_screen(self) -> None:
        """Go back to what the terminal showed before the first `draw`; do nothing if there was none."""
        if self._draws:
            self._draws = False
            self.write(_FIRST_SCREEN + "".join(self._waiting))
            self._waiting = []

    def tell(self, text: str) -> None:
        """Write lines that stay; while a screen is drawn they wait until it is left."""
        if self._draws:
            self._waiting.append(f"{text}\n")
        else:
            self.write(f"\r{_CLEAR_LINE}{text}\n" if self.is_terminal else f"{text}\n")

    def painted(self, text: str, colour: Colour) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured else text

    def size(self) -> os.terminal_size:
        """Return the terminal's columns and lines, or 80 by 24 if it tells none."""
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(self._stream.fileno())
            if size.columns and size.lines:
                return size
        return os.terminal_size((80, 24))
