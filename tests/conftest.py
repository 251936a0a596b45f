"""What tests get from the shell, and how they are spread over processes.

Here are also an event loop beside the test, and an issuer of tokens for who may connect.
"""

import asyncio
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from .shell import unaddressed

AUDIENCE = "selador"

STUCK_SECONDS = 60
"""How long a test waits for what takes no time on an idle machine, before it calls it stuck."""

# Before any module of tests is imported, each of which may keep what it finds.
_EXPECTED = unaddressed(os.environ)
os.environ.clear()
os.environ.update(_EXPECTED)

# By default an example fails that takes 200 ms, which on a busy machine any of them may.
settings.register_profile("of-any-length", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("of-any-length")

type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes."""
    items.sort(key=lambda item: item.get_closest_marker("end_to_end") is None)


class _FilesTogether(LoadFileScheduling):  # type: ignore[misc]
    """A file's tests run in one process, and so do all of a folder that share a stack."""

    def _split_scope(self, nodeid: str) -> str:
        sharing = (folder for folder in ("tests/conformance/", "tests/end_to_end/") if nodeid.startswith(folder))
        return next(sharing, None) or str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)  # without xdist there is no such hook
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _FilesTogether(config, log)


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own, since the test blocks this one.

    What still runs in it at the end is cancelled, and may clean up.
    """
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield loop
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


@contextmanager
def held_port() -> Iterator[int]:
    """A port of 127.0.0.1 on which nobody listens, but whoever is told of it may: no other program is given it."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def first_port() -> int:
    """Return from where a stack looks for free ports: two that look in one place at once find the same.

    It is another for each process, and below those that connections are given.
    """
    return 10_000 + os.getpid() % 2_500 * 8


class Issuer:
    """Mints tokens and publishes the keys of `published`, or answers as `answer` does, once that is set."""

    def __init__(self, port: int) -> None:
        self.url = f"https://127.0.0.1:{port}"
        self.jwks_url = f"{self.url}/.well-known/jwks.json"
        self.requests = 0
        self.answer: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.private_keys = private_keys()
        self.published = {name: public_jwk(name, self.private_keys[name]) for name in ("rsa-1", "ec-1")}

    def token(
        self,
        *,
        key_id: str = "rsa-1",
        algorithm: str = "RS256",
        signed_by: Any = None,
        header: Mapping[str, Any] | None = None,
        without: tuple[str, ...] = (),
        **claims: Any,
    ) -> str:
        """Return a token that counts, but for what is said otherwise; `signed_by` is the key that signs it."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "user-7", "iat": now, "exp": now + 600} | claims
        for name in without:
            del claims[name]
        key = self.private_keys[key_id] if signed_by is None else signed_by
        return jwt.encode(claims, key, algorithm, headers={"kid": key_id, **(header or {})})

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests += 1
        if self.answer is not None:
            self.answer(handler)
        else:
            respond(handler, json.dumps({"keys": list(self.published.values())}).encode())


@cache
def private_keys() -> dict[str, PrivateKey]:
    return {
        "rsa-1": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ec-1": ec.generate_private_key(ec.SECP256R1()),
        "rsa-2": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }


def respond(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def public_jwk(key_id: str, key: PrivateKey, **members: Any) -> dict[str, Any]:
    """Return the JSON Web Key of `key`, with `alg` and `use` as issuers write them."""
    algorithm: Any = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    name = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    jwk: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    jwk.pop("key_ops", None)
    return jwk | {"kid": key_id, "alg": name, "use": "sig"} | members


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a PEM file with the key and the certificate of 127.0.0.1, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer of the tests")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("issuer") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def issuer(certificate: Path) -> Iterator[Issuer]:
    with publishing(certificate) as issuer:
        yield issuer


@contextmanager
def publishing(certificate: Path) -> Iterator[Issuer]:
    """An issuer whose key set is on a port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                published.serve(self)
            except OSError:
                self.close_connection = True  # the client hung up, as it should on an answer that takes too long

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Server(ThreadingHTTPServer):
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that end the handshake because they don't trust the certificate."""

    server = Server(("127.0.0.1", 0), Handler)
    # The handshake in the connection's own thread: a client that never begins one must not keep the others out.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    published = Issuer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield published
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
