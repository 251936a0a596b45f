"""Opens a connection, or says in words why none can be had."""

import os
import re
import ssl
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from websockets.asyncio import client as websockets
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from selador_client.address import without_secrets
from selador_client.errors import ConnectionFailedError
from selador_shared.protocol import SUBPROTOCOL

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_BEARER = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)  # what RFC 7230 lets a subprotocol be made of
_REFUSALS = {
    401: "it asks for a token: set SELADOR_TOKEN",
    403: "its stage doesn't exist, or it wants a signed URL, or this token or signature doesn't allow the connection",
    429: "it has too many new connections at the moment: try again",
    500: "it can't check tokens at the moment: try again",
}
_STALE = "it refuses this token, which has expired or is another API's: set SELADOR_TOKEN to a new one"
_OPEN_SECONDS = 20  # a cold start of authorizer and handler takes a few seconds
_CLOSE_SECONDS = 2  # for the closing handshake: nobody waits longer for a server that has gone


Token = str | Callable[[], Awaitable[str]]
"""A JWT, or what gives one for each connection: only then can an expired one be renewed."""


async def connect(url: str, token: Token | None, user_agent: str) -> websockets.ClientConnection:
    """Return an open connection. Raises ConnectionFailedError."""
    failed = f"can't connect to {without_secrets(url)}"
    try:
        bearer = await token() if callable(token) else token
    except Exception as error:  # the caller's own code: whatever it raises, there is no token
        raise ConnectionFailedError(f"{failed}: no token can be had: {error!r}") from error
    if bearer and not _BEARER.fullmatch(bearer):
        raise ConnectionFailedError(f"{failed}: the token has a character that no token has; is it whole, and alone?")
    # A proxy from the environment can't reach this machine's own ports.
    proxy: Literal[True] | None = None if urlsplit(url).hostname in _LOOPBACK else True
    try:
        return await websockets.connect(
            url,
            # The token is a subprotocol too: browsers can't set headers, and URLs are logged.
            subprotocols=[Subprotocol(SUBPROTOCOL), *([Subprotocol(f"bearer.{bearer}")] if bearer else [])],
            proxy=proxy,
            user_agent_header=user_agent,
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            # Whether API Gateway answers pings is not documented (WS-59), and a missing pong would close the
            # connection. The protocol's heartbeats and deadlines do what pings are for.
            ping_interval=None,
        )
    except Exception as error:  # of sockets, TLS, proxies and URLs: whoever waits has to hear of each
        raise ConnectionFailedError(f"{failed}: {_words(error, with_token=bool(bearer))}") from error


def _words(error: Exception, *, with_token: bool) -> str:
    match error:
        case InvalidStatus(response=response) if response.status_code == HTTPStatus.UNAUTHORIZED and with_token:
            return f"{_STALE} (HTTP status {response.status_code})"
        case InvalidStatus():
            status = error.response.status_code
            reason = _REFUSALS.get(status, "the server refused the connection: is this the URL of a WebSocket API?")
            return f"{reason} (HTTP status {status})"
        case InvalidMessage():
            return "what answers there is no web server"
        case OSError():
            return _words_of_the_network(error)
        case _:
            return str(error)


def _words_of_the_network(error: OSError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate can't be trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"it doesn't speak TLS, as wss:// demands ({error.reason})"
        case TimeoutError() if error.errno is None:
            return f"nothing answered within {_OPEN_SECONDS} s"
        case ConnectionResetError():
            return "it closes the connection at once; is ws:// or wss:// right for this port?"
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)  # asyncio's own words name an address, not what happened
    return error.strerror or str(error)
