import io
import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from selador_client.chat import chat
from selador_client.client import Client, connect
from selador_client.terminal import Terminal

from ..conftest import STUCK_SECONDS
from .conftest import Script, Scripted


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt, as on a terminal: a pipeline starts its jobs with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def typed(*questions: str | BaseException) -> Callable[[], str]:
    remaining = iter(questions)

    def read_question() -> str:
        question = next(remaining, EOFError())
        if isinstance(question, BaseException):
            raise question
        return question

    return read_question


def converse(url: str, *questions: str | BaseException) -> tuple[str, list[Client]]:
    """Return what was printed, and the connections that were made for it."""
    output = io.StringIO()
    clients: list[Client] = []

    def connect_and_note() -> Client:
        clients.append(connect(url))
        return clients[-1]

    chat(connect_and_note, typed(*questions), Terminal(output, {}))
    return output.getvalue(), clients


def test_questions_share_a_connection_and_a_session(scripted: Scripted) -> None:
    received = []

    def play(script: Script) -> None:
        for number in (1, 2, 3):
            received.append(script.receive().get("sessionId"))
            script.answer(f"Answer {number}.", session_id=f"s-{number}")
        script.wait_for_close()

    text, clients = converse(scripted(play), "a", "  ", "b", "c")

    assert received == [None, "s-1", "s-2"]
    assert [line for line in text.splitlines() if line] == ["Answer 1.", "Answer 2.", "Answer 3."]
    assert len(clients) == 1
    assert not clients[0].is_open


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_the_answer_and_the_next_question_keeps_the_session(scripted: Scripted) -> None:
    received = []
    first_closed = threading.Event()

    def play(script: Script) -> None:
        for message in iter(script.receive, None):
            received.append((message["text"], message.get("sessionId")))
            if message["text"] == "long":
                script.send("started", attempt=1, seq=0)
                script.send("delta", attempt=1, seq=1, text="A long")
                os.kill(os.getpid(), signal.SIGINT)
                script.wait_for_close()
                first_closed.set()
                return
            script.answer("Short.")

    text, clients = converse(scripted(play), "short", "long", "again")

    assert "(stopped)" in text
    assert received == [("short", None), ("long", "s-1"), ("again", "s-1")]
    assert len(clients) == 2
    assert first_closed.wait(STUCK_SECONDS)


def test_ctrl_c_at_the_prompt_says_how_to_leave(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.answer("Still here.")

    text, _ = converse(scripted(play), KeyboardInterrupt(), "a")

    assert "Ctrl-D ends the conversation" in text
    assert "Still here." in text


def test_an_error_is_printed_and_the_conversation_goes_on(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("error", code="invalid_request", message="text is too long", retryable=False)
        script.receive()
        script.answer("Fine.")

    text, clients = converse(scripted(play), "a", "b")

    assert "error: invalid_request: text is too long" in text
    assert "Fine." in text
    assert len(clients) == 1


def test_a_connection_lost_during_an_answer_is_opened_again_for_the_next_question(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        if script.receive()["text"] == "a":
            script.connection.close()
        else:
            script.answer("Back.")

    text, clients = converse(scripted(play), "a", "b")

    assert "error: the connection was closed before the answer was complete" in text
    assert "Back." in text
    assert len(clients) == 2
