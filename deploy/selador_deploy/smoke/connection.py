"""One WebSocket connection of a client: opened, spoken on, and how it ends. What goes wrong is a value here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.sync import client as websockets
from websockets.typing import Subprotocol

SUBPROTOCOL = "selador.v1"
USER_AGENT = f"selador-smoke/{version('selador-deploy')}"
OPEN_SECONDS = 35
"""How long a handshake may take: API Gateway gives the authorizer and `$connect` 29 s."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Refused:
    """The connection didn't open. `status` is the handshake's HTTP status; None if no HTTP answer came."""

    status: int | None
    reason: str


@dataclass(frozen=True)
class Closed:
    """The other side closed the connection, with this WebSocket close code."""

    code: int


@dataclass(frozen=True)
class Silence:
    """Nothing came for so long."""

    seconds: float


type Frame = Mapping[str, Any]
type Heard = Frame | Closed | Silence


class Connection:
    """An open connection that speaks JSON objects."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self._connection = connection
        self.subprotocol = connection.subprotocol

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message. If the connection is closed, `receive` says so."""
        try:
            self._connection.send(json.dumps(message))
        except ConnectionClosed:
            return

    def receive(self, seconds: float) -> Heard:
        """Return what comes next within `seconds`. What is no JSON object is returned as `{"unreadable": …}`."""
        try:
            text = self._connection.recv(max(0, seconds))
        except TimeoutError:
            return Silence(seconds)
        except ConnectionClosed as error:
            return Closed(error.rcvd.code if error.rcvd else 1006)
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        return message if isinstance(message, dict) else {"unreadable": str(text[:80])}

    def close(self) -> None:
        """Close it; an answer under way stops."""
        self._connection.close()


def connect(url: str, token: str | None = None) -> Connection | Refused:
    """Connect as a browser would, with a JWT as the second subprotocol."""
    # A proxy from the environment can't reach this machine's own ports.
    proxy: Literal[True] | None = None if urlsplit(url).hostname in _LOOPBACK else True
    offered = [SUBPROTOCOL, *([] if token is None else [f"bearer.{token}"])]
    try:
        connection = websockets.connect(
            url,
            subprotocols=[Subprotocol(protocol) for protocol in offered],
            proxy=proxy,
            compression=None,  # a message that is too large stays too large
            open_timeout=OPEN_SECONDS,
            user_agent_header=USER_AGENT,
            ping_interval=None,  # whether API Gateway answers WebSocket pings isn't documented (WS-59)
            legacy=True,  # returns the connection itself, not a context manager
        )
    except InvalidStatus as error:
        return Refused(error.response.status_code, f"HTTP status {error.response.status_code}")
    except InvalidURI:
        return Refused(
            None, f"{url!r} isn't a WebSocket URL such as wss://abc123.execute-api.eu-central-1.amazonaws.com/dev"
        )
    except (OSError, WebSocketException) as error:
        return Refused(None, str(error) or type(error).__name__)
    return Connection(connection)
