"""A conversation as Markdown. Pure."""

from collections.abc import Iterable

from selador_client.outcome import error_of
from selador_client.request import Request
from selador_client.sources import marked, numbered
from selador_client.wording import remarks
from selador_client.wrapping import printable


def as_markdown(turns: Iterable[tuple[str, Request]]) -> str:
    """Return questions, answers and sources. A conversation that is saved twice gives the same text."""
    return printable("\n".join(_turn(question, request) for question, request in turns))


def _turn(question: str, request: Request) -> str:
    parts = [f"## {' '.join(question.split())}"]
    if request.text:
        parts.append(marked(request.text, request.citations).strip())
    parts += [f"({remark})" for remark in remarks(request)]
    if (error := error_of(request)) is not None:
        parts.append(f"(error: {error})")
    if sources := numbered(request.citations):
        parts.append("\n".join(f"{source.number}. {source.name}" for source in sources))
    return "\n\n".join(parts) + "\n"
