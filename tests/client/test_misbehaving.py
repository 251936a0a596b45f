"""The misbehaving server, played to the Python client over real sockets."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from selador_client import misbehaving
from selador_client.cases import Case, find_case
from selador_client.client import Client
from selador_client.errors import ConnectionFailedError, LostError, SeladorClientError, UnansweredError
from selador_client.misbehaving import MisbehavingServer, main

from ..conftest import STUCK_SECONDS

QUESTION = "How long is the notice period?"
PROTOCOL = [Subprotocol("selador.v1")]


class Playing:
    def __init__(self, case: Case) -> None:
        self.said: list[str] = []
        self.port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.server = MisbehavingServer(case, self.said.append)
        self.task = asyncio.create_task(self.server.serve(0, self.port.set_result))

    async def until_over(self) -> None:
        while not self.verdicts:
            await asyncio.sleep(0.01)

    @property
    def verdicts(self) -> list[str]:
        return [line for line in self.said if line.startswith("the case is over")]

    @property
    def surprises(self) -> list[str]:
        return [line for line in self.said if line.startswith("!")]


@asynccontextmanager
async def playing(case: Case) -> AsyncIterator[tuple[Playing, str]]:
    play = Playing(case)
    try:
        yield play, f"ws://127.0.0.1:{await play.port}/"
    finally:
        play.task.cancel()
        await asyncio.gather(play.task, return_exceptions=True)


def played(name: str, use: Callable[[Playing, str], Awaitable[None]]) -> Playing:
    async def run() -> Playing:
        async with playing(find_case(name)) as (play, url):
            await asyncio.wait_for(use(play, url), STUCK_SECONDS)
            return play

    return asyncio.run(run())


async def text_of(client: Client, question: str = QUESTION) -> str:
    answer = client.query(question)
    async for _ in answer:
        pass
    return answer.request.text


@pytest.mark.parametrize(
    "name",
    [
        "answer",
        "accepted-after-started",
        "duplicates",
        "garbage",
        "not-queued",
        "closed-before-a-frame",
        "html",
        "retry",
    ],
)
def test_a_case_is_played_to_its_end_and_the_python_client_surprises_nobody(name: str) -> None:
    case = find_case(name)
    expected = case.steps[-1]["shows"].get("requests", {}).get("a", {}).get("text", "Three months.")

    async def use(play: Playing, url: str) -> None:
        async with Client(url) as client:
            assert await text_of(client) == expected
            await play.until_over()

    assert played(name, use).surprises == []


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("network-failure-in-an-answer", LostError),
        ("closed-in-an-answer", LostError),
        ("closed-at-once-each-time", UnansweredError),
        ("token-refused-later", ConnectionFailedError),
    ],
)
def test_a_case_without_an_answer_ends_as_it_says(name: str, error: type[SeladorClientError]) -> None:
    async def use(play: Playing, url: str) -> None:
        async with Client(url, "t-1") as client:
            with pytest.raises(error):
                await text_of(client)

    assert played(name, use).surprises == []


def test_what_a_client_does_otherwise_is_told() -> None:
    async def use(play: Playing, url: str) -> None:
        async with connect(url, subprotocols=PROTOCOL) as client:
            await client.send('{"action":"ping"}')
            assert await client.recv() == '{"type":"pong"}'
            await client.send("no JSON")
            await client.send('{"action":"invoke","text":"my own words","requestId":"r-1"}')
            while '"completed"' not in str(await client.recv()):
                pass

    surprises = played("accepted-after-started", use).surprises

    assert [line.partition(", but the case says that it sends ")[0] for line in surprises] == [
        '! your client sent {"action":"ping"}',
        "! your client sent no JSON",
    ]


CLOSED_IN_THE_QUEUE = Case(
    "connection",
    "closed",
    "It is closed",
    "Silence",
    (
        {"at": 0, "client": "connects", "subprotocols": PROTOCOL},
        {"at": 0, "server": "accepts"},
        {"at": 0, "client": "sends", "message": {"action": "invoke", "text": "a", "requestId": "$1"}},
        {"at": 0, "server": "sends", "frame": {"type": "accepted", "requestId": "$1", "deadlineSeconds": 60}},
        {"at": 0.2, "server": "closes", "code": 1001},
        {"at": 0.2, "shows": {"connection": "closed"}},
    ),
)


@pytest.mark.parametrize("acts", ["sends", "closes"])
def test_what_a_client_does_when_nothing_more_is_expected_of_it_is_told(acts: str) -> None:
    question = '{"action":"invoke","text":"a","requestId":"r-1"}'

    async def run() -> Playing:
        async with playing(CLOSED_IN_THE_QUEUE) as (play, url), asyncio.timeout(STUCK_SECONDS):
            async with connect(url, subprotocols=PROTOCOL) as client:
                await client.send(question)
                if acts == "sends":
                    await client.send("again")
                    await play.until_over()
            await play.until_over()
            return play

    play = asyncio.run(run())

    what = {"sends": "sent again", "closes": "closed the connection"}[acts]
    assert play.surprises == [f"! your client {what}, but the case says that it does nothing more"]
    assert play.verdicts[0].startswith("the case is over; your client did something else")


def test_a_resend_under_the_same_id_is_told() -> None:
    async def use(play: Playing, url: str) -> None:
        async with connect(url, subprotocols=PROTOCOL) as client:
            for request_id in ("r-1", "r-1", "r-2"):
                await client.send(f'{{"action":"invoke","text":"a","requestId":"{request_id}"}}')
            while '"completed"' not in str(await client.recv()):
                pass

    assert len(played("not-queued", use).surprises) == 1


def test_a_client_that_offers_no_subprotocol_of_ours_is_told() -> None:
    async def use(play: Playing, url: str) -> None:
        async with connect(url, subprotocols=[Subprotocol("graphql-ws")]):
            await asyncio.sleep(0.05)

    (surprise, *_) = played("answer", use).surprises
    assert surprise.startswith("! your client connected, and offered graphql-ws, but the case says that it connects")


def test_a_token_is_not_printed() -> None:
    async def use(play: Playing, url: str) -> None:
        with pytest.raises(InvalidStatus, match="401"):
            await connect(url, subprotocols=[*PROTOCOL, Subprotocol("bearer.secret")])

    play = played("token-refused", use)

    assert "← your client connected, and offered selador.v1, bearer.…" in play.said
    assert "secret" not in "".join(play.said)


def test_a_refusal_without_a_status_is_a_broken_handshake() -> None:
    async def use(play: Playing, url: str) -> None:
        with pytest.raises((InvalidMessage, ConnectionClosed, OSError)):
            await connect(url, subprotocols=PROTOCOL)

    played("first-connection-fails-at-once", use)


def test_a_client_that_is_late_is_told_what_it_should_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(misbehaving, "_LATE_SECONDS", 0)

    async def use(play: Playing, url: str) -> None:
        while "  waiting: your client connects" not in play.said:
            await asyncio.sleep(0.01)

    played("answer", use)


def test_what_comes_after_the_end_is_told() -> None:
    async def use(play: Playing, url: str) -> None:
        async with connect(url, subprotocols=PROTOCOL) as client:
            await client.send('{"action":"invoke","text":"a","requestId":"r-1"}')
            await play.until_over()
            await client.send("and more")
            while not play.said[-1].startswith("  your client sent and more; the case is over"):
                await asyncio.sleep(0.01)

    played("accepted-never", use)


def test_a_workflow_and_a_stop_are_asked_for() -> None:
    async def run(play: Playing, url: str) -> None:
        async with Client(url) as client:
            async for _ in client.workflow("neighbourhood_brief", {"neighbourhood": "Old Town"}):
                pass
            await play.until_over()

    async def stop(play: Playing, url: str) -> None:
        async with Client(url) as client:
            answer = client.query(QUESTION)
            while "stop now: the request a" not in play.said:
                await asyncio.sleep(0.01)
            answer.stop()
            while "← your client closed the connection" not in play.said:
                await asyncio.sleep(0.01)

    assert "run now: the workflow neighbourhood_brief with {'neighbourhood': 'Old Town'}" in played("steps", run).said
    assert played("stop", stop).surprises == []


def test_the_case_is_played_again_to_the_next_client() -> None:
    async def use(play: Playing, url: str) -> None:
        for _ in range(2):
            async with Client(url) as client:
                assert await text_of(client) == "Three months."
                await play.until_over()

    assert played("accepted-never", use).verdicts


def test_without_a_case_the_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0

    assert "  retry                            A second attempt replaces" in capsys.readouterr().out


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        assert main(["retry", "--port", str(port)]) == 1

    assert capsys.readouterr().err == (
        f"port {port} of 127.0.0.1 can't be had: Address already in use; give another, by PORT=…\n"
    )


@pytest.mark.parametrize("port", ["-1", "65536", "8o80", ""])
def test_what_is_no_port_is_told_with_the_bounds(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["retry", f"--port={port}"])

    assert f"argument --port: {port!r} is no port: 0 to 65,535" in capsys.readouterr().err


def test_it_says_where_to_connect_until_ctrl_c(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve(server: MisbehavingServer, port: int, ready: Callable[[int], None]) -> None:
        ready(port)
        raise KeyboardInterrupt

    monkeypatch.setattr(MisbehavingServer, "serve", serve)

    assert main(["retry"]) == 130
    assert "Connect to\n\n  ws://127.0.0.1:8788/" in capsys.readouterr().out


def test_an_unknown_case_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retri"]) == 1

    assert "no case is named 'retri'; `make misbehave` lists them" in capsys.readouterr().err


def test_a_client_that_leaves_a_handshake_without_an_answer_has_closed_the_connection() -> None:
    steps = [{"at": 0, "client": "connects", "subprotocols": PROTOCOL}, {"at": 0, "client": "closes"}]

    async def connected(url: str) -> None:
        await connect(url, subprotocols=PROTOCOL)

    async def run() -> Playing:
        play = Playing(Case("connection", "left", "It is left", "Connect", tuple(steps)))
        connecting = asyncio.create_task(connected(f"ws://127.0.0.1:{await play.port}/"))
        while not any(line.startswith("← your client connected") for line in play.said):
            await asyncio.sleep(0.01)
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        await asyncio.wait_for(play.until_over(), STUCK_SECONDS)
        play.task.cancel()
        await asyncio.gather(play.task, return_exceptions=True)
        return play

    assert asyncio.run(run()).surprises == []


def test_whoever_ends_reading_is_told_of_no_port() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "selador_client.misbehaving", "retry", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()

    assert (process.returncode, said) == (1, "")
