"""The issuer's public keys, from its JSON Web Key Set (RFC 7517).

The set is fetched when it is first needed, and again after ten minutes. A key id that isn't in it may be new, so it is
fetched again then, too, but not within a minute of the last time: anybody can make up key ids. What couldn't be fetched
anew for an hour counts no longer: the issuer may have withdrawn a key since.
"""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from selador_authorizer.errors import SeladorAuthorizerError
from selador_shared.version import USER_AGENT

FETCH_SECONDS = 3
MAX_BYTES = 256 * 1024
REFRESH_SECONDS = 60
FRESH_SECONDS = 10 * 60
GREATEST_AGE_SECONDS = 60 * 60
RETRY_SECONDS = 5
"""After a fetch that failed: a storm of connections must not become one of fetches, nor outlast the failure by much."""
MIN_RSA_BITS = 2048  # RFC 7518, section 3.3

_KEY_TYPES = {"RS256": {"kty": "RSA"}, "ES256": {"kty": "EC", "crv": "P-256"}}


class KeySetUnavailableError(SeladorAuthorizerError):
    """The key set could not be had, or has no usable key: nobody can be authenticated, whatever their token."""


class KeySet:
    """The keys for `algorithms`, read by `fetch` when first needed; `clock` counts seconds."""

    def __init__(self, fetch: Callable[[], bytes], algorithms: Iterable[str], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._algorithms = tuple(algorithms)
        self._clock = clock
        self._keys: Mapping[tuple[str, str], jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._failure: str | None = None

    def find(self, key_id: str, algorithm: str) -> jwt.PyJWK | None:
        """Return the key with that id for that algorithm; None if the issuer has none.

        Raises KeySetUnavailableError if that can't be told.
        """
        if self._clock() - self._fetched_at >= GREATEST_AGE_SECONDS:
            self._keys = {}
        if self._is_fetch_due(is_known=(key_id, algorithm) in self._keys):
            self._refresh()
        found = self._keys.get((key_id, algorithm))
        if found is None and self._failure is not None:
            raise KeySetUnavailableError(self._failure)
        return found

    def _is_fetch_due(self, *, is_known: bool) -> bool:
        now = self._clock()
        if is_known and now - self._fetched_at < FRESH_SECONDS:
            return False
        # Whoever has a known key doesn't wait every five seconds for a server that gives no answer.
        pause = RETRY_SECONDS if self._failure is not None and not is_known else REFRESH_SECONDS
        return now - self._tried_at >= pause

    def _refresh(self) -> None:
        # What was known stays known for a while when a fetch fails: keys don't end with their server.
        try:
            self._keys = usable_keys(self._fetch(), self._algorithms)
        except KeySetUnavailableError as error:
            self._failure = str(error)
        else:
            self._failure = None
            self._fetched_at = self._clock()
        self._tried_at = self._clock()


def usable_keys(document: bytes, algorithms: Iterable[str]) -> dict[tuple[str, str], jwt.PyJWK]:
    """Return the keys in `document` that may verify signatures by `algorithms`, by key id and algorithm.

    A key that says what it is for (`use`, `key_ops`, `alg`) is used for that alone. One that can't be read is left out.
    Raises KeySetUnavailableError where the document is no key set or has no such key.
    """
    try:
        members = json.loads(document)["keys"]
        jwks = [jwk for jwk in members if isinstance(jwk, dict)]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise KeySetUnavailableError("the key set is not a JSON object with an array of keys") from None
    keys = {
        (jwk["kid"], algorithm): key
        for jwk in jwks
        for algorithm in algorithms
        if _is_meant_for(algorithm, jwk) and (key := _read(jwk, algorithm)) is not None
    }
    if not keys:
        raise KeySetUnavailableError(
            f"the key set has {len(members)} keys, none of them with an id and usable for {' or '.join(algorithms)}"
        )
    return keys


def fetch(url: str, context: ssl.SSLContext | None = None) -> bytes:
    """Return what the https server answers to a GET of `url`, within 3 s and 256 KB. A redirect is not followed.

    `context` is the system's, with its certificate authorities, unless given. Raises KeySetUnavailableError.
    """
    parts = urlsplit(url)
    place = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=FETCH_SECONDS, context=context or ssl.create_default_context()
    )
    try:
        connection.connect()
        with _deadline(connection.sock):
            headers = {"Accept": "application/json", "Connection": "close", "User-Agent": USER_AGENT}
            connection.request("GET", place, headers=headers)
            with connection.getresponse() as response:  # which has the socket now
                body = response.read(MAX_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise KeySetUnavailableError(f"{url} gave no answer within {FETCH_SECONDS} s: {error!r}") from None
    finally:
        connection.close()
    if response.status != http.HTTPStatus.OK:
        raise KeySetUnavailableError(f"{url} answered with status {response.status}; it has to be 200")
    if len(body) > MAX_BYTES:
        raise KeySetUnavailableError(f"{url} answered with more than {MAX_BYTES:,} bytes")
    return body


@contextmanager
def _deadline(connection: socket.socket) -> Iterator[None]:
    """Raise TimeoutError at the end if that took more than 3 s, having hung up then.

    The socket's own timeout is for each read: a server that sends a byte a second never reaches it.
    """
    passed = threading.Event()

    def hang_up() -> None:
        passed.set()
        with suppress(OSError):  # closed already
            # Not SSLSocket's own shutdown, which takes the TLS session from under the thread that reads.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    watchdog = threading.Timer(FETCH_SECONDS, hang_up)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()
        watchdog.join()
        if passed.is_set():  # whatever a read made of the end: OpenSSL's versions differ in that
            raise TimeoutError("the answer was not complete")


def _is_meant_for(algorithm: str, jwk: Mapping[str, Any]) -> bool:
    operations = jwk.get("key_ops")
    return (
        isinstance(jwk.get("kid"), str)
        and all(jwk.get(member) == value for member, value in _KEY_TYPES[algorithm].items())
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", algorithm) == algorithm
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )


def _read(jwk: dict[str, Any], algorithm: str) -> jwt.PyJWK | None:
    public = {member: value for member, value in jwk.items() if member not in _PRIVATE_MEMBERS}
    try:
        key = jwt.PyJWK(public, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    too_short = isinstance(key.key, RSAPublicKey) and key.key.key_size < MIN_RSA_BITS
    return None if too_short else key


_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth"}  # of a key that should never have been published
