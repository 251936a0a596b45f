"""A demonstration: one question, its answer as it streams, and a line of figures."""

import time
from collections.abc import Iterator, Mapping
from typing import TextIO

from selador_client.client import connect
from selador_client.errors import SeladorClientError
from selador_client.terminal import Terminal
from selador_shared.protocol import Citation, Completed, Frame


class _Measured:
    """Passes frames on and counts them for the line of figures."""

    def __init__(self, frames: Iterator[Frame]) -> None:
        self._frames = frames
        self.began = time.monotonic()
        self.first_frame_seconds = 0.0
        self.frames = 0
        self.citations = 0

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            if self.frames == 0:
                self.first_frame_seconds = time.monotonic() - self.began
            self.frames += 1
            self.citations += isinstance(frame, Citation)
            yield frame


def ask(websocket_url: str, question: str, output: TextIO, environment: Mapping[str, str]) -> bool:
    """Ask, print the answer and a line of figures; return whether a `completed` frame came."""
    terminal = Terminal(output, environment)
    output.write(f"\n> {question}\n\n")
    try:
        with connect(websocket_url) as client:
            measured = _Measured(client.ask(question))
            last = terminal.show(measured)
    except SeladorClientError as error:
        terminal.complain(error)
        return False
    if not isinstance(last, Completed):
        terminal.complain(last)
        return False
    output.write(
        f"\ndemo: completed in {time.monotonic() - measured.began:.1f} s, "
        f"first frame after {measured.first_frame_seconds * 1000:.0f} ms, "
        f"{measured.frames} frames, {measured.citations} citations\n"
    )
    output.flush()
    return True
