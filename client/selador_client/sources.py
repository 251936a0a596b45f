"""The sources of an answer: their numbers, and where in the text each number stands. Pure."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from selador_shared.protocol import Citation

_MARK = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Source:
    """A source with its number from 1; `passages` are what was cited of it."""

    number: int
    name: str
    passages: tuple[str, ...]


def numbered(citations: Sequence[Citation]) -> list[Source]:
    """Return each source once, in the order of the first citations."""
    passages: dict[str, list[str]] = {}
    for citation in citations:
        cited = passages.setdefault(_name(citation), [])
        if citation.text not in cited:
            cited.append(citation.text)
    return [Source(number, name, tuple(cited)) for number, (name, cited) in enumerate(passages.items(), start=1)]


def marked(text: str, citations: Sequence[Citation], gap: str = " ") -> str:
    """Return `text` with `gap` and `[1]` behind each part that a source supports.

    A span counts in the whole answer and includes its end, so a mark appears as soon as its part is there. A workflow's
    spans are the model's own marks, such as `[6]`, which number its passages: the source's number replaces them.
    """
    numbers = {source.name: source.number for source in numbered(citations)}
    marks: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for citation in citations:
        if citation.span is not None and 0 <= citation.span.start < len(text):
            part = text[citation.span.start : citation.span.end + 1].rstrip()
            end = citation.span.start + len(part)
            start = citation.span.start if _MARK.fullmatch(part) else end
            marks[end, start].add(numbers[_name(citation)])
    pieces, position = [], 0
    for end, start in sorted(marks):
        pieces.append(text[position : max(start, position)])
        if start == end:
            pieces.append(gap)
        pieces += [f"[{number}]" for number in sorted(marks[end, start])]
        position = end
    return "".join([*pieces, text[position:]])


def _name(citation: Citation) -> str:
    return citation.source or "(no address)"
