"""Pools that never reuse a connection that lay idle.

Lambda drops idle connections between invocations without a word (LAM-54), and so do firewalls: a request sent on such
a connection is reset, or never answered. Nothing here repeats it, so it would be lost; a new connection costs it a
few milliseconds, if the certificates of the authorities aren't read for it again.
"""

import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool as _Base
else:
    _Base = object

IDLE_SECONDS = 1.0
"""Whoever sends requests closer together than this keeps its connection."""


@dataclass(frozen=True)
class Moment:
    """Now, by two clocks: whether the monotonic one goes on while Lambda freezes a process isn't documented."""

    monotonic: float
    wall: float

    @classmethod
    def now(cls) -> Self:
        return cls(time.monotonic(), time.time())

    def seconds_until(self, other: "Moment") -> float:
        """Return the longer of the times that the two clocks tell."""
        return max(other.monotonic - self.monotonic, other.wall - self.wall)


class ForgetsIdleConnections(_Base):
    """Mixed into a pool of urllib3, before its own class."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        returned: Moment | None = getattr(connection, "returned_at", None)
        if returned is not None and returned.seconds_until(Moment.now()) > IDLE_SECONDS:
            connection.close()  # it is opened anew when the request is sent
        return connection

    def _put_conn(self, conn: "HTTPConnection | None") -> None:  # type: ignore[override]
        if conn is not None:
            conn.returned_at = Moment.now()  # type: ignore[attr-defined]
        super()._put_conn(conn)


def forget_idle_connections(client: "BaseClient") -> None:
    """Let a botocore client that carries its requests itself never reuse a connection that lay idle."""
    # Private: botocore offers no way in. A test sends through a proxy that resets idle connections.
    pools: dict[str, type] = client._endpoint.http_session._pool_classes_by_scheme  # type: ignore[attr-defined]
    for scheme, pool in pools.items():
        pools[scheme] = type(pool.__name__, (ForgetsIdleConnections, pool), {})


def read_certificates_once(client: "BaseClient") -> None:
    """Let a botocore client that carries its requests itself keep the certificates that it judges servers by.

    urllib3 reads their file for each connection, into one context: 17 ms of CPU each time.
    """
    manager = client._endpoint.http_session._manager  # type: ignore[attr-defined]
    context = manager.connection_pool_kw["ssl_context"]
    context.load_verify_locations = functools.cache(context.load_verify_locations)
