"""The server of these tests leaves nothing behind that could write into another file."""

import socket
import ssl
import threading
from pathlib import Path

from .listener import Listener


def test_after_its_end_no_thread_reads_a_connection_that_a_client_still_holds(certificate: Path) -> None:
    before = threading.active_count()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"!")
        connection.recv(1)

    listener = Listener(serve, context)
    bare = socket.create_connection(("127.0.0.1", listener.port))
    with trusting.wrap_socket(bare, server_hostname="127.0.0.1") as client:
        client.recv(1)
        listener.close()

        assert threading.active_count() == before
        assert client.recv(1) == b""
