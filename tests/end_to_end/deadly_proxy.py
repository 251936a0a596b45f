"""A proxy before the control plane that kills its client at an operation, before or after AWS has done it."""

import http.client
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class DeadlyProxy:
    """`url` is asked in place of the control plane's. It is deadly once."""

    url: str
    operation: str
    """As in the header `X-Amz-Target`, such as `AmazonSQS.SendMessage`."""
    done_first: bool
    """Whether the operation is done, and only its answer isn't heard."""
    victim: subprocess.Popen[str] | None = None

    def kill(self) -> None:
        assert self.victim is not None, "the operation came before its process was known"
        os.kill(self.victim.pid, signal.SIGKILL)
        self.victim.wait()


@contextmanager
def deadly(endpoint: str, operation: str, *, done_first: bool) -> Iterator[DeadlyProxy]:
    """Run a proxy to `endpoint`."""
    target = urlsplit(endpoint).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_deadly = self.headers.get("X-Amz-Target") == proxy.operation
            if is_deadly and not proxy.done_first:
                proxy.kill()
                self.close_connection = True
                return
            # The signature is over the headers, `Host` among them: all go on as they came.
            upstream = http.client.HTTPConnection(target, timeout=60)
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content = answer.read()
            upstream.close()
            if is_deadly:
                proxy.kill()
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            self.send_header(
                "Content-Length",
                answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content)),
            )
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = forward  # noqa: N815 # http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = DeadlyProxy(f"http://127.0.0.1:{server.server_port}", operation, done_first)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
