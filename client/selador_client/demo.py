"""A demonstration: one question, its answer as it streams, and a line of figures."""

import asyncio
from collections.abc import Mapping
from typing import TextIO

from selador_client.client import Client
from selador_client.errors import SeladorClientError
from selador_client.terminal import Terminal, Timed
from selador_shared.protocol import Citation


async def ask(websocket_url: str, question: str, output: TextIO, environment: Mapping[str, str]) -> bool:
    """Ask, print the answer and a line of figures; return whether a `completed` frame came."""
    terminal = Terminal(output, environment)
    terminal.line()
    terminal.line(terminal.question(question))
    terminal.line()
    frames: list[Timed] = []
    try:
        async with Client(websocket_url) as client:
            began = asyncio.get_running_loop().time()
            await terminal.show(client.query(question), client, frames)
            seconds = asyncio.get_running_loop().time() - began
    except SeladorClientError as error:
        terminal.complain(error)
        return False
    citations = sum(isinstance(frame, Citation) for _, frame in frames)
    terminal.line(
        f"\ndemo: completed in {seconds:.1f} s, first frame after {frames[0][0] * 1000:.0f} ms, "
        f"{len(frames)} frames, {citations} citations"
    )
    return True
