"""Texts with references: `${inputs.x}` and `${steps.y}`; `$$` is a dollar sign.

A text is taken apart once, when its file is read, and put together once, when its step runs. What is put in is never
looked at again, so a reference inside an input stays the text that it is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_TOKEN = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<reference>[^{}\n]*)\}|)")
_REFERENCE = re.compile(r"(inputs|steps)\.([a-z][a-z0-9_]*)")


@dataclass(frozen=True)
class Reference:
    """A place that is filled: the input or the earlier step of this name."""

    source: str
    name: str

    def __str__(self) -> str:
        return f"${{{self.source}.{self.name}}}"


@dataclass(frozen=True)
class Template:
    """A text, taken apart."""

    parts: tuple[str | Reference, ...]

    @property
    def references(self) -> list[Reference]:
        return [part for part in self.parts if isinstance(part, Reference)]

    def fill(self, value: Callable[[Reference], str]) -> str:
        """Return the text with `value` of each reference in its place."""
        return "".join(part if isinstance(part, str) else value(part) for part in self.parts)


def parse_template(text: str) -> Template:
    """Take `text` apart. Raises ValueError for a `$` that is neither a reference nor doubled."""
    parts: list[str | Reference] = []
    end = 0
    for token in _TOKEN.finditer(text):
        parts.append(text[end : token.start()])
        parts.append("$" if token["dollar"] else _reference(token))
        end = token.end()
    return Template(tuple(part for part in [*parts, text[end:]] if part != ""))


def _reference(token: re.Match[str]) -> Reference:
    named = _REFERENCE.fullmatch(token["reference"] or "")
    if named is None:
        found = token[0] if token["reference"] is not None else token.string[token.start() : token.start() + 12]
        raise ValueError(f"{found!r} is no reference: write ${{inputs.name}}, ${{steps.name}}, or $$ for a dollar sign")
    return Reference(named[1], named[2])
