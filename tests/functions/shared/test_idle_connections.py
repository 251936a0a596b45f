"""A connection that lay idle is never used again: proxies stand for the network that drops it."""

import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from botocore.config import Config
from botocore.exceptions import SSLError
from botocore.session import Session

from selador_main import post_channel
from selador_main.transport import Transport
from selador_shared import idle_connections
from selador_shared.idle_connections import forget_idle_connections, read_certificates_once

from ...conftest import STUCK_SECONDS
from ..listener import Listener, hang_up

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

DROPPED_AFTER_SECONDS = 2
READ_SECONDS = 20
"""A request that is swallowed fails after so long; no other one takes that."""


class Queue(BaseHTTPRequestHandler):
    """Answers every request as SQS answers a deletion."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


class Network:
    """A proxy that forgets connections on which nothing was said for two seconds: it resets or swallows what comes."""

    def __init__(self, target: int, *, swallows: bool) -> None:
        self._target = target
        self._swallows = swallows
        self.connections = 0
        self._listener = Listener(self._serve)
        self.url = f"http://127.0.0.1:{self._listener.port}"

    def close(self) -> None:
        self._listener.close()

    def _serve(self, client: socket.socket) -> None:
        self.connections += 1
        with socket.create_connection(("127.0.0.1", self._target)) as server:
            back = threading.Thread(target=self._back, args=(server, client))
            back.start()
            self._forward(client, server)
            hang_up(server)
            back.join()

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                client.sendall(data)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            said_at = time.monotonic()
            while data := client.recv(65_536):
                if time.monotonic() - said_at <= DROPPED_AFTER_SECONDS:
                    said_at = time.monotonic()
                    server.sendall(data)
                elif not self._swallows:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return


@pytest.fixture(params=["resets", "swallows"])
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Queue) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.daemon_threads = True
        server.block_on_close = False
        network = Network(server.server_port, swallows=request.param == "swallows")
        yield network
        network.close()
        server.shutdown()
        thread.join()


def queue_client(url: str, *, verify: bool | str = True) -> "SQSClient":
    client = Session().create_client(
        "sqs",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        verify=verify,
        config=Config(
            connect_timeout=STUCK_SECONDS, read_timeout=READ_SECONDS, retries={"total_max_attempts": 1}, proxies={}
        ),
    )
    return cast("SQSClient", client)


def by_botocore(url: str) -> Callable[[], object]:
    client = queue_client(url)
    forget_idle_connections(client)
    return lambda: client.delete_message(QueueUrl=f"{url}/1/q", ReceiptHandle="r")


def by_transport(url: str) -> Callable[[], object]:
    client = queue_client(url)
    Transport().carry(client, read_seconds=READ_SECONDS)
    return lambda: client.delete_message(QueueUrl=f"{url}/1/q", ReceiptHandle="r")


def by_post_channel(url: str) -> Callable[[], object]:
    channel = Transport().channel_to(url, read_seconds=READ_SECONDS)
    return lambda: channel.post("/1/q", {"Host": "127.0.0.1"}, b"{}")


CLIENTS = pytest.mark.parametrize("client", [by_botocore, by_transport, by_post_channel])


@CLIENTS
def test_the_first_request_after_idle_time_is_answered(
    network: Network, client: Callable[[str], Callable[[], object]]
) -> None:
    ask = client(network.url)
    ask()

    time.sleep(DROPPED_AFTER_SECONDS + 0.2)
    ask()

    assert network.connections == 2


@CLIENTS
def test_requests_close_to_each_other_share_a_connection(
    network: Network, client: Callable[[str], Callable[[], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (idle_connections, post_channel):
        monkeypatch.setattr(module, "IDLE_SECONDS", DROPPED_AFTER_SECONDS)  # a busy machine takes a second by itself
    ask = client(network.url)

    for _ in range(5):
        ask()

    assert network.connections == 1


@CLIENTS
@pytest.mark.parametrize("stopped", ["monotonic", "time"])
def test_the_clock_that_went_on_decides(
    network: Network, client: Callable[[str], Callable[[], object]], monkeypatch: pytest.MonkeyPatch, stopped: str
) -> None:
    """Which clocks stand still while Lambda freezes a process is reported both ways."""
    ask = client(network.url)
    ask()

    going = {"monotonic": "time", "time": "monotonic"}[stopped]
    later = getattr(time, going)() + 3_600
    monkeypatch.setattr(time, going, lambda: later)
    ask()

    assert network.connections == 2


INVOCATIONS = """
import sys
from tests.functions.shared import test_idle_connections
ask = getattr(test_idle_connections, sys.argv[1])(sys.argv[2])
for _ in range(2):
    sys.stdin.readline()
    ask()
    print("answered", flush=True)
"""


@CLIENTS
def test_a_process_that_was_stopped_between_two_invocations_is_answered(
    network: Network, client: Callable[[str], object]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INVOCATIONS, client.__name__, network.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        answers = []
        for pause in (DROPPED_AFTER_SECONDS + 0.2, 0):
            process.stdin.write("invoke\n")
            process.stdin.flush()
            answers.append(process.stdout.readline())
            process.send_signal(signal.SIGSTOP)
            time.sleep(pause)
            process.send_signal(signal.SIGCONT)
        process.stdin.close()

    assert answers == ["answered\n"] * 2


@pytest.fixture
def secure_url(certificate: Path) -> Iterator[str]:
    """A queue behind TLS, which closes a connection after each answer."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), type("OneAnswer", (Queue,), {"protocol_version": "HTTP/1.0"})) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that trusts nobody hangs up
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_certificates_are_read_once_for_all_connections(
    secure_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    load = ssl.SSLContext.load_verify_locations

    def count(context: ssl.SSLContext, *places: str | None) -> None:
        read.append(places[0])
        load(context, *places)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", count)
    client = queue_client(secure_url, verify=str(certificate))
    forget_idle_connections(client)
    read_certificates_once(client)

    for _ in range(3):
        client.delete_message(QueueUrl=f"{secure_url}/1/q", ReceiptHandle="r")

    assert read == [str(certificate)]


def test_a_server_that_nobody_trusts_is_refused_each_time(secure_url: str) -> None:
    client = queue_client(secure_url)
    forget_idle_connections(client)
    read_certificates_once(client)

    for _ in range(2):
        with pytest.raises(SSLError):
            client.delete_message(QueueUrl=f"{secure_url}/1/q", ReceiptHandle="r")
