import io
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from selador_client.chat import chat
from selador_client.errors import ConnectionFailedError
from selador_client.terminal import Terminal

from ..conftest import STUCK_SECONDS
from .conftest import Script, Scripted


def typed(*lines: str | BaseException) -> Callable[[], str]:
    remaining = iter(lines)

    def read_question() -> str:
        line = next(remaining, EOFError())
        if isinstance(line, BaseException):
            raise line
        return line

    return read_question


def converse(url: str, *lines: str | BaseException) -> str:
    """Return what was printed."""
    output = io.StringIO()
    chat(url, None, typed(*lines), Terminal(output, {}))
    return output.getvalue()


def answer_all(script: Script) -> None:
    while True:
        question = script.receive()
        script.send("started", attempt=1, seq=0)
        script.send("delta", attempt=1, seq=1, text=f"Answer to {question['text']}.")
        span = {"start": 0, "end": 5}
        script.send("citation", attempt=1, seq=2, text="A passage.", source="s3://d/a.md", span=span)
        script.send("citation", attempt=1, seq=3, text="Another.", source="s3://d/a.md", span=span)
        script.send("completed", attempt=1, seq=4, sessionId=f"s-{question['text']}", truncated=False)


def test_questions_share_a_connection_and_a_session(scripted: Scripted) -> None:
    received = []
    connections = []

    def play(script: Script) -> None:
        connections.append(script)
        for number in (1, 2, 3):
            received.append(script.receive().get("sessionId"))
            script.answer(f"Answer {number}.", session_id=f"s-{number}")
        script.wait_for_close()

    text = converse(scripted(play), "a", "  ", "b", "c")

    assert received == [None, "s-1", "s-2"]
    assert [line for line in text.splitlines() if line.startswith("Answer")] == ["Answer 1.", "Answer 2.", "Answer 3."]
    assert len(connections) == 1


def test_new_begins_a_new_conversation(scripted: Scripted) -> None:
    received = []

    def play(script: Script) -> None:
        for _ in range(2):
            received.append(script.receive().get("sessionId"))
            script.answer("Yes.")
        script.wait_for_close()

    converse(scripted(play), "a", "/new", "b")

    assert received == [None, None]


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_the_answer_and_the_next_question_keeps_the_session(scripted: Scripted) -> None:
    received = []
    first_closed = threading.Event()

    def play(script: Script) -> None:
        while True:
            message = script.receive()
            received.append((message["text"], message.get("sessionId")))
            if message["text"] == "long":
                script.send("started", attempt=1, seq=0)
                script.send("delta", attempt=1, seq=1, text="A long")
                os.kill(os.getpid(), signal.SIGINT)
                script.wait_for_close()
                first_closed.set()
                return
            script.answer("Short.")

    text = converse(scripted(play), "short", "long", "again")

    assert "(stopped)" in text
    assert received == [("short", None), ("long", "s-1"), ("again", "s-1")]
    assert first_closed.wait(STUCK_SECONDS)


def test_ctrl_c_at_the_prompt_says_how_to_leave(scripted: Scripted) -> None:
    text = converse(scripted(answer_all), KeyboardInterrupt(), "a")

    assert "Ctrl-D ends the conversation" in text
    assert "Answer [1] to a." in text


def test_an_error_is_printed_and_the_conversation_goes_on(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("error", code="invalid_request", message="text is too long", retryable=False)
        script.receive()
        script.answer("Fine.")
        script.wait_for_close()

    text = converse(scripted(play), "a", "b")

    assert "error: text is too long" in text
    assert "Fine." in text


def test_a_connection_lost_during_an_answer_is_opened_again_for_the_next_question(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        if script.receive()["text"] == "a":
            script.accept()
            script.connection.close()
        else:
            script.answer("Back.")
            script.wait_for_close()

    text = converse(scripted(play), "a", "b")

    assert "error: the answer is lost: the connection was closed before the answer was complete" in text
    assert "Back." in text


def test_without_a_first_connection_there_is_no_conversation() -> None:
    with pytest.raises(ConnectionFailedError, match="Connection refused"):
        converse("ws://127.0.0.1:1/dev", "a")


# -- commands


def test_sources_shows_all_that_was_cited(scripted: Scripted) -> None:
    text = converse(scripted(answer_all), "a", "/sources")

    assert text.rstrip().endswith("[1] s3://d/a.md\n    A passage.\n\n    Another.")


def test_frames_shows_the_last_answers_frames_with_their_times(scripted: Scripted) -> None:
    text = converse(scripted(answer_all), "a", "/frames")

    assert text.count('{"atSeconds": ') == 5
    assert '"type": "completed"' in text


@pytest.mark.parametrize("command", ["/sources", "/frames"])
def test_before_the_first_question_there_is_nothing_to_show(scripted: Scripted, command: str) -> None:
    assert "nothing was asked yet" in converse(scripted(answer_all), command)


def test_an_answer_without_sources_says_so(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.answer("Yes.")
        script.wait_for_close()

    assert "the last answer names no source" in converse(scripted(play), "a", "/sources")


def test_save_writes_the_conversation_and_overwrites_nothing(scripted: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "my conversation.md"

    text = converse(scripted(answer_all), "a", "b", f"/save {file}", f"/save {file}")

    assert file.read_text() == (
        "## a\n\nAnswer [1] to a.\n\n1. s3://d/a.md\n\n## b\n\nAnswer [1] to b.\n\n1. s3://d/a.md\n"
    )
    assert f"saved to {file}" in text
    assert f"{file} exists already; name another file" in text


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/save", "name a file: /save FILE"),
        ("/save /dev/null/x", "/dev/null/x can't be written: [Errno 20] Not a directory"),
        ("/save a\0b", "can't be written: "),
        ("/dance", "/dance is no command here; /help lists them"),
        ("/new thing", "/new is no command here; /help lists them"),
        ("/help", "/save FILE     write this conversation to FILE, as Markdown"),
    ],
)
def test_a_command_that_is_wrong_is_told_in_words(scripted: Scripted, line: str, answer: str) -> None:
    assert answer in converse(scripted(answer_all), line)
