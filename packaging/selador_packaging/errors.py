"""The one exception of this distribution: whatever it refuses, it refuses with this."""

import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # Unicode's categories of signs that steer a terminal instead of being printed
SHOWN = 8  # a wheel with a thousand bad members tells no more than one with eight


class PackagingError(Exception):
    """A build was refused; `faults` are whole sentences, one per thing that is wrong, each with its place."""

    def __init__(self, *faults: str) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        hidden = len(self.faults) - SHOWN
        return "\n".join([*map(_printable_lines, self.faults[:SHOWN]), *([f"and {hidden} more"] if hidden > 0 else [])])


def printable(text: str) -> str:
    """`text`, or a Python string of it in ASCII where it has signs that can't be printed."""
    return ascii(text) if any(map(_is_unseen, text)) else text


def _printable_lines(fault: str) -> str:
    """A sentence that quotes what a wheel or a program said, whose lines stay lines."""
    return "".join(ascii(sign)[1:-1] if _is_unseen(sign) and sign not in "\n\t" else sign for sign in fault)


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN
