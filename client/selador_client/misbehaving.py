"""A server that plays a case of client/cases to whoever connects: with it you test a client of your own.

    make misbehave CASE=retry

It listens on ws://127.0.0.1:8788/ and plays in real time. It prints each step, says what your client must show, and
tells where your client did something else. Without CASE it lists the cases.
"""

import argparse
import asyncio
import contextlib
import http
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from selador_client.cases import Case, NoCaseError, Step, find_case, read_cases
from selador_client.wrapping import printable
from selador_shared.protocol import SUBPROTOCOL

PORT = 8788
_HIGHEST_PORT = 65_535
_LATE_SECONDS = 2.0
_LONGEST = 160  # characters of a frame that are printed
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Handshake:
    """A client wants to connect. `answer` is whether it may: a step of the server."""

    connection: ServerConnection
    subprotocols: tuple[str, ...]
    answer: asyncio.Future[Step]

    def __str__(self) -> str:
        return f"connected, and offered {', '.join(map(_without_token, self.subprotocols)) or 'no subprotocol'}"


@dataclass(frozen=True)
class Message:
    connection: ServerConnection
    text: str | bytes

    def __str__(self) -> str:
        return f"sent {_short(str(self.text))}"


@dataclass(frozen=True)
class Closed:
    connection: ServerConnection

    def __str__(self) -> str:
        return "closed the connection"


Event = Handshake | Message | Closed
_KINDS: dict[str, type[Event]] = {"connects": Handshake, "sends": Message, "closes": Closed}


class Play:
    """One play of a case. `events` is what the client does, `tell` prints a line."""

    def __init__(self, case: Case, events: asyncio.Queue[Event], tell: Callable[[str], None]) -> None:
        self._case = case
        self._events = events
        self._tell = tell
        self._connections: dict[str, ServerConnection] = {}
        self._closed: set[ServerConnection] = set()
        self._handshake: Handshake | None = None
        self._latest = ""
        self._ids: dict[str | None, str] = {}
        self._began = 0.0
        self.surprises = 0
        """How often the client did something else than the case says."""

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        for place, step in enumerate(self._case.steps):
            match step:
                case {"client": _}:
                    await self._expect(step)
                    self._began = loop.time() - step["at"]
                case {"server": _}:
                    await self._pause(place)
                    await self._do(step)
                case {"shows": shows}:
                    await self._pause(place)
                    self._tell(f"  it must now show  {json.dumps(shows, ensure_ascii=True)[:1_000]}")
                case {"user": "connects"}:
                    self._tell("let your client connect")
                case {"user": "asks", "text": text}:
                    self._tell(f"ask now: {_short(text)!r} (other words will do)")
                case {"user": "runs", "workflow": workflow, "inputs": inputs}:
                    self._tell(f"run now: the workflow {workflow} with {inputs}")
                case _:
                    self._tell(f"stop now: the request {step['request']}")
        others = "something else: see the lines with !" if self.surprises else "nothing else than it says"
        self._tell(f"the case is over; your client did {others}. Connect anew to play it again\n")

    async def _pause(self, place: int) -> None:
        """Wait for the time of a step. If the case expects nothing more of the client, tell what it does meanwhile."""
        loop = asyncio.get_running_loop()
        until = self._began + self._case.steps[place]["at"]
        if any("client" in step for step in self._case.steps[place:]):  # what comes early may be what is expected
            await asyncio.sleep(until - loop.time())
            return
        while (event := await self._event(until)) is not None:
            await self._surprised("does nothing more", event)

    async def _event(self, until: float) -> Event | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                return await self._events.get()
        return None

    async def _expect(self, step: Step) -> None:
        """Wait until the client does what the step says, and tell what else it does."""
        seconds: float | None = self._began + step["at"] - asyncio.get_running_loop().time() + _LATE_SECONDS
        while True:
            try:
                event = await asyncio.wait_for(self._events.get(), seconds)
            except TimeoutError:
                self._tell(f"  waiting: your client {_expected(step)}")
                seconds = None  # told once
                continue
            if isinstance(event, _KINDS[step["client"]]) and self._take(step, event):
                self._tell(f"← your client {event}")
                return
            await self._surprised(_expected(step), event)

    def _take(self, step: Step, event: Event) -> bool:
        """Return whether the event is what the step says, but for the words of a question."""
        if isinstance(event, Handshake):
            self._handshake = event
            self._latest = step.get("connection", f"connection {len(self._connections) + 1}")
            self._connections[self._latest] = event.connection
            return SUBPROTOCOL in event.subprotocols
        if event.connection is not self._connection(step):
            return False
        return isinstance(event, Closed) or self._bind(step["message"], event.text)

    def _bind(self, expected: Step, text: str | bytes) -> bool:
        try:
            message = json.loads(text)
            name, request_id = expected.get("requestId"), message.get("requestId")
        except (ValueError, AttributeError):
            return False
        is_new = name is None or name in self._ids or request_id not in self._ids.values()
        if message.get("action") != expected["action"] or not is_new:
            return False
        self._ids.setdefault(name, request_id)
        return True

    async def _surprised(self, expected: str, event: Event) -> None:
        self.surprises += 1
        self._tell(f"! your client {event}, but the case says that it {expected}")
        if isinstance(event, Handshake):
            event.answer.set_result({"server": "accepts"})
        elif isinstance(event, Closed):
            self._closed.add(event.connection)
        elif b"ping" in _bytes(event.text):
            with contextlib.suppress(ConnectionClosed):
                await event.connection.send('{"type":"pong"}')

    async def _do(self, step: Step) -> None:
        connection = self._connection(step)
        match step:
            case {"server": "accepts" | "refuses"} if self._handshake is not None:
                self._handshake.answer.set_result(step)
                self._tell(f"→ the server {step['server']} the connection")
            case {"server": "sends"}:
                text = step["text"] if "text" in step else json.dumps(self._with_id(step["frame"]))
                self._tell(f"→ {_short(text)}")
                with contextlib.suppress(ConnectionClosed):
                    await connection.send(text)
            case _:
                self._tell(f"→ the server closes the connection with {step['code']}")
                if step["code"] == 1006:  # the network's way: without a word
                    connection.transport.abort()
                else:
                    await connection.close(step["code"])
                await self._until_closed(connection)

    async def _until_closed(self, connection: ServerConnection) -> None:
        """Take the client's half of a closing handshake: it is no act of its own."""
        if connection in self._closed:
            return
        others = []
        while not (isinstance(event := await self._events.get(), Closed) and event.connection is connection):
            others.append(event)
        for event in others:
            self._events.put_nowait(event)

    def _connection(self, step: Step) -> ServerConnection:
        return self._connections[step.get("connection", self._latest)]

    def _with_id(self, frame: Step) -> Step:
        request_id = frame.get("requestId")
        return frame | {"requestId": self._ids[request_id]} if request_id in self._ids else frame


