import threading
from http import HTTPStatus
from importlib.metadata import version

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from selador_client import client as client_module
from selador_client.client import connect
from selador_client.errors import ConnectionFailedError, DeadlinePassedError, MessageRefusedError, ProtocolError
from selador_shared.protocol import CANCELLED, Completed, Delta, Error, Frame, Retrying, Started

from ..conftest import STUCK_SECONDS
from .conftest import Script, Scripted


def ask(url: str, text: str = "How long?", session_id: str | None = None) -> list[Frame]:
    with connect(url) as client:
        return list(client.ask(text, session_id))


def types(frames: list[Frame]) -> list[str]:
    return [frame.type for frame in frames]


def text_of(frames: list[Frame]) -> str:
    return "".join(frame.text for frame in frames if isinstance(frame, Delta))


def test_an_answer_is_yielded_to_its_completed_frame(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.accept()
        script.answer("Three ", "months.")
        script.send("delta", attempt=1, seq=4, text="never read")

    frames = ask(scripted(play))

    assert types(frames) == ["accepted", "started", "delta", "delta", "completed"]
    assert text_of(frames) == "Three months."


def test_the_question_is_sent_as_the_protocol_has_it(scripted: Scripted) -> None:
    received = []

    def play(script: Script) -> None:
        received.append((script.connection.subprotocol, script.receive()))
        script.answer()

    url = scripted(play)
    ask(url, "How long?")
    ask(url, "And for pets?", session_id="s-1")

    (subprotocol, first), (_, second) = received
    assert subprotocol == "selador.v1"
    assert first.pop("requestId") != second.pop("requestId")
    assert first == {"action": "invoke", "type": "query", "text": "How long?"}
    assert second == {"action": "invoke", "type": "query", "text": "And for pets?", "sessionId": "s-1"}


def test_accepted_may_come_after_started(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("started", attempt=1, seq=0)
        script.accept()
        script.send("completed", attempt=1, seq=1)

    assert types(ask(scripted(play))) == ["started", "accepted", "completed"]


def test_a_second_attempt_replaces_the_first(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("started", attempt=1, seq=0)
        script.send("delta", attempt=1, seq=1, text="Thr")
        script.send("started", attempt=2, seq=0)
        script.send("delta", attempt=1, seq=2, text="late")
        script.send("delta", attempt=2, seq=1, text="Three months.")
        script.send("delta", attempt=2, seq=1, text="Three months.")
        script.send("completed", attempt=2, seq=2)

    frames = ask(scripted(play))

    second = frames[frames.index(Started(request_id=frames[0].request_id, attempt=2, seq=0)) :]  # type: ignore[union-attr]  # no Pong
    assert text_of(second) == "Three months."
    assert "late" not in text_of(frames)


def test_an_error_ends_the_answer(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("error", code="invalid_request", message="text is empty", field="text", retryable=False)

    [frame] = ask(scripted(play), "")

    assert isinstance(frame, Error)
    assert frame.field == "text"


def test_an_unknown_type_of_frame_is_skipped(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("weather", forecast="rain")
        script.answer("Dry.")

    assert text_of(ask(scripted(play))) == "Dry."


def test_what_is_left_of_an_earlier_question_is_not_taken_for_the_answer(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("delta", requestId="earlier", attempt=1, seq=7, text="old")
        script.answer("New.")

    assert text_of(ask(scripted(play))) == "New."


def test_a_connection_answers_several_questions(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        for answer in ("One.", "Two."):
            script.receive()
            script.answer(answer)

    with connect(scripted(play)) as client:
        answers = [text_of(list(client.ask("a"))), text_of(list(client.ask("b")))]

    assert answers == ["One.", "Two."]


def test_an_answer_of_api_gateway_itself_is_told_in_its_words(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.connection.send('{"message": "Too Many Requests", "connectionId":"c", "requestId":"g-1"}')

    with pytest.raises(MessageRefusedError, match=r"'Too Many Requests': wait, and ask again .*g-1"):
        ask(scripted(play))


def test_a_frame_of_tomorrow_leaves_no_gap(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("started", attempt=1, seq=0)
        script.send("weather", attempt=1, seq=1, forecast="rain")
        script.send("step", attempt=1, seq=2, name="n", status="skipped", index=0, count=1)
        script.send("heartbeat", attempt=1, seq=3, waitingFor="spring")
        script.send("delta", attempt=1, seq=4, text="Dry.", mood="fine")
        script.send("completed", attempt=1, seq=5)

    frames = ask(scripted(play))

    assert types(frames) == ["started", "delta", "completed"]


def test_an_unknown_error_code_counts_as_internal(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("retrying", attempt=1, seq=0, delaySeconds=1, code="moon_phase")
        script.send("error", attempt=2, seq=0, code="moon_phase", message="full", retryable=True)

    frames = ask(scripted(play))

    assert [(frame.type, frame.code) for frame in frames if isinstance(frame, Retrying | Error)] == [
        ("retrying", "internal"),
        ("error", "internal"),
    ]


def test_the_doors_doubt_does_not_end_an_answer_that_has_begun(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("started", attempt=1, seq=0)
        script.send("error", code="unavailable", message="perhaps", retryable=True)
        script.send("completed", attempt=1, seq=1)

    assert types(ask(scripted(play))) == ["started", "completed"]


def test_a_stopped_answer_is_completed(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("completed", attempt=1, seq=0, stopReason="cancelled", truncated=True)

    [completed] = ask(scripted(play))

    assert isinstance(completed, Completed)
    assert (completed.stop_reason, completed.truncated) == (CANCELLED, True)


def test_an_attempt_without_accepted_is_waited_for_until_a_killed_worker_must_have_been_replaced(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "ACCEPT_SECONDS", 60)
    monkeypatch.setattr(client_module, "SILENCE_SECONDS", 0)

    def play(script: Script) -> None:
        script.receive()
        script.send("started", attempt=1, seq=0)
        script.wait_for_close()

    with pytest.raises(DeadlinePassedError, match="for 0 s nothing came"):
        ask(scripted(play))


def test_the_client_says_who_it_is(scripted: Scripted) -> None:
    agents = []

    def play(script: Script) -> None:
        assert script.connection.request is not None
        agents.append(script.connection.request.headers["User-Agent"])
        script.receive()
        script.answer()

    ask(scripted(play))

    assert agents == [f"selador/{version('selador-client')}"]


@pytest.mark.parametrize("message", ["no JSON", "{}", '{"message": "hello"}', '{"type": "delta", "requestId": "r"}'])
def test_what_is_no_frame_is_an_error(scripted: Scripted, message: str) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.connection.send(message)

    with pytest.raises(ProtocolError, match=r"isn't a frame of selador\.v1"):
        ask(scripted(play))


def test_a_connection_closed_before_the_end_is_an_error(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.accept()
        script.connection.close(1001, "Going away")

    with pytest.raises(ConnectionFailedError, match=r"closed before the answer was complete: .*1001.*Going away"):
        ask(scripted(play))


def test_a_request_without_an_end_by_its_deadline_counts_as_lost(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.accept(deadline_seconds=0)
        script.wait_for_close()

    with pytest.raises(DeadlinePassedError, match="the deadline has passed"):
        ask(scripted(play))


def test_silence_before_the_deadline_is_known_does_not_last_for_ever(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "ACCEPT_SECONDS", 0)

    def play(script: Script) -> None:
        script.receive()
        script.wait_for_close()

    with pytest.raises(DeadlinePassedError, match="for 0 s nothing came"):
        ask(scripted(play))


def test_leaving_an_answer_closes_the_connection(scripted: Scripted) -> None:
    closed = threading.Event()

    def play(script: Script) -> None:
        script.receive()
        script.send("started", attempt=1, seq=0)
        script.wait_for_close()
        closed.set()

    with connect(scripted(play)) as client:
        next(client.ask("How long?"))
        assert client.is_open

    assert not client.is_open
    assert closed.wait(STUCK_SECONDS)


def test_where_nothing_listens_the_error_names_the_url() -> None:
    with pytest.raises(ConnectionFailedError, match=r"can't connect to ws://127\.0\.0\.1:1/dev: .*refused"):
        connect("ws://127.0.0.1:1/dev")


def test_a_proxy_is_not_asked_for_this_machines_own_ports(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)

    def play(script: Script) -> None:
        script.receive()
        script.answer()

    assert isinstance(ask(scripted(play))[-1], Completed)


def test_a_token_is_offered_as_a_subprotocol_beside_the_protocols_own(scripted: Scripted) -> None:
    offered = []

    def play(script: Script) -> None:
        assert script.connection.request is not None
        offered.append((script.connection.request.headers["Sec-WebSocket-Protocol"], script.connection.subprotocol))
        script.receive()
        script.answer()

    with connect(scripted(play), token="a.b.c") as client:
        list(client.ask("How long?"))

    assert offered == [("selador.v1, bearer.a.b.c", "selador.v1")]


@pytest.mark.parametrize(("status", "advice"), [(401, "set SELADOR_TOKEN"), (403, "signature"), (500, "try again")])
def test_a_refused_handshake_says_what_to_do(status: int, advice: str) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(HTTPStatus(status), "no")

    with serve(lambda connection: None, "127.0.0.1", 0, process_request=refuse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(ConnectionFailedError, match=f"{advice}.*HTTP status {status}"):
            connect(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/test")
        server.shutdown()
        thread.join()
