"""Clients of the laptop stack that ask at a steady rate, and what each of their requests saw."""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

SHORT = "What is the airspeed of an unladen swallow?"
"""The documents don't say, so the answer is a short one."""

_OPENED_AT_ONCE = 10
_LAST_ANSWERS_SECONDS = 300


@dataclass
class Asked:
    """A request as its client saw it; the times are in seconds, on one clock, None for what has not come."""

    request_id: str
    sent_at: float
    accepted_at: float | None = None
    first_frame_at: float | None = None
    ended_at: float | None = None
    end: str | None = None
    """`completed`, or the code of the error."""

    @property
    def is_over(self) -> bool:
        """Whether it has all that is to come: `accepted` may come after the end."""
        refused = self.first_frame_at is None and self.end not in {None, "completed"}
        return self.ended_at is not None and (self.accepted_at is not None or refused)

    def see(self, frame: dict[str, Any], at: float) -> None:
        if frame["type"] == "accepted":
            self.accepted_at = at
            return
        if "attempt" in frame and self.first_frame_at is None:
            self.first_frame_at = at
        if frame["type"] in {"completed", "error"}:
            self.ended_at = at
            self.end = "completed" if frame["type"] == "completed" else frame["code"]


class Client:
    """A connection that asks, and listens at the same time."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._asked: dict[str, Asked] = {}
        self._changed = asyncio.Event()
        self.listening = asyncio.create_task(self._listen())

    async def ask(self, request_id: str, text: str = SHORT) -> Asked:
        asked = self._asked[request_id] = Asked(request_id, time.perf_counter())
        await self._connection.send(json.dumps({"action": "invoke", "text": text, "requestId": request_id}))
        return asked

    async def wait_for(self, asked: Asked) -> None:
        """Return when the request is over, or the connection."""
        while not asked.is_over and not self.listening.done():
            self._changed.clear()
            await self._changed.wait()

    async def _listen(self) -> None:
        try:
            async for text in self._connection:
                at = time.perf_counter()
                frame = json.loads(text)
                asked = self._asked.get(frame.get("requestId"))
                if asked is not None:
                    asked.see(frame, at)
                    self._changed.set()
        except ConnectionClosed:
            pass  # what has not come by now is lost, and counted as such
        finally:
            self._changed.set()


async def clients(url: str, number: int, parts: AsyncExitStack) -> list[Client]:
    """Open so many connections; they close with `parts`."""
    found: list[Client] = []
    while len(found) < number:
        some = min(_OPENED_AT_ONCE, number - len(found))
        opened = await asyncio.gather(*(_opened(url) for _ in range(some)))
        for connection in opened:
            parts.push_async_callback(connection.close)
        found += map(Client, opened)
    return found


async def _opened(url: str) -> ClientConnection:
    return await connect(url, subprotocols=[Subprotocol("selador.v1")], proxy=None, open_timeout=60, ping_interval=None)


async def one_by_one(url: str, number: int) -> list[Asked]:
    """Ask so many questions on one connection, each after the end of the one before."""
    async with AsyncExitStack() as parts:
        (client,) = await clients(url, 1, parts)
        found = []
        for index in range(number):
            found.append(await client.ask(f"one-by-one-{index}"))
            await client.wait_for(found[-1])
    return found


async def steady(url: str, *, connections: int, per_second: float, seconds: float) -> list[Asked]:
    """Ask at a rate, on one connection after another; return once all is over, or five minutes after the last."""
    async with AsyncExitStack() as parts:
        opened = await clients(url, connections, parts)
        waiting, found = [], []
        began = time.perf_counter()
        for index, client in zip(count(), cycle(opened), strict=False):
            due = began + index / per_second
            if due - began >= seconds:
                break
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            found.append(await client.ask(f"steady-{index}"))
            waiting.append(asyncio.create_task(client.wait_for(found[-1])))
        await asyncio.wait(waiting, timeout=_LAST_ANSWERS_SECONDS)
    return found


def milliseconds(asked: Sequence[Asked], moment: str) -> list[float]:
    """Return how long after it was sent each request saw that moment, sorted, without those that did not."""
    times = ((getattr(one, moment), one.sent_at) for one in asked)
    return sorted((at - sent_at) * 1000 for at, sent_at in times if at is not None)
