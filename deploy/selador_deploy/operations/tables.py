"""Tables and colors for a terminal. Pure."""

from collections.abc import Sequence
from enum import StrEnum


class Color(StrEnum):
    """What a terminal is told for a color; NONE where it is no terminal, or NO_COLOR is set."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"


def painted(text: str, color: Color | None, *, colored: bool) -> str:
    """Return the text in a color, if the output is `colored`."""
    return f"\033[{color}m{text}\033[0m" if colored and color is not None else text


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, colored: bool = False) -> list[str]:
    """Return the lines of a table: columns of numbers to the right, others to the left, the last one as it is."""
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numeric = [all(cell.replace(",", "").isdigit() or cell == "" for cell in column[1:]) for column in columns]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        ]
        return f"  {'  '.join(padded)}".rstrip()

    return [painted(line(head), Color.DIM, colored=colored), *(line(row) for row in rows)]
