"""Values of a command line. Whoever leaves the bounds is told the value, the bounds and their reason."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def whole_number(least: int, most: int, why: str) -> Callable[[str], int]:
    """Return what reads a whole number between these bounds, which have a reason."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ArgumentTypeError(f"{text!r} is no whole number from {least:,} to {most:,}: {why}")
        return number

    return read
