"""The URLs of functions' zips: GetFunction's `Code.Location`."""

import hashlib
import secrets
from threading import Lock


class CodeLocations:
    """The zips by unguessable token; the same bytes keep their token. They stay until the server ends."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._tokens: dict[bytes, str] = {}
        self._zips: dict[str, bytes] = {}
        self._lock = Lock()

    def publish(self, code: bytes) -> str:
        """Return the URL of these bytes."""
        with self._lock:
            token = self._tokens.setdefault(hashlib.sha256(code).digest(), secrets.token_urlsafe(32))
            self._zips[token] = code
        return f"{self._base_url}{token}"

    def find(self, token: str) -> bytes | None:
        """Return the bytes of a token, or None if it is unknown."""
        return self._zips.get(token)
