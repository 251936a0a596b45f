"""Which comes first, a route's response or a post: AWS orders nothing between them (WS-33), so the stack mixes them."""

import asyncio
from collections.abc import Callable
from random import Random

from selador_local.data_plane.api_gateway.connections_api import Connection

HELD_SECONDS = 0.25
_HELD_SHARE = 0.375  # of another maker's emulator: 15 of 40 responses came after the first post

MayBeOvertaken = Callable[[], bool]
"""Decides about one route response after another."""


def by_seed(seed: int) -> MayBeOvertaken:
    """Return the decisions of this seed."""
    random = Random(seed)  # noqa: S311  # no secret depends on it
    return lambda: random.random() < _HELD_SHARE


async def overtaken(connection: Connection) -> None:
    """Return after the next post to the connection, or if none comes for `HELD_SECONDS`."""
    posted = asyncio.Event()
    connection.held.add(posted)
    try:
        await asyncio.wait_for(posted.wait(), HELD_SECONDS)
    except TimeoutError:
        pass
    finally:
        connection.held.discard(posted)
