import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol


class Script:
    """The server's side of one connection, as a transcript in Python."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.question: dict[str, Any] = {}

    def receive(self) -> dict[str, Any]:
        """Receive a question; frames that follow bear its `requestId`."""
        self.question = json.loads(self.connection.recv())
        return self.question

    def wait_for_close(self) -> None:
        for _ in self.connection:
            pass

    def send(self, type_: str, **members: Any) -> None:
        self.connection.send(json.dumps({"type": type_, "requestId": self.question["requestId"], **members}))

    def accept(self, deadline_seconds: int = 60) -> None:
        self.send("accepted", messageId="m-1", deadlineSeconds=deadline_seconds)

    def answer(self, *words: str, attempt: int = 1, session_id: str = "s-1") -> None:
        """Send a whole attempt."""
        self.send("started", attempt=attempt, seq=0)
        for seq, word in enumerate(words, start=1):
            self.send("delta", attempt=attempt, seq=seq, text=word)
        self.send("completed", attempt=attempt, seq=len(words) + 1, sessionId=session_id, truncated=False)


Play = Callable[[Script], None]
Scripted = Callable[[Play], str]


@contextmanager
def scripted_server(play: Play) -> Iterator[str]:
    def handle(connection: ServerConnection) -> None:
        play(Script(connection))

    with serve(handle, "127.0.0.1", 0, subprotocols=[Subprotocol("selador.v1")]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/test"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """Start a server that plays a script on every connection; return its URL."""
    with ExitStack() as stack:
        yield lambda play: stack.enter_context(scripted_server(play))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt, as on a terminal: a pipeline starts its jobs with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
