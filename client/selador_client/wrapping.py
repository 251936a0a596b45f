"""Text for a terminal: what of it may be shown, how wide it is, and where its lines break. Pure."""

import re
import unicodedata
from functools import lru_cache

NO_BREAK_SPACE = "\u00a0"
_ZERO_WIDTH_JOINERS = "\u200c\u200d"  # they hold emoji and Arabic letters together
_SHOWN = "\n" + _ZERO_WIDTH_JOINERS  # though Python calls them unprintable, as it does every space but one
_WIDE = frozenset("WF")


def printable(text: str) -> str:
    """Return `text` without what could command the terminal: control characters, and those that turn text round."""
    return "".join(character for character in text.expandtabs(4) if character.isprintable() or _is_shown(character))


def _is_shown(character: str) -> bool:
    return character in _SHOWN or unicodedata.category(character) == "Zs"


def cells(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


@lru_cache(maxsize=4096)
def _cells_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def wrap(text: str, width: int) -> list[str]:
    """Return the lines of `text`, each at most `width` columns wide; words stay whole if they fit a line."""
    return [line for paragraph in text.split("\n") for line in _wrapped(paragraph, max(width, 2))]


@lru_cache(maxsize=4096)
def _wrapped(paragraph: str, width: int) -> tuple[str, ...]:
    lines, line, used = [], "", 0
    for word in re.findall(r" *[^ ]+", paragraph):
        size = cells(word)
        if line and used + size > width:
            lines.append(line)
            line, used = "", 0
            word = word.lstrip(" ")  # noqa: PLW2901  # a line's end stands for the spaces
            size = cells(word)
        while size > width:
            head = _head(word, width)
            lines.append(head)
            word = word[len(head) :]  # noqa: PLW2901  # the rest of a word that is longer than a line
            size = cells(word)
        line, used = line + word, used + size
    return (*lines, line)


def _head(word: str, width: int) -> str:
    """Return the beginning of `word` that fits, and no part of a character."""
    used = 0
    for index, character in enumerate(word):
        used += _cells_of(character)
        if used > width and index > 0:
            return word[:index]
    return word
