"""The issuer's keys: which of them count, when they are fetched, and what a bad key set does."""

import json
import ssl
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from selador_authorizer import key_set
from selador_authorizer.key_set import KeySet, KeySetUnavailableError, fetch, usable_keys
from selador_shared.version import VERSION

from ...conftest import Issuer, public_jwk, respond

BOTH = ("RS256", "ES256")
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # it has to be refused
EC = ec.generate_private_key(ec.SECP256R1())


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer, context: ssl.SSLContext, clock: Clock) -> KeySet:
    return KeySet(partial(fetch, issuer.jwks_url, context), BOTH, clock)


def document(*jwks: Any) -> bytes:
    return json.dumps({"keys": jwks}).encode()


def test_the_set_is_fetched_once_for_any_number_of_known_keys(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    found = [keys.find("rsa-1", "RS256"), keys.find("ec-1", "ES256")]
    clock.seconds = key_set.FRESH_SECONDS - 1
    found.append(keys.find("rsa-1", "RS256"))

    assert None not in found
    assert issuer.requests == 1


def test_an_unknown_key_id_is_looked_for_again_but_not_within_a_minute(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    assert keys.find("rsa-1", "RS256")
    issuer.published["rsa-2"] = public_jwk("rsa-2", issuer.private_keys["rsa-2"])

    clock.seconds = 59
    too_early = [keys.find("rsa-2", "RS256"), keys.find("made up", "RS256")]
    clock.seconds = 60
    in_time = keys.find("rsa-2", "RS256")
    made_up = [keys.find(f"made up {number}", "RS256") for number in range(50)]

    assert too_early == [None, None]
    assert in_time is not None
    assert set(made_up) == {None}
    assert issuer.requests == 2


def test_a_key_that_the_issuer_has_withdrawn_is_gone_after_the_next_fetch(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    assert keys.find("rsa-1", "RS256")
    del issuer.published["rsa-1"]

    clock.seconds = 60
    keys.find("unknown", "RS256")

    assert keys.find("rsa-1", "RS256") is None


def test_a_withdrawn_key_counts_no_longer_once_the_set_was_fetched_again(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    """Nobody has to come with an unknown key for that."""
    assert keys.find("rsa-1", "RS256")
    del issuer.published["rsa-1"]

    clock.seconds = key_set.FRESH_SECONDS

    assert keys.find("rsa-1", "RS256") is None


def test_known_keys_outlive_their_server_for_an_hour_and_no_longer(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    assert keys.find("rsa-1", "RS256")
    issuer.answer = partial(respond, body=b"", status=503)

    clock.seconds = key_set.GREATEST_AGE_SECONDS - 1
    before = keys.find("rsa-1", "RS256")
    clock.seconds = key_set.GREATEST_AGE_SECONDS
    with pytest.raises(KeySetUnavailableError, match="status 503"):
        keys.find("rsa-1", "RS256")
    issuer.answer = None
    clock.seconds += key_set.RETRY_SECONDS
    again = keys.find("rsa-1", "RS256")

    assert before is not None
    assert again is not None


def test_the_fetch_says_who_it_is(issuer: Issuer, context: ssl.SSLContext) -> None:
    """Firewalls refuse requests without a User-Agent, AWS's own rules (NoUserAgent_HEADER) among them."""
    agents = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        agents.append(handler.headers["User-Agent"])
        respond(handler, document(public_jwk("k", RSA)))

    issuer.answer = answer
    fetch(issuer.jwks_url, context)

    assert agents == [f"selador/{VERSION}"]


def test_known_keys_outlive_a_failed_fetch_and_unknown_ones_cannot_be_judged(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    assert keys.find("rsa-1", "RS256")
    issuer.answer = partial(respond, body=b"", status=503)

    clock.seconds = 60

    with pytest.raises(KeySetUnavailableError, match="status 503"):
        keys.find("rsa-2", "RS256")
    assert keys.find("rsa-1", "RS256")


def test_a_failed_fetch_is_tried_again_after_five_seconds_not_before(
    keys: KeySet, issuer: Issuer, clock: Clock
) -> None:
    issuer.answer = partial(respond, body=b"", status=503)
    for _ in range(20):
        with pytest.raises(KeySetUnavailableError):
            keys.find("rsa-1", "RS256")
    during = issuer.requests

    issuer.answer = None
    clock.seconds = key_set.RETRY_SECONDS

    assert keys.find("rsa-1", "RS256")
    assert during == 1


@pytest.mark.parametrize(
    ("jwk", "usable"),
    [
        pytest.param(public_jwk("k", RSA), {("k", "RS256")}, id="RSA"),
        pytest.param(public_jwk("k", EC), {("k", "ES256")}, id="EC"),
        pytest.param({**public_jwk("k", RSA), "key_ops": ["verify"]}, {("k", "RS256")}, id="for verifying"),
        pytest.param({**public_jwk("k", RSA), "key_ops": ["encrypt"]}, set(), id="for encrypting"),
        pytest.param({**public_jwk("k", RSA), "key_ops": "verify"}, set(), id="key_ops not a list"),
        pytest.param({**public_jwk("k", RSA), "use": "enc"}, set(), id="use: encryption"),
        pytest.param({**public_jwk("k", RSA), "alg": "RS512"}, set(), id="another algorithm"),
        pytest.param({**public_jwk("k", RSA), "alg": "ES256"}, set(), id="an algorithm of another type"),
        pytest.param({**public_jwk("k", RSA), "kid": None}, set(), id="no id"),
        pytest.param({**public_jwk("k", RSA), "n": "!"}, set(), id="unreadable"),
        pytest.param({**public_jwk("k", RSA), "n": 7}, set(), id="modulus a number"),
        pytest.param({**public_jwk("k", EC), "x": "AAAA"}, set(), id="point off the curve"),
        pytest.param({**public_jwk("k", EC), "crv": "P-384"}, set(), id="another curve"),
        pytest.param({"kty": "oct", "kid": "k", "k": "c2VjcmV0", "alg": "HS256"}, set(), id="a shared secret"),
        pytest.param({"kty": "oct", "kid": "k", "k": "c2VjcmV0", "alg": "RS256"}, set(), id="a secret called RS256"),
        pytest.param(
            public_jwk("k", SHORT_RSA),
            set(),
            id="short RSA",
        ),
        pytest.param("a key", set(), id="no object"),
    ],
)
def test_a_key_counts_for_what_it_is_meant_for_alone(jwk: Any, usable: set[tuple[str, str]]) -> None:
    always = public_jwk("always", EC)

    keys = usable_keys(document(always, jwk), BOTH)

    assert set(keys) == {("always", "ES256"), *usable}


def test_a_key_for_an_algorithm_that_is_not_configured_does_not_count() -> None:
    with pytest.raises(KeySetUnavailableError, match="1 keys, none of them with an id and usable for ES256"):
        usable_keys(document(public_jwk("k", RSA)), ("ES256",))


@pytest.mark.parametrize(
    "body",
    [b"", b"hello", b"[]", b"{}", b'{"keys":{}}', b'{"keys":7}', b'{"keys":[]}', b'{"keys":null}', b"\xff\xfe",
     b"[" * 100_000, b'{"keys":[{}]}'],
)  # fmt: skip
def test_a_document_without_usable_keys_is_an_unavailable_set(body: bytes) -> None:
    with pytest.raises(KeySetUnavailableError):
        usable_keys(body, BOTH)


def redirect(handler: BaseHTTPRequestHandler) -> None:
    respond(handler, b"", 302, Location="https://127.0.0.1:1/elsewhere")


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, each well within any timeout between bytes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        time.sleep(0.05)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(redirect, "status 302", id="redirect"),
        pytest.param(partial(respond, body=b"no", status=404), "status 404", id="not found"),
        pytest.param(partial(respond, body=b" " * (key_set.MAX_BYTES + 1)), "more than 262,144 bytes", id="huge"),
        pytest.param(drip, "within 0.4 s", id="a body byte by byte"),
        pytest.param(drip_headers, "within 0.4 s", id="a header byte by byte"),
        pytest.param(hang, "within 0.4 s", id="no answer"),
        pytest.param(lambda handler: handler.wfile.write(b"SSH-2.0\r\n"), "gave no answer", id="no HTTP"),
    ],
)
def test_a_bad_server_is_an_unavailable_set(
    issuer: Issuer,
    context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[BaseHTTPRequestHandler], None],
    reason: str,
) -> None:
    if "within" in reason:
        monkeypatch.setattr(key_set, "FETCH_SECONDS", 0.4)
    issuer.answer = answer

    with pytest.raises(KeySetUnavailableError, match=reason):
        fetch(issuer.jwks_url, context)


def test_a_server_that_is_not_there_is_an_unavailable_set(context: ssl.SSLContext) -> None:
    with pytest.raises(KeySetUnavailableError, match="ConnectionRefusedError"):
        fetch("https://127.0.0.1:1/jwks.json", context)


def test_a_server_with_a_certificate_that_nobody_trusts_is_an_unavailable_set(issuer: Issuer) -> None:
    with pytest.raises(KeySetUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(issuer.jwks_url)