class MisbehavingServer:
    """Plays a case to each client that comes, one after another. `tell` prints a line."""

    def __init__(self, case: Case, tell: Callable[[str], None]) -> None:
        self._case = case
        self._tell = tell
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._answers: dict[ServerConnection, Step] = {}
        self.plays: list[Play] = []

    async def serve(self, port: int, ready: Callable[[int], None]) -> None:
        """Serve until cancelled; `ready` is told the port. Raises OSError if it is taken."""
        async with serve(
            self._handle,
            _LOOPBACK,
            port,
            process_request=self._answer_handshake,
            select_subprotocol=self._subprotocol,
            ping_interval=None,
            open_timeout=None,
            close_timeout=1,
        ) as server:
            ready(next(iter(server.sockets)).getsockname()[1])
            while True:
                play = Play(self._case, self._events, self._tell)
                self.plays.append(play)
                await play.run()
                await self._until_somebody_connects()

    async def _until_somebody_connects(self) -> None:
        while not isinstance(event := await self._events.get(), Handshake):
            if isinstance(event, Message):
                self._tell(f"  your client {event}; the case is over, so connect anew to play it again")
        self._events.put_nowait(event)

    async def _answer_handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        subprotocols = tuple(name.strip() for name in offered.split(",") if name.strip())
        handshake = Handshake(connection, subprotocols, asyncio.get_running_loop().create_future())
        self._events.put_nowait(handshake)
        gone: asyncio.Future[None] = asyncio.ensure_future(connection.wait_closed())
        either: set[asyncio.Future[Any]] = {handshake.answer, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not handshake.answer.done():
            self._events.put_nowait(Closed(connection))
            return connection.respond(http.HTTPStatus.REQUEST_TIMEOUT, "nobody waits for it\n")
        gone.cancel()
        step = handshake.answer.result()
        if step["server"] == "accepts":
            self._answers[connection] = step
            return None
        if "status" in step:
            return connection.respond(http.HTTPStatus(step["status"]), "refused, as the case says\n")
        connection.transport.abort()
        return None

    def _subprotocol(self, connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        step = self._answers.get(connection, {})
        name = step.get("subprotocol", SUBPROTOCOL)
        return name if name in offered else None

    async def _handle(self, connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in connection:
                self._events.put_nowait(Message(connection, text))
        self._events.put_nowait(Closed(connection))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 1 if the case or the port can't be had, or 130 after Ctrl-C.

    Wrong usage raises SystemExit(2).
    """
    parser = argparse.ArgumentParser(
        prog="python -m selador_client.misbehaving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("case", nargs="?", default="", help="a case's name; without one, the cases are listed")
    parser.add_argument("--port", type=_port, default=PORT, metavar="N", help="(default: %(default)s; 0: any)")
    options = parser.parse_args(arguments)
    if not options.case:
        for case in read_cases():
            print(f"  {case.name:32} {case.title}")
        return 0
    try:
        case = find_case(options.case)
        server = MisbehavingServer(case, lambda line: print(line, flush=True))
        asyncio.run(server.serve(options.port, lambda port: _announce(case, port)))
    except NoCaseError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # what reads our output has ended, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(
            f"port {options.port} of {_LOOPBACK} can't be had: {_why(error)}; give another, by PORT=…", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        pass
    return 130


def _port(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to {_HIGHEST_PORT:,}")
    return number


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)  # asyncio's own words repeat the address


def _announce(case: Case, port: int) -> None:
    print(
        f"{case.title}.\nThe rule: docs/protocol.md, {case.rule!r}. Connect to\n\n  ws://{_LOOPBACK}:{port}/\n",
        flush=True,
    )


def _expected(step: Step) -> str:
    what: Any = {"sends": f" {_short(json.dumps(step.get('message')))}"}.get(step["client"], "")
    return f"{step['client']}{what}"


def _without_token(subprotocol: str) -> str:
    return "bearer.…" if subprotocol.startswith("bearer.") else subprotocol


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


if __name__ == "__main__":
    sys.exit(main())
