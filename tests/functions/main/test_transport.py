"""Connections over TLS 1.3, as AWS's are: opened ahead, kept, and interrupted."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from urllib3.exceptions import HTTPError

from selador_main.agents.aws_calls import interrupting
from selador_main.cancellation import Cancellation, Reason
from selador_main.sockets import interrupted_by
from selador_main.transport import Transport

from ...conftest import STUCK_SECONDS
from ..listener import Listener, hang_up
from .conftest import SecureServer


class Proxy:
    """Opens tunnels, as a company's proxy does."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.asked: list[bytes] = []
        self._listener = Listener(self._serve, context)
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://ada:secret@127.0.0.1:{self._listener.port}"

    def close(self) -> None:
        self._listener.close()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = client.recv(65_536)
            if not data:
                return
            head += data
        self.asked.append(head)
        host, _, port = head.split()[1].decode().partition(":")
        with socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._pass_on, args=(server, client))
            back.start()
            self._pass_on(client, server)
            back.join()

    def _pass_on(self, origin: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := origin.recv(65_536):
                target.sendall(data)
        hang_up(target)


@pytest.fixture(params=["http", "https"])
def proxy(request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    context = None
    if request.param == "https":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    proxy = Proxy(context)
    for name in ("https_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    yield proxy
    proxy.close()


def post(transport: Transport, url: str) -> bytes:
    return transport.send("POST", url, {}, b"!", read_seconds=STUCK_SECONDS).read()


def test_a_connection_opened_ahead_serves_every_later_request(server: SecureServer, certificate: Path) -> None:
    transport = Transport(str(certificate))

    transport.connect(server.url)
    opened = server.opened.acquire(timeout=STUCK_SECONDS)
    threading.Event().wait(0.1)  # the session tickets come
    answers = [post(transport, f"{server.url}/x") for _ in range(3)]

    assert opened
    assert answers == [b"hi"] * 3
    assert len(server.connections) == 1


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(server: SecureServer, certificate: Path) -> None:
    transport = Transport(str(certificate))
    transport.connect(server.url)
    assert server.opened.acquire(timeout=STUCK_SECONDS)

    hang_up(server.connections[0])
    threading.Event().wait(0.1)

    assert post(transport, f"{server.url}/x") == b"hi"
    assert len(server.connections) == 2


def test_a_cancellation_ends_the_wait_for_an_answers_head(server: SecureServer, certificate: Path) -> None:
    cancellation = Cancellation()

    def cancel() -> None:
        server.asked.wait(STUCK_SECONDS)
        cancellation.cancel(Reason.CLIENT_GONE)

    threading.Thread(target=cancel).start()

    with pytest.raises(HTTPError), interrupted_by(cancellation):
        Transport(str(certificate)).send("POST", f"{server.url}/silence", {}, b"!", read_seconds=600)


LINES = [b"data: %06d\n\n" % number for number in range(4_000)]


@pytest.fixture
def streaming(certificate: Path) -> Iterator[str]:
    """Return the URL of a server that answers with all those lines at once, and then says nothing more."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def serve(connection: socket.socket) -> None:
        while not connection.recv(65_536).endswith(b"!"):
            pass
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for line in LINES:
            connection.sendall(line)
        connection.recv(1)

    listener = Listener(serve, context)
    yield f"https://127.0.0.1:{listener.port}"
    listener.close()


def read_until_cancelled(url: str, certificate: Path) -> bytes:
    """Read an answer that is cancelled after a few bytes, to its end."""
    cancellation = Cancellation()
    response = Transport(str(certificate)).send("POST", url, {}, b"!", read_seconds=600)
    received = b""
    with interrupting(response, cancellation):
        for data in response.stream(65):
            received += data
            cancellation.cancel(Reason.OUT_OF_TIME)
    response.close()
    return received


def test_a_cancelled_answer_is_what_was_sent_and_then_ends(streaming: str, certificate: Path) -> None:
    received = read_until_cancelled(streaming, certificate)

    assert received
    assert b"".join(LINES).startswith(received)


def test_a_cancelled_answer_through_a_proxy_is_too(streaming: str, certificate: Path, proxy: Proxy) -> None:
    received = read_until_cancelled(streaming, certificate)

    assert len(proxy.asked) == 1
    assert received
    assert b"".join(LINES).startswith(received)


def test_a_server_that_nobody_vouches_for_is_refused(server: SecureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with pytest.raises(HTTPError):
        post(Transport(), f"{server.url}/x")


def test_the_bundle_of_the_environment_counts_if_no_other_is_named(
    server: SecureServer, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert post(Transport(), f"{server.url}/x") == b"hi"

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "no such file"))
    assert post(Transport(str(certificate)), f"{server.url}/x") == b"hi"


def test_the_bundle_is_read_once(server: SecureServer, certificate: Path, tmp_path: Path) -> None:
    """It has 140 certificates, and a new connection is opened after each second of idle time."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(certificate.read_bytes())
    transport = Transport(str(bundle))
    post(transport, f"{server.url}/x")
    bundle.unlink()

    hang_up(server.connections[0])
    threading.Event().wait(0.1)

    assert post(transport, f"{server.url}/x") == b"hi"
    assert len(server.connections) == 2


def test_a_bundle_that_is_not_there_is_told_as_any_failure_of_tls(server: SecureServer, tmp_path: Path) -> None:
    with pytest.raises(HTTPError):
        post(Transport(str(tmp_path / "bundle.pem")), f"{server.url}/x")


def test_requests_and_posts_go_through_the_proxy_of_the_environment(
    server: SecureServer, certificate: Path, proxy: Proxy
) -> None:
    transport = Transport(str(certificate))
    channel = transport.channel_to(server.url, read_seconds=STUCK_SECONDS)

    answers = [post(transport, f"{server.url}/x") for _ in range(2)]
    statuses = [channel.post("/x", {"Host": "127.0.0.1"}, b"!").status for _ in range(2)]

    assert answers == [b"hi"] * 2
    assert statuses == [200] * 2
    assert len(proxy.asked) == 2
    for asked in proxy.asked:
        assert asked.startswith(f"CONNECT {server.url.removeprefix('https://')} HTTP/1.".encode())
        assert b"Proxy-Authorization: Basic YWRhOnNlY3JldA==" in asked


def test_a_host_that_no_proxy_names_is_reached_directly(
    server: SecureServer, certificate: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    transport = Transport(str(certificate))

    answer = post(transport, f"{server.url}/x")
    status = transport.channel_to(server.url, read_seconds=STUCK_SECONDS).post("/x", {"Host": "127.0.0.1"}, b"!").status

    assert (answer, status) == (b"hi", 200)
    assert proxy.asked == []


def test_a_connection_opened_ahead_through_a_proxy_serves_the_first_request(
    server: SecureServer, certificate: Path, proxy: Proxy
) -> None:
    transport = Transport(str(certificate))

    transport.connect(server.url)
    assert server.opened.acquire(timeout=STUCK_SECONDS)
    answer = post(transport, f"{server.url}/x")

    assert answer == b"hi"
    assert len(proxy.asked) == 1


def test_a_cancellation_ends_a_wait_through_a_proxy(server: SecureServer, certificate: Path, proxy: Proxy) -> None:
    cancellation = Cancellation()

    def cancel() -> None:
        server.asked.wait(STUCK_SECONDS)
        cancellation.cancel(Reason.CLIENT_GONE)

    threading.Thread(target=cancel).start()

    with pytest.raises(HTTPError), interrupted_by(cancellation):
        Transport(str(certificate)).send("POST", f"{server.url}/silence", {}, b"!", read_seconds=600)
