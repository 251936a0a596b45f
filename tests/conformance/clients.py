"""WebSocket clients of other makers, which know nothing of this project: Python's `websockets` and Node's `ws`."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync import client as websockets
from websockets.typing import Subprotocol

from ..conftest import STUCK_SECONDS

# A handshake waits for a function's start: on a busy machine longer than for the 10 s of a client by default.
connect = partial(websockets.connect, open_timeout=STUCK_SECONDS)

_NODE_CLIENT = Path(__file__).parent / "client.mjs"
_WS = Path(__file__).parents[2] / "node_modules" / "ws"


@dataclass(frozen=True)
class Conversation:
    """What a client saw. `status` is the handshake's; the close is the code and reason that the other side sent."""

    status: int
    subprotocol: str | None = None
    frames: list[str] = field(default_factory=list)
    close_code: int | None = None
    close_reason: str = ""

    @property
    def answers(self) -> list[Any]:
        return [json.loads(frame) for frame in self.frames]


class Client(Protocol):
    def talk(
        self,
        url: str,
        *messages: str | bytes | list[str],
        frames: int | None = None,
        close: tuple[int, str] | None = (1000, ""),
        subprotocols: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Conversation:
        """Connect, send, and return after `frames` frames (one for each message, if not said) or the other's close.

        Bytes are a binary message, a list is a message in as many fragments. `close` is how the client ends the
        conversation; None waits for the other side to.
        """


class Websockets:
    """Python's websockets."""

    def talk(
        self,
        url: str,
        *messages: str | bytes | list[str],
        frames: int | None = None,
        close: tuple[int, str] | None = (1000, ""),
        subprotocols: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Conversation:
        offered = [Subprotocol(name) for name in subprotocols] or None
        try:
            connection = connect(
                url,
                subprotocols=offered,
                additional_headers=headers,
                proxy=None,
                max_size=None,
                ping_interval=None,
            )
        except InvalidStatus as refused:
            return Conversation(refused.response.status_code)
        seen: list[str] = []
        with connection:
            try:
                for message in messages:
                    connection.send(message)
                wanted = len(messages) if frames is None else frames
                while close is None or len(seen) < wanted:
                    seen.append(str(connection.recv(STUCK_SECONDS)))
                connection.close(*close)
            except ConnectionClosed:
                pass
            received = connection.protocol.close_rcvd
        return Conversation(
            101,
            connection.subprotocol,
            seen,
            received.code if received else None,
            received.reason if received else "",
        )


class Ws:
    """Node's ws."""

    def __init__(self) -> None:
        if shutil.which("node") is None or not _WS.exists():
            pytest.skip("needs Node.js and `npm ci`")

    def talk(
        self,
        url: str,
        *messages: str | bytes | list[str],
        frames: int | None = None,
        close: tuple[int, str] | None = (1000, ""),
        subprotocols: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Conversation:
        told = {
            "url": url,
            "messages": [{"binary": len(message)} if isinstance(message, bytes) else message for message in messages],
            "frames": len(messages) if frames is None else frames,
            "close": close,
            "subprotocols": list(subprotocols),
            "headers": dict(headers or {}),
        }
        ran = subprocess.run(
            ["node", str(_NODE_CLIENT)],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            timeout=STUCK_SECONDS,
            check=True,
        )
        return Conversation(**json.loads(ran.stdout))


CLIENTS: Mapping[str, type[Websockets | Ws]] = {"websockets": Websockets, "ws": Ws}
