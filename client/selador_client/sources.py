"""The sources of an answer: their numbers, and where in the text each number stands. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from selador_shared.protocol import Citation


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


def marked(text: str, citations: Sequence[Citation]) -> str:
    """Return `text` with `[1]` behind each part that a source supports.

    A span counts in the whole answer and includes its end, so a mark appears as soon as its part is there.
    """
    numbers = {source.name: source.number for source in numbered(citations)}
    marks: defaultdict[int, set[int]] = defaultdict(set)
    for citation in citations:
        if citation.span is not None and 0 <= citation.span.start < len(text):
            end = citation.span.start + len(text[citation.span.start : citation.span.end + 1].rstrip())
            marks[end].add(numbers[_name(citation)])
    pieces, position = [], 0
    for end in sorted(marks):
        pieces += [text[position:end], " ", *(f"[{number}]" for number in sorted(marks[end]))]
        position = end
    return "".join([*pieces, text[position:]])


def _name(citation: Citation) -> str:
    return citation.source or "(no address)"
