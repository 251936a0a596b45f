"""The client's connection as `@connections` offers it: post a frame, or learn that it can't be.

A post is a plain signed request. boto3's `post_to_connection` would do too, at three times the CPU
(`benchmarks/streaming.md`). But botocore retries by itself (CB-15), so a post whose response was lost is sent twice
(CB-16).
"""

from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from urllib3.exceptions import HTTPError

from selador_main.errors import SeladorMainError
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

    def __init__(self, transport: Transport, callback_url: str, credentials: "Credentials | None", region: str) -> None:
        self._transport = transport
        self._base = f"{callback_url}/@connections/"
        # `@connections` belongs to the service `execute-api` (CB-12). Without credentials the first post says so.
        self._signer = SigV4Auth(credentials, "execute-api", region)  # type: ignore[arg-type]  # botocore takes None

    def post(self, connection_id: str, data: bytes) -> None:
        """Post one frame. Raises PostFailedError."""
        url = self._base + quote(connection_id, safe="")  # an id ends in "=" (WS-44)
        request = AWSRequest("POST", url, data=data, headers={"User-Agent": USER_AGENT})
        self._signer.add_auth(request)
        try:
            response = self._transport.send("POST", url, dict(request.headers.items()), data, read_seconds=READ_SECONDS)
        except HTTPError as error:
            raise PostFailedError(type(error).__name__, kind=PostFailure.TRANSIENT) from error
        response.drain_conn()  # read whole, the connection serves the next post
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
