"""Posts by the standard library's client: connections kept, replaced, opened ahead, interrupted, and distrusted."""

import http.client
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from ssl import SSLCertVerificationError

import pytest

from selador_main import transport
from selador_main.cancellation import Cancellation, Reason
from selador_main.post_channel import PostChannel
from selador_main.sockets import interrupted_by
from selador_main.transport import Transport

from ...conftest import STUCK_SECONDS
from ..listener import hang_up
from .conftest import Answers, SecureServer

HEADERS = {"Host": "127.0.0.1"}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def channel_to(url: str, ca_bundle: Path | None = None, read_seconds: float = STUCK_SECONDS) -> PostChannel:
    return Transport(str(ca_bundle) if ca_bundle else None).channel_to(url, read_seconds=read_seconds)


def post(channel: PostChannel, path: str = "/x") -> http.client.HTTPResponse:
    return channel.post(path, HEADERS, b"!")


class TestOverTls:
    """Over TLS 1.3, as AWS's connections are."""

    def test_a_connection_opened_ahead_serves_every_later_post(self, server: SecureServer, certificate: Path) -> None:
        channel = channel_to(server.url, certificate)

        channel.open()
        opened = server.opened.acquire(timeout=STUCK_SECONDS)
        threading.Event().wait(0.1)  # the session tickets come
        statuses = [post(channel).status for _ in range(3)]

        assert opened
        assert statuses == [200] * 3
        assert len(server.connections) == 1

    def test_a_connection_that_the_server_closed_meanwhile_is_replaced(
        self, server: SecureServer, certificate: Path
    ) -> None:
        channel = channel_to(server.url, certificate)
        post(channel)

        hang_up(server.connections[0])
        threading.Event().wait(0.1)

        assert post(channel).status == 200
        assert len(server.connections) == 2

    def test_a_cancellation_ends_the_wait_for_an_answer(self, server: SecureServer, certificate: Path) -> None:
        cancellation = Cancellation()

        def cancel() -> None:
            server.asked.wait(STUCK_SECONDS)
            cancellation.cancel(Reason.CLIENT_GONE)

        threading.Thread(target=cancel).start()

        with pytest.raises(OSError), interrupted_by(cancellation):  # noqa: PT011  # TLS's own or the socket's
            post(channel_to(server.url, certificate, read_seconds=600), "/silence")

    def test_a_silent_server_is_given_up(self, server: SecureServer, certificate: Path) -> None:
        with pytest.raises(TimeoutError):
            post(channel_to(server.url, certificate, read_seconds=0.05), "/silence")

    def test_a_server_that_nobody_vouches_for_is_refused(
        self, server: SecureServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)

        with pytest.raises(SSLCertVerificationError):
            post(channel_to(server.url))

        assert not server.asked.is_set()

    def test_a_certificate_of_another_host_is_refused(self, server: SecureServer, certificate: Path) -> None:
        with pytest.raises(SSLCertVerificationError):
            post(channel_to(server.url.replace("127.0.0.1", "localhost"), certificate))

        assert not server.asked.is_set()

    def test_posts_at_once_have_a_connection_each(self, server: SecureServer, certificate: Path) -> None:
        channel = channel_to(server.url, certificate)
        cancellation = Cancellation()

        def wait_in_vain() -> None:
            with suppress(OSError), interrupted_by(cancellation):
                post(channel, "/silence")

        waiting = threading.Thread(target=wait_in_vain)
        waiting.start()
        assert server.asked.wait(STUCK_SECONDS)
        status = post(channel).status
        cancellation.cancel(Reason.CLIENT_GONE)
        waiting.join()

        assert status == 200
        assert len(server.connections) == 2


def test_a_post_is_one_piece_with_the_headers_as_they_are(answering: Callable[..., Answers]) -> None:
    server = answering(OK)

    channel_to(server.url).post("/dev/@connections/a%3D", {"Host": "h", "X-Amz-Date": "d"}, b"!")

    assert server.requests == [
        b"POST /dev/@connections/a%3D HTTP/1.1\r\nHost: h\r\nX-Amz-Date: d\r\nContent-Length: 1\r\n\r\n!"
    ]


def test_a_body_is_read_whole_so_that_the_connection_serves_the_next_post(answering: Callable[..., Answers]) -> None:
    server = answering(b"HTTP/1.1 410 Gone\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", OK)
    channel = channel_to(server.url)

    statuses = [post(channel).status for _ in range(2)]

    assert statuses == [410, 200]
    assert len(server.connections) == 1


def test_an_answer_may_take_longer_than_connecting(
    answering: Callable[..., Answers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.3)

    assert post(channel_to(answering(OK, after_seconds=0.5).url)).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["as it says", "by its version"],
)
def test_a_connection_that_the_server_closes_after_its_answer_is_not_used_again(
    answering: Callable[..., Answers], answer: bytes
) -> None:
    server = answering(answer)
    channel = channel_to(server.url)

    statuses = [post(channel).status for _ in range(2)]

    assert statuses == [200, 200]
    assert len(server.connections) == 2


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b"SMTP\r\n"],
    ids=["nothing", "half a line", "half a body", "no HTTP"],
)
def test_what_is_no_whole_answer_is_an_error_and_leaves_no_connection_behind(
    answering: Callable[..., Answers], answer: bytes
) -> None:
    server = answering(answer, OK)
    channel = channel_to(server.url)

    with pytest.raises((OSError, http.client.HTTPException)):
        post(channel)

    assert post(channel).status == 200
    assert len(server.connections) == 2
