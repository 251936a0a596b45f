"""The client over real sockets. What it decides is tested by the table of cases."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from importlib.metadata import version

import pytest
from websockets.sync.server import serve

from selador_client.client import Answer, Client
from selador_client.connecting import Token
from selador_client.errors import (
    BY_CODE,
    ConnectionFailedError,
    IncompleteError,
    InternalError,
    LostError,
    MessageTooLargeError,
    SeladorClientError,
    UnansweredError,
    UnauthorizedError,
)
from selador_client.exchange import ConnectionState
from selador_client.request import State
from selador_shared.protocol import Delta, Frame

from ..conftest import STUCK_SECONDS
from .conftest import Script, Scripted

CODES = sorted(BY_CODE)


def ask(url: str, text: str = "How long?", session_id: str | None = None, token: Token | None = None) -> list[Frame]:
    async def asked() -> list[Frame]:
        async with Client(url, token) as client:
            return [frame async for frame in client.query(text, session_id)]

    return asyncio.run(asked())


def types(frames: list[Frame]) -> list[str]:
    return [frame.type for frame in frames]


def text_of(frames: list[Frame]) -> str:
    return "".join(frame.text for frame in frames if isinstance(frame, Delta))


def answer_three_months(script: Script) -> None:
    script.receive()
    script.accept()
    script.answer("Three ", "months.")


def test_an_answer_is_yielded_to_its_completed_frame(scripted: Scripted) -> None:
    frames = ask(scripted(answer_three_months))

    assert types(frames) == ["accepted", "started", "delta", "delta", "completed"]
    assert text_of(frames) == "Three months."


def test_an_answer_that_has_ended_stays_ended(scripted: Scripted) -> None:
    async def asked() -> list[Frame]:
        async with Client(scripted(answer_three_months)) as client:
            answer = client.query("How long?")
            first = [frame async for frame in answer]
            return [*first, *[frame async for frame in answer]]

    assert len(asyncio.run(asked())) == 5


def test_what_is_sent_is_what_the_protocol_has(scripted: Scripted) -> None:
    received = []

    def play(script: Script) -> None:
        received.append((script.connection.subprotocol, script.receive()))
        script.answer()

    async def run(client: Client) -> None:
        async for _ in client.workflow("compare_listings", {"first": "A"}):
            pass

    url = scripted(play)
    ask(url, "How long?")
    ask(url, "And for pets? 🐕", session_id="s-1")
    with_client(url, run)

    assert [subprotocol for subprotocol, _ in received] == ["selador.v1"] * 3
    messages = [message for _, message in received]
    assert len({message.pop("requestId") for message in messages}) == 3
    assert messages == [
        {"action": "invoke", "type": "query", "text": "How long?"},
        {"action": "invoke", "type": "query", "text": "And for pets? 🐕", "sessionId": "s-1"},
        {"action": "invoke", "type": "workflow", "workflow": "compare_listings", "inputs": {"first": "A"}},
    ]


def with_client[T](url: str, use: Callable[[Client], Awaitable[T]]) -> T:
    async def used() -> T:
        async with Client(url) as client:
            return await use(client)

    return asyncio.run(used())


def test_several_answers_come_over_one_connection_each_to_its_reader(scripted: Scripted) -> None:
    connections = []

    def play(script: Script) -> None:
        connections.append(script.connection)
        first, second = script.receive(), script.receive()
        for question in (second, first):
            script.question = question
            script.answer(question["text"].upper())
        script.wait_for_close()

    async def two(client: Client) -> list[str]:
        slow, fast = client.query("slow"), client.query("fast")
        return [text_of([frame async for frame in answer]) for answer in (slow, fast)]

    assert with_client(scripted(play), two) == ["SLOW", "FAST"]
    assert len(connections) == 1


def test_a_slow_reader_slows_only_itself(scripted: Scripted) -> None:
    """Nobody reads the first answer, of 1,000 frames; the second one, behind it, comes all the same."""

    def play(script: Script) -> None:
        first = script.receive()
        second = script.receive()
        script.question = first
        script.answer(*["x" * 1_000] * 1_000)
        script.question = second
        script.answer("Yes.")
        script.wait_for_close()

    async def two(client: Client) -> tuple[str, int]:
        unread, read = client.query("long"), client.query("short")
        text = text_of([frame async for frame in read])
        return text, len(text_of([frame async for frame in unread]))

    assert with_client(scripted(play), two) == ("Yes.", 1_000_000)


@pytest.mark.parametrize("code", CODES)
def test_each_code_of_an_error_has_its_exception(scripted: Scripted, code: str) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("error", attempt=1, seq=0, code=code, message="no", field="text", retryable=False)

    with pytest.raises(BY_CODE[code]) as caught:  # type: ignore[index]  # it is a code
        ask(scripted(play))

    assert (caught.value.code, caught.value.field, caught.value.again, str(caught.value)) == (
        code,
        "text",
        "never",
        "no",
    )


@pytest.mark.parametrize(
    ("code", "again"), [("deadline_exceeded", "in a minute"), ("attempts_exhausted", "in a few minutes")]
)
def test_an_error_says_when_to_ask_again(scripted: Scripted, code: str, again: str) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("error", attempt=1, seq=0, code=code, message="it failed", retryable=True)

    with pytest.raises(SeladorClientError, match=f"^it failed; ask again {again}$"):
        ask(scripted(play))


def test_a_missing_frame_is_an_incomplete_answer(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("started", attempt=1, seq=0)
        script.send("delta", attempt=1, seq=2, text="months.")

    with pytest.raises(
        IncompleteError, match="attempt 1 sent frame 2 where 1 was due; a part of the answer is missing"
    ):
        ask(scripted(play))


def test_an_answer_whose_deadline_has_passed_is_lost(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.accept(deadline_seconds=0)
        script.wait_for_close()

    with pytest.raises(LostError, match="the answer is lost: the service's deadline for it has passed; ask again"):
        ask(scripted(play))


def test_a_connection_that_closes_takes_the_answer_along(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.accept()
        script.connection.close(1001, "Going away")

    with pytest.raises(
        LostError, match=r"closed before the answer was complete \(code 1001, 'Going away'\); ask again"
    ):
        ask(scripted(play))


def test_a_message_without_a_frame_is_sent_again_over_a_new_connection(scripted: Scripted) -> None:
    received = []

    def play(script: Script) -> None:
        received.append(script.receive())
        if len(received) == 1:
            script.connection.close(1001)
        else:
            script.answer("Three months.")

    assert text_of(ask(scripted(play))) == "Three months."
    assert received[0]["requestId"] != received[1]["requestId"]
    assert received[0]["text"] == received[1]["text"]


def test_a_server_that_always_closes_at_once_is_given_up(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.connection.close(1011)

    with pytest.raises(UnansweredError, match=r"sent 3 times, and nothing says that the service has it: .*code 1011"):
        ask(scripted(play))


def test_garbage_is_logged_and_ends_nothing(scripted: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.connection.send("no JSON")
        script.connection.send(b"\xff\xfe")
        script.answer("Fine.")

    with caplog.at_level(logging.WARNING):
        assert text_of(ask(scripted(play))) == "Fine."
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "the server's message isn't a frame of selador.v1"
    ] * 2


def test_half_an_emoji_is_sent_so_that_the_service_can_refuse_it(scripted: Scripted) -> None:
    received = []

    def play(script: Script) -> None:
        received.append(script.receive()["text"])
        script.answer()

    ask(scripted(play), "\ud83d")

    assert received == ["\ud83d"]


def test_a_message_over_32_kb_is_refused_here(scripted: Scripted) -> None:
    with pytest.raises(MessageTooLargeError, match=r"the message is \d\d,\d{3} bytes; .*limit for a frame is 32,768"):
        ask(scripted(lambda script: script.wait_for_close()), "x" * 32_768)


def test_to_stop_an_answer_closes_its_connection_and_the_next_question_opens_another(scripted: Scripted) -> None:
    closed = threading.Event()

    def play(script: Script) -> None:
        if script.receive()["text"] == "long":
            script.send("started", attempt=1, seq=0)
            script.wait_for_close()
            closed.set()
        else:
            script.answer("Short.")
            script.wait_for_close()

    async def stop(client: Client) -> tuple[State, ConnectionState, str]:
        answer = client.query("long")
        async for _ in answer:
            answer.stop()
        state = client.connection_state
        return answer.request.state, state, text_of([frame async for frame in client.query("short")])

    assert with_client(scripted(play), stop) == (State.STOPPED, ConnectionState.CLOSED, "Short.")
    assert closed.wait(STUCK_SECONDS)


def test_leaving_the_client_ends_its_answers(scripted: Scripted) -> None:
    closed = threading.Event()

    def play(script: Script) -> None:
        script.receive()
        script.send("started", attempt=1, seq=0)
        script.wait_for_close()
        closed.set()

    async def leave() -> tuple[State, list[Frame]]:
        async with Client(scripted(play)) as client:
            answer: Answer = client.query("long")
            await anext(answer)
        return answer.request.state, [frame async for frame in answer]

    assert asyncio.run(leave()) == (State.STOPPED, [])
    assert closed.wait(STUCK_SECONDS)


# -- connecting


def test_where_nothing_listens_the_error_names_the_url_at_once() -> None:
    with pytest.raises(ConnectionFailedError, match=r"can't connect to ws://127\.0\.0\.1:1/dev: .*refused"):
        ask("ws://127.0.0.1:1/dev")


def test_a_host_that_does_not_exist_is_told_in_words() -> None:
    with pytest.raises(ConnectionFailedError, match=r"can't connect to ws://no-such-host\.invalid/dev: [^\[]"):
        ask("ws://no-such-host.invalid/dev")


def test_a_proxy_is_not_asked_for_this_machines_own_ports(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)

    assert text_of(ask(scripted(answer_three_months))) == "Three months."


def test_the_client_says_who_it_is_and_offers_its_token_as_a_subprotocol(scripted: Scripted) -> None:
    seen = []

    def play(script: Script) -> None:
        assert script.connection.request is not None
        headers = script.connection.request.headers
        seen.append((headers["User-Agent"], headers["Sec-WebSocket-Protocol"], script.connection.subprotocol))
        answer_three_months(script)

    ask(scripted(play), token="a.b.c")

    assert seen == [(f"selador/{version('selador-client')}", "selador.v1, bearer.a.b.c", "selador.v1")]


def test_an_expired_token_is_renewed_over_a_new_connection(scripted: Scripted) -> None:
    tokens = iter(["old", "new"])
    offered = []

    async def next_token() -> str:
        return next(tokens)

    def play(script: Script) -> None:
        assert script.connection.request is not None
        offered.append(script.connection.request.headers["Sec-WebSocket-Protocol"])
        script.receive()
        if offered[-1].endswith("old"):
            script.send("error", code="unauthorized", message="the token has expired", retryable=False)
            script.wait_for_close()
        else:
            script.answer("Three months.")

    assert text_of(ask(scripted(play), token=next_token)) == "Three months."
    assert offered == ["selador.v1, bearer.old", "selador.v1, bearer.new"]


def test_an_expired_token_that_nobody_renews_is_told(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("error", code="unauthorized", message="the token has expired", retryable=False)

    with pytest.raises(UnauthorizedError, match="the token has expired; ask again with a new token"):
        ask(scripted(play), token="old")


def test_without_a_token_there_is_no_connection(scripted: Scripted) -> None:
    async def next_token() -> str:
        raise RuntimeError("the issuer is away")

    with pytest.raises(ConnectionFailedError, match=r"no token can be had: .*the issuer is away"):
        ask(scripted(answer_three_months), token=next_token)


def test_an_error_without_words_is_told_by_its_code(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("error", attempt=1, seq=0, code="internal", message="", retryable=True)

    with pytest.raises(InternalError, match="the service gives no reason but internal; ask again in a few minutes"):
        ask(scripted(play))


def test_a_server_of_another_protocol_is_no_server_of_ours() -> None:
    with serve(lambda connection: None, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(ConnectionFailedError, match=r"its server doesn't speak selador\.v1"):
            ask(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/test")
        server.shutdown()
        thread.join()
