"""Where the stack writes what people read: a terminal, with or without colour, or a file or pipe."""

import contextlib
import os
from collections.abc import Mapping
from enum import IntEnum
from typing import TextIO


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

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # The rest in the buffer would fail again when Python ends, and become the exit status.
            with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # a name, not a path
                os.dup2(nowhere.fileno(), self._stream.fileno())

    def painted(self, text: str, colour: Colour) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured else text

    def size(self) -> os.terminal_size:
        """Return the terminal's columns and lines, or 80 by 24 if it tells none."""
        with contextlib.suppress(OSError):
            size = os.get_terminal_size(self._stream.fileno())
            if size.columns and size.lines:
                return size
        return os.terminal_size((80, 24))
