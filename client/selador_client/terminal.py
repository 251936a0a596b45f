"""Shows answers on a terminal while they come, and in a pipe once they have ended."""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import TextIO

from selador_client import wording
from selador_client.client import Answer, Client
from selador_client.errors import SeladorClientError
from selador_client.exchange import ConnectionState
from selador_client.faults import collected_faults
from selador_client.live import Live
from selador_client.request import Request
from selador_client.sources import marked, numbered
from selador_client.style import Style, Styler
from selador_client.wrapping import NO_BREAK_SPACE, cells, printable, wrap
from selador_shared.protocol import Frame

_WIDEST = 100  # longer lines are hard to read
_SNIPPET_CELLS = 80
_TICK_SECONDS = 0.1
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

Timed = tuple[float, Frame]
"""A frame and the seconds from the question to it."""


class Terminal:
    """Prints to `output`, with weights and a waiting line if that is a terminal."""

    def __init__(
        self,
        output: TextIO,
        environment: Mapping[str, str],
        size: Callable[[], os.terminal_size] = shutil.get_terminal_size,
        keyboard: TextIO | None = None,
    ) -> None:
        self._output = output
        self._styled = Styler(output, environment.get("NO_COLOR", ""))
        self._size = size
        self._live = Live(output, size)
        self._keyboard = sys.stdin if keyboard is None else keyboard

    @property
    def is_terminal(self) -> bool:
        return self._styled.is_terminal

    async def connect(self, client: Client) -> None:
        """Connect the client; a line tells of it meanwhile. Raises ConnectionFailedError."""
        began = asyncio.get_running_loop().time()
        try:
            async with self._drawing(lambda now: self._waiting_lines(f"connecting · {now - began:.0f} s", now)):
                await client.connect()
        finally:
            self._live.draw([])

    async def show(self, answer: Answer, client: Client, frames: list[Timed]) -> None:
        """Show the answer as it comes, and append its frames to `frames`. Raises what its end raises.

        A cancelled wait, as by Ctrl-C, stops the answer.
        """
        began = asyncio.get_running_loop().time()
        log: contextlib.AbstractContextManager[list[str]]
        log = collected_faults() if self.is_terminal else contextlib.nullcontext([])
        with log as faults, _without_echo(self._keyboard):
            try:
                async with self._drawing(lambda now: self._lines(answer.request, client.connection_state, began, now)):
                    async for frame in answer:
                        frames.append((asyncio.get_running_loop().time() - began, frame))  # noqa: PERF401  # as they come
            except asyncio.CancelledError:
                answer.stop()
                raise
            finally:
                self._live.draw(self._lines(answer.request, client.connection_state, began, began))
                self._live.finish()
                if faults:
                    self.note(f"({wording.faults(faults)})")

    @contextlib.asynccontextmanager
    async def _drawing(self, lines: Callable[[float], list[str]]) -> AsyncIterator[None]:
        """Draw the lines of each moment meanwhile, if this is a terminal."""

        async def draw_again_and_again() -> None:
            while True:
                await asyncio.sleep(_TICK_SECONDS)
                self._live.draw(lines(asyncio.get_running_loop().time()))

        drawing = asyncio.create_task(draw_again_and_again()) if self.is_terminal else None
        try:
            yield
        finally:
            if drawing is not None:
                drawing.cancel()

    def _lines(self, request: Request, connection: ConnectionState, began: float, now: float) -> list[str]:
        """Return all lines of the answer as it is now: blocks with a blank line between them."""
        gap = NO_BREAK_SPACE if self.is_terminal else " "  # a mark stays on the line of its part
        text = marked(request.text, request.citations, gap).strip("\n")
        blocks = [self._dim(self._flowed(wording.steps(request))), self._flowed([text]) if text else []]
        if request.is_under_way:
            words = wording.waiting(request, connection, began, now)
            blocks.append(self._waiting_lines(words, now) if words and self.is_terminal else [])
        else:
            blocks.append(self._source_lines(request))
            blocks += [self._dim(self._flowed([f"({remark})"])) for remark in wording.remarks(request)]
        return [line for block in blocks if block for line in ("", *block)][1:]

    def _waiting_lines(self, words: str, now: float) -> list[str]:
        turn = _SPINNER[int(now / _TICK_SECONDS) % len(_SPINNER)]
        return self._dim([_cut(f"{turn} {printable(words)}", self._width)])

    def _dim(self, lines: Sequence[str]) -> list[str]:
        return [self._styled(Style.DIM, line) for line in lines]

    def _source_lines(self, request: Request) -> list[str]:
        lines = []
        for source in numbered(request.citations):
            head = f"[{source.number}] "
            lines.append(head + printable(source.name))  # never wrapped: one copies it
            snippet = _cut(
                printable(" ".join(source.passages[0].split())), min(self._width, _SNIPPET_CELLS) - len(head)
            )
            lines.append(self._styled(Style.DIM, " " * len(head) + snippet))
        return lines

    def show_passages(self, request: Request) -> None:
        """Print the sources of an answer with all that was cited of them."""
        for source in numbered(request.citations):
            self.line(self._styled(Style.BOLD, f"[{source.number}] {printable(source.name)}"))
            for number, passage in enumerate(source.passages):
                if number > 0:
                    self.line()
                for line in self._flowed([passage], indent=4):
                    self.line(f"    {line}")
        if not request.citations:
            self.note("the last answer names no source")

    def line(self, text: str = "") -> None:
        """Print a line as it is."""
        self._output.write(f"{text}\n")
        self._output.flush()

    def note(self, text: str) -> None:
        """Print a remark that isn't part of an answer."""
        for line in self._flowed([text]):
            self.line(self._styled(Style.DIM, line))

    def complain(self, error: SeladorClientError) -> None:
        """Print an error."""
        first, *rest = self._flowed([f"error: {error}"])
        self.line(self._styled(Style.RED, first))
        for line in rest:
            self.line(line)

    def question(self, text: str) -> str:
        """Return a question in its weight."""
        return self._styled(Style.BOLD, f"› {printable(text)}")

    @property
    def prompt(self) -> str:
        """What `input` shows: what is typed behind it has a question's weight. \\x01 and \\x02 are for readline."""
        return f"\x01{Style.BOLD}\x02› " if self._styled.plain else "› "

    def end_question(self) -> None:
        """Let what follows the typed question have its own weight."""
        self._output.write(self._styled.plain)

    @property
    def _width(self) -> int:
        return min(self._size().columns - 1, _WIDEST) if self.is_terminal else _WIDEST

    def _flowed(self, texts: list[str], indent: int = 0) -> list[str]:
        if not self.is_terminal:
            return [line for text in texts for line in printable(text).split("\n")]
        return [line for text in texts for line in wrap(printable(text), self._width - indent)]


def _cut(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    return f"{wrap(text, max(width - 1, 2))[0]}…"


@contextlib.contextmanager
def _without_echo(keyboard: TextIO) -> Iterator[None]:
    """Let keys show nothing while an answer comes: no `^C` of the key that stops it."""
    if sys.platform == "win32" or not keyboard.isatty():
        yield
        return
    import termios  # noqa: PLC0415  # Windows has none

    before = termios.tcgetattr(keyboard)
    quiet = [*before]
    quiet[3] = before[3] & ~termios.ECHO  # its local flags
    termios.tcsetattr(keyboard, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSANOW, before)
