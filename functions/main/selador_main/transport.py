"""HTTP to AWS for what an attempt waits for: connections kept alive, and waits that a cancellation ends.

botocore's own HTTP client can't be interrupted while it waits for an answer's head, which from a model takes a minute
or two; nobody should pay for that minute once the client has gone.
"""

import os
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse
from botocore.httpsession import ProxyConfiguration, get_cert_path
from botocore.utils import get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.response import HTTPResponse
from urllib3.util import create_urllib3_context

from selador_main.post_channel import PostChannel
from selador_main.sockets import CONNECT_SECONDS, interruptibly, shut_down, still_open
from selador_shared.idle_connections import ForgetsIdleConnections

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.client import BaseClient

CONNECTIONS_PER_HOST = 10
"""As many as a batch has records: each record's worker needs one at a time."""


class Transport:
    """A pool of connections to each host that was asked, through the proxy that HTTPS_PROXY and NO_PROXY name for it.

    `ca_bundle` is a file; None for that of REQUESTS_CA_BUNDLE, else for botocore's own, as botocore itself decides.
    """

    def __init__(self, ca_bundle: str | None = None) -> None:
        self._ca_bundle = ca_bundle
        self._pools: dict[tuple[str, str], HTTPConnectionPool] = {}

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Any, *, read_seconds: float
    ) -> HTTPResponse:
        """Send one request, once; return the response with its body unread. Raises urllib3's HTTPError.

        `read_seconds` bounds each wait for bytes, not the whole answer.
        """
        parts = urlsplit(url)
        response = self._pool(url).urlopen(
            method,
            parts._replace(scheme="", netloc="").geturl(),
            body=body,
            headers=headers,
            timeout=Timeout(connect=CONNECT_SECONDS, read=read_seconds),
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
        assert isinstance(response, HTTPResponse)
        return response

    def connect(self, url: str) -> None:
        """Open the connection to the host of `url` ahead of the first request, which then saves its handshakes."""
        with suppress(HTTPError, OSError):  # the first request will say it better
            pool = self._pool(url)
            pool._put_conn(_connected(pool, pool._get_conn()))

    def channel_to(self, url: str, *, read_seconds: float) -> PostChannel:
        """Return a channel for posts to the host of `url`."""

        def connected() -> socket.socket:
            pool = self._pool(url)
            sock = _connected(pool, pool._new_conn()).sock
            assert sock is not None
            return sock

        return PostChannel(connected, read_seconds=read_seconds)

    def carry(self, client: "BaseClient", *, read_seconds: float) -> None:
        """Carry the requests of a botocore client from now on; it keeps signing, serializing and parsing."""

        def send(request: "AWSPreparedRequest", **_: Any) -> Any:
            raw = self.send(
                request.method, request.url, dict(request.headers.items()), request.body, read_seconds=read_seconds
            )
            response = AWSResponse(request.url, raw.status, raw.headers, raw)  # type: ignore[arg-type]  # as botocore's own
            if not request.stream_output:
                response.content  # noqa: B018  # reads the body at once, as botocore does
            return response

        client.meta.events.register(f"before-send.{client.meta.service_model.service_id.hyphenize()}", send)

    def _pool(self, url: str) -> "_Pool | _SecurePool":
        scheme_and_host = urlsplit(url)[:2]
        pool = self._pools.get(scheme_and_host) or self._pools.setdefault(scheme_and_host, self._new_pool(url))
        assert isinstance(pool, _Pool | _SecurePool)
        return pool

    def _new_pool(self, url: str) -> HTTPConnectionPool:
        options: dict[str, Any] = {
            "maxsize": CONNECTIONS_PER_HOST,
            "socket_options": [*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)],
        }
        proxy = None
        if url.startswith("https:"):  # plain HTTP is spoken on the laptop alone
            proxies = ProxyConfiguration(get_environ_proxies(url))
            proxy = proxies.proxy_url_for(url)
            try:
                options["ssl_context"] = self._tls
            except OSError as error:  # no such bundle
                raise SSLError(error) from error
        manager = (
            ProxyManager(proxy, proxy_headers=proxies.proxy_headers_for(proxy), proxy_ssl_context=self._tls, **options)
            if proxy
            else PoolManager(**options)
        )
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager.connection_from_url(url)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """What all connections are judged by. To read the bundle takes 16 ms of CPU: too long for each connection."""
        context = create_urllib3_context()
        bundle = self._ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or get_cert_path(True)
        context.load_verify_locations(bundle)
        context.set_alpn_protocols(["http/1.1"])
        return context


def _interruptible(sock: socket.socket | None, receive: Callable[[], HTTPResponse]) -> HTTPResponse:
    """Return the response that `receive` receives. Its `shutdown` ends a wait for its body."""
    response = interruptibly(sock, receive)
    if sock is not None:
        response._sock_shutdown = partial(shut_down, sock)  # urllib3 would take TLS's own
    return response


class _Connection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        return _interruptible(self.sock, super().getresponse)


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        return _interruptible(self.sock, super().getresponse)

    @property
    def is_connected(self) -> bool:
        return self.sock is not None and still_open(self.sock)  # urllib3 would distrust unread session tickets


class _Pool(ForgetsIdleConnections, HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(ForgetsIdleConnections, HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _connected(pool: HTTPConnectionPool, connection: object) -> HTTPConnection:
    assert isinstance(connection, HTTPConnection)  # over TLS too
    connection.timeout = CONNECT_SECONDS
    if pool.proxy is None:
        connection.connect()
    else:
        pool._prepare_proxy(connection)  # asks the proxy for a tunnel, and connects
    return connection
