"""Clients of the laptop stack that ask all the time, each in its own way, and what they see."""

import itertools
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.stack.stack import Stack

from .conftest import ANSWER_SECONDS, Client, connected, question

TERMINAL = ("completed", "error")
SILENCE_SECONDS = 2
"""How long a client listens, when it has its answer, for what must not come any more."""
PATIENCE_SECONDS = 240
"""How long a client waits for one frame. API Gateway holds some back for a minute here."""


@dataclass
class Life:
    """A request as its client saw it."""

    request_id: str
    asked_at: float = field(default_factory=time.time)
    ended_at: float = 0.0
    accepted: bool = False
    frames: list[dict[str, Any]] = field(default_factory=list)
    """Those of its attempts."""
    left: bool = False
    """Whether the client closed the connection in the middle of the answer."""

    @property
    def end(self) -> str:
        """`completed`, or the code of the error."""
        last = self.frames[-1] if self.frames else {"type": "nothing"}
        return str(last.get("code", last["type"]))

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with it: no end, two ends, a gap, an attempt that goes back."""
        if not self.accepted:
            yield "it was never accepted"
        if [frame["type"] in TERMINAL for frame in self.frames] != [False] * (len(self.frames) - 1) + [True]:
            yield "it has not exactly one end, as the last frame"
        attempts = [frame["attempt"] for frame in self.frames]
        if attempts != sorted(attempts):
            yield f"its attempts go back: {attempts}"
        for attempt in set(attempts):
            seqs = [frame["seq"] for frame in self.frames if frame["attempt"] == attempt]
            if seqs != list(range(len(seqs))):
                yield f"attempt {attempt} has the frames {seqs}"


class Load:
    """Clients that ask one question after another until they are told to stop."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._stopping = threading.Event()
        self._clients: list[Future[None]] = []
        self.lives: list[Life] = []
        self.strays: list[dict[str, Any]] = []
        """Frames that came after the end of their request, or belong to none of the connection's."""

    def start(self) -> None:
        steady = [self._keep_asking(f"steady-{number}", per_connection=20) for number in range(4)]
        others = [
            self._keep_asking("stretched", on_first_delta=self._hold_back_frames),
            self._keep_asking("patient", before=self._throttle, pause_seconds=5),
            self._keep_asking("leaver", leaves=True, pause_seconds=10),
            self._keep_asking("blocked", before=self._block, pause_seconds=20),
            self._keep_asking("doomed", before=self._doom, pause_seconds=20),
        ]
        pool = ThreadPoolExecutor(len(steady) + len(others))
        self._clients = [pool.submit(client) for client in (*steady, *others)]
        pool.shutdown(wait=False)  # none is to come

    def stop(self) -> list[str]:
        """Let every client hear the end of its question; return what made one give up."""
        self._stopping.set()
        return [repr(error) for client in self._clients if (error := client.exception()) is not None]

    def _keep_asking(
        self,
        name: str,
        *,
        per_connection: int = 1,
        before: Callable[[str], None] = lambda _: None,
        on_first_delta: Callable[[str], None] = lambda _: None,
        leaves: bool = False,
        pause_seconds: float = 0.1,
    ) -> Callable[[], None]:
        def run() -> None:
            numbers = itertools.count(1)
            while not self._stopping.is_set():
                with connected(self._stack) as client:
                    for number in itertools.islice(numbers, per_connection):
                        life = Life(f"{name}-{number}", left=leaves)
                        self.lives.append(life)
                        before(life.request_id)
                        self._ask(client, life, on_first_delta)
                        if self._stopping.wait(pause_seconds):
                            break
                    if not leaves:
                        self._expect_silence(client, life)

        return run

    def _ask(self, client: Client, life: Life, on_first_delta: Callable[[str], None]) -> None:
        client.send({"action": "invoke", "text": question(life.request_id), "requestId": life.request_id})
        told, ends = False, time.monotonic() + ANSWER_SECONDS
        # `accepted` may come after the end.
        while not (life.accepted and life.frames and life.frames[-1]["type"] in TERMINAL):
            assert time.monotonic() < ends, f"{life.request_id} has no end after {ANSWER_SECONDS} s"
            frame = client.receive(PATIENCE_SECONDS)
            if frame.get("requestId") != life.request_id:
                self.strays.append(frame)
            elif frame["type"] == "accepted":
                life.accepted = True
            elif frame not in life.frames:  # a post whose answer got lost is repeated; clients pass over the second
                life.frames.append(frame)
            if frame["type"] == "delta" and not told:
                told = True
                on_first_delta(life.request_id)
                if life.left:
                    return
        life.ended_at = time.time()

    def _expect_silence(self, client: Client, last: Life) -> None:
        """Listen for strays. A burial may be told twice, in the same words: by the receive that is to spare."""
        with suppress(TimeoutError):
            while True:
                frame = client.receive(SILENCE_SECONDS)
                if last.end != "attempts_exhausted" or frame != last.frames[-1]:
                    self.strays.append(frame)

    def _hold_back_frames(self, request_id: str) -> None:
        """Keep the worker of an answer for about a minute: its client has no room for a frame."""
        fault = {"requestId": request_id, "status": 429, "errorType": "LimitExceededException", "times": 50}
        url = f"http://127.0.0.1:{self._stack.data_plane.port}/_control/posts"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(fault).encode()), timeout=10):
            pass

    def _throttle(self, request_id: str) -> None:
        """Keep the worker of a question before it has asked the model."""
        self._stack.bedrock.faults.add(Fault(FaultKind.THROTTLE, question=question(request_id)), times=4)

    def _block(self, request_id: str) -> None:
        self._stack.bedrock.faults.add(Fault(FaultKind.GUARDRAIL, after_events=3, question=question(request_id)))

    def _doom(self, request_id: str) -> None:
        fault = Fault(FaultKind.CUT_INSIDE_EVENT, after_events=3, question=question(request_id))
        self._stack.bedrock.faults.add(fault, times=3)
