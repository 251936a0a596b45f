"""The weights of text on a terminal."""

import re
from enum import StrEnum
from typing import TextIO

_PLAIN = "\x1b[0m"
_STYLES = re.compile(r"\x1b\[\d+m")


class Style(StrEnum):
    """Escape sequences that every terminal knows; colours are the reader's own."""

    BOLD = "\x1b[1m"
    DIM = "\x1b[2m"
    RED = "\x1b[31m"


class Styler:
    """Styles text, if `output` is a terminal and `no_color` (of NO_COLOR) is empty."""

    def __init__(self, output: TextIO, no_color: str) -> None:
        self.is_terminal = output.isatty()
        self.plain = _PLAIN if self.is_terminal and not no_color else ""
        """What ends a style; empty if there are none."""

    def __call__(self, style: Style, text: str) -> str:
        return f"{style}{text}{self.plain}" if self.plain and text else text


def without_styles(text: str) -> str:
    return _STYLES.sub("", text)
