"""The client's connection as `@connections` offers it: post a frame, or learn that it can't be.

A post is a plain signed request. boto3's `post_to_connection` would do too, at five times the CPU
(`benchmarks/streaming.md`). But botocore retries by itself (CB-15), so a post whose response was lost is sent twice
(CB-16).
"""

from collections.abc import Callable
from enum import Enum, auto
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from botocore.exceptions import NoCredentialsError
from urllib3.exceptions import HTTPError

from selador_main.errors import SeladorMainError
from selador_main.signature import PostSigner
from selador_main.transport import Transport
from selador_shared.version import USER_AGENT

if TYPE_CHECKING:
    from botocore.credentials import Credentials

READ_SECONDS = 3
"""API Gateway answers a post within tens of milliseconds."""


class PostFailure(Enum):
    """What a failed post means for the next try."""

    THROTTLED = auto()
    """429: the account's rate is used up, or the client reads too slowly (CB-04)."""

    TRANSIENT = auto()
    """5xx, or no answer at all; then the frame may have been taken, and its repetition has the same `seq`."""

    GONE = auto()
    """410: the connection is closed (CB-07). It has been said of live ones (CB-09)."""

    FINAL = auto()
    """The same post would fail again: no permission, a malformed id, a frame too large."""


class PostFailedError(SeladorMainError):
    """A frame was not taken, as far as is known."""

    def __init__(self, message: str, *, kind: PostFailure) -> None:
        super().__init__(message)
        self.kind = kind


class Connections:
    """`@connections` of one API, at `callback_url`: its https address with the stage (WS-69)."""

    def __init__(
        self,
        transport: Transport,
        callback_url: str,
        credentials: "Credentials | None",
        region: str,
        *,
        epoch_ms: Callable[[], int],
    ) -> None:
        self._channel = transport.channel_to(callback_url, read_seconds=READ_SECONDS)
        self._signer = PostSigner(callback_url, region)
        self._base = f"{urlsplit(callback_url).path}/@connections/"
        self._credentials = credentials
        self._epoch_ms = epoch_ms

    def open(self) -> None:
        """Open the network's connection ahead of the first post."""
        self._channel.open()

    def post(self, connection_id: str, data: bytes) -> None:
        """Post one frame. Raises PostFailedError."""
        if self._credentials is None:
            raise NoCredentialsError
        path = self._base + quote(connection_id, safe="")  # an id ends in "=" (WS-44)
        credentials = self._credentials.get_frozen_credentials()  # a role's are renewed now and then
        headers = self._signer.headers(path, data, credentials, self._epoch_ms() / 1000)
        headers["User-Agent"] = USER_AGENT
        try:
            response = self._channel.post(path, headers, data)
        except (HTTPError, HTTPException, OSError) as error:
            raise PostFailedError(type(error).__name__, kind=PostFailure.TRANSIENT) from error
        if response.status == 200:
            return
        error_type = response.headers.get("x-amzn-ErrorType", "").partition(":")[0]  # a URI may follow the name (CB-05)
        raise PostFailedError(f"{response.status} {error_type}".rstrip(), kind=_kind(response.status))


def _kind(status: int) -> PostFailure:
    match status:
        case 410:
            return PostFailure.GONE
        case 429:
            return PostFailure.THROTTLED
    return PostFailure.TRANSIENT if status >= 500 else PostFailure.FINAL
