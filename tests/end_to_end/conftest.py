"""One stack for the whole run: real Terraform, real zips, real sockets, brought up as `make demo` brings it up."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from selador_local.progress import Progress
from selador_local.stack import Stack, running

FRAME_SECONDS = 30
"""A test gives up when no frame comes for so long; a heartbeat is due after 15 s."""


PUBLISHED = Draft202012Validator(
    json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "frame.json").read_text())
)


def child_processes() -> set[Path]:
    """Return the /proc folders of this process's children: the control plane and the functions' environments."""
    children = Path("/proc/self/task").glob("*/children")
    return {Path("/proc", pid) for path in children for pid in path.read_text().split()}


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run the stack's event loop in a thread of its own, since the tests block this one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def stack(loop: asyncio.AbstractEventLoop) -> Iterator[Stack]:
    parts = AsyncExitStack()
    processes: set[Path] = set()
    try:
        up = parts.enter_async_context(running(Progress(sys.stderr)))
        yield asyncio.run_coroutine_threadsafe(up, loop).result()
        processes = child_processes()
    finally:
        asyncio.run_coroutine_threadsafe(parts.aclose(), loop).result()
    assert processes, "the stack ran no process?"
    assert not [process for process in processes if process.exists()]


class Client:
    """A connection that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @property
    def subprotocol(self) -> str | None:
        return self._connection.subprotocol

    def send(self, message: object) -> None:
        self._connection.send(message if isinstance(message, str) else json.dumps(message))

    def receive(self, timeout: float = FRAME_SECONDS) -> dict[str, Any]:
        """Receive a frame, which is valid by the published schema."""
        frame: dict[str, Any] = json.loads(self._connection.recv(timeout))
        PUBLISHED.validate(frame)
        return frame

    def receive_until(self, *types: str) -> list[dict[str, Any]]:
        """Receive frames up to the first of these types."""
        frames = [self.receive()]
        while frames[-1]["type"] not in types:
            frames.append(self.receive())
        return frames

    def silent_for(self, seconds: float) -> bool:
        try:
            self._connection.recv(seconds)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with connected(stack) as client:
        yield client


@contextmanager
def connected(stack: Stack, *protocols: str, query: str = "", **headers: str) -> Iterator[Client]:
    """Connect, offering `protocols` after the protocol's own."""
    offered = [Subprotocol(protocol) for protocol in ("selador.v1", *protocols)]
    url = stack.websocket_url + query
    with connect(url, subprotocols=offered, additional_headers=headers, proxy=None) as connection:
        yield Client(connection)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Ask a question again and again, for 20 s at most, until it is true."""

    def ask(question: Callable[[], bool]) -> bool:
        pause = threading.Event()
        return any(question() or pause.wait(0.2) for _ in range(100))

    return ask
