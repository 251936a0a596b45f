"""Prints answers on a terminal."""

from collections.abc import Iterable, Mapping
from typing import TextIO

from selador_client.errors import SeladorClientError
from selador_shared.protocol import Citation, Completed, Delta, Error, Frame, Retrying, Started, Step

_BOLD, _DIM, _RED, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"
_SNIPPET_CHARACTERS = 72


class Terminal:
    """Prints frames to `output`, in colour if that is a terminal and NO_COLOR isn't set."""

    def __init__(self, output: TextIO, environment: Mapping[str, str]) -> None:
        self._output = output
        self._colour = output.isatty() and not environment.get("NO_COLOR")

    def show(self, frames: Iterable[Frame]) -> Completed | Error:
        """Print the answer as its frames come, then its sources; return the terminal frame.

        The caller prints an `error`, since it may belong on another stream.
        """
        citations: list[Citation] = []
        for frame in frames:
            match frame:
                case Started(attempt=attempt) if attempt > 1:
                    citations.clear()
                    self.note(f"attempt {attempt}: the answer begins again")
                case Delta():
                    self._write(printable(frame.text))
                case Citation():
                    citations.append(frame)
                case Step():
                    self.note(f"{printable(frame.name)} {frame.status} ({frame.index + 1} of {frame.count})")
                case Retrying():
                    self.note(f"the attempt failed ({frame.code}); another follows in {frame.delay_seconds} s")
                case Completed():
                    self._write("\n")
                    self._show_sources(citations)
                    return frame
                case Error():
                    self._write("\n")
                    return frame
        raise ValueError("the frames ended without a terminal one")

    def note(self, text: str) -> None:
        """Print a remark that isn't part of an answer."""
        self._write(f"\n{self._styled(_DIM, f'({text})')}\n")

    def complain(self, fault: Error | SeladorClientError) -> None:
        """Print an error."""
        text = f"{fault.code}: {fault.message}" if isinstance(fault, Error) else str(fault)
        self._write(f"{self._styled(_RED, 'error:')} {printable(text)}\n")

    def _show_sources(self, citations: Iterable[Citation]) -> None:
        sources: dict[str, Citation] = {}
        for citation in citations:
            sources.setdefault(citation.source or citation.text, citation)
        for number, citation in enumerate(sources.values(), start=1):
            snippet = printable(" ".join(citation.text.split()))
            if len(snippet) > _SNIPPET_CHARACTERS:
                snippet = snippet[: _SNIPPET_CHARACTERS - 1] + "…"
            name = printable(citation.source or "(no address)")
            self._write(f"{'' if number > 1 else '\n'}{self._styled(_BOLD, f'[{number}]')} {name}\n")
            self._write(f"    {self._styled(_DIM, snippet)}\n")

    def _styled(self, style: str, text: str) -> str:
        return f"{style}{text}{_PLAIN}" if self._colour else text

    def _write(self, text: str) -> None:
        self._output.write(text)
        self._output.flush()


def printable(text: str) -> str:
    """Return `text` without control characters, which could command the terminal."""
    return "".join(character for character in text if character.isprintable() or character in "\n\t")
