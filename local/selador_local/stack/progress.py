"""Progress: finished steps, the step under way and its time. A live line on a terminal, plain lines elsewhere."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from selador_local.stack.output import Colour, Output

_LIVE_SECONDS = 0.2
_PLAIN_SECONDS = 10
_LABEL_WIDTH = 34


class Progress:
    """Reports steps to `output`, one at a time.

    On a terminal, one line is rewritten while the step runs. Other outputs get a line at the end of a step, and one
    every 10 s before.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._live = output.is_terminal
        self._detail = ""
        self._failed = False

    def note(self, detail: str) -> None:
        """Set the detail of the step under way: its current state, and in the end its result."""
        self._detail = detail

    def fail(self, detail: str) -> None:
        """Mark the step under way as failed, though the stack goes on."""
        self._detail, self._failed = detail, True

    @contextlib.asynccontextmanager
    async def step(self, label: str) -> AsyncIterator[None]:
        """Report the step `label` while the block runs, and whether it succeeded."""
        self._detail, self._failed = "", False
        began = time.monotonic()
        ticker = asyncio.create_task(self._tick(label, began))
        try:
            yield
        except BaseException:
            await _ended(ticker)
            self._write(self._line(self._output.painted("✗", Colour.RED), label, began), last=True)
            raise
        await _ended(ticker)
        mark = self._output.painted("✗", Colour.RED) if self._failed else self._output.painted("✓", Colour.GREEN)
        self._write(self._line(mark, label, began), last=True)

    async def _tick(self, label: str, began: float) -> None:
        while True:
            if self._live:
                self._write(self._line("…", label, began), last=False)
            await asyncio.sleep(_LIVE_SECONDS if self._live else _PLAIN_SECONDS)
            if not self._live:
                self._write(self._line("…", label, began), last=True)

    def _line(self, mark: str, label: str, began: float) -> str:
        return f"  {mark} {label:{_LABEL_WIDTH}} {time.monotonic() - began:6.1f} s   {self._detail}".rstrip()

    def _write(self, line: str, *, last: bool) -> None:
        if self._live:
            shown = line if last else line[: self._output.size().columns - 1]
            self._output.write(f"\r\x1b[2K{shown}" + ("\n" if last else ""))
        else:
            self._output.write(line + "\n")


async def _ended(ticker: asyncio.Task[None]) -> None:
    ticker.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticker
