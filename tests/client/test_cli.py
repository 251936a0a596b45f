import codecs
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from selador_client.cli import main

from ..conftest import STUCK_SECONDS
from .conftest import Play, Script, Scripted


def answer_three_months(script: Script) -> None:
    script.receive()
    script.accept()
    script.answer("Three ", "months.")
    script.wait_for_close()


def ended_by(code: str, *, retryable: bool, **members: Any) -> Play:
    def play(script: Script) -> None:
        script.receive()
        script.send("error", code=code, message="it says why", retryable=retryable, **members)
        script.wait_for_close()

    return play


def test_a_completed_answer_is_printed_and_exits_0(scripted: Scripted, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--url", scripted(answer_three_months), "How", "long?"]) == 0

    assert capsys.readouterr() == ("Three months.\n", "")


def test_the_words_of_the_question_are_joined(scripted: Scripted) -> None:
    received = []

    def play(script: Script) -> None:
        received.append(script.receive()["text"])
        script.answer()

    main(["ask", "--url", scripted(play), "How", "long?"])

    assert received == ["How long?"]


def test_a_workflow_is_run_with_its_inputs(scripted: Scripted) -> None:
    received = []

    def play(script: Script) -> None:
        received.append(script.receive())
        script.answer("Done.")

    assert main(["workflow", "--url", scripted(play), "draft_reply", "letter=a=b", "tone="]) == 0

    assert (received[0]["workflow"], received[0]["inputs"]) == ("draft_reply", {"letter": "a=b", "tone": ""})


def test_json_prints_every_frame_on_a_line(scripted: Scripted, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--url", scripted(answer_three_months), "--json", "How long?"]) == 0

    frames = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [frame["type"] for frame in frames] == ["accepted", "started", "delta", "delta", "completed"]
    assert frames[0]["deadlineSeconds"] == 60


@pytest.mark.parametrize("members", [{}, {"attempt": 1, "seq": 0}], ids=["of-the-door", "of-an-attempt"])
def test_json_prints_the_error_too(
    scripted: Scripted, capsys: pytest.CaptureFixture[str], members: dict[str, int]
) -> None:
    main(["ask", "--url", scripted(ended_by("invalid_request", retryable=False, **members)), "--json", "How long?"])

    (line,) = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["type"], json.loads(line)["code"]) == ("error", "invalid_request")


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize(
    ("play", "status"),
    [
        pytest.param(ended_by("attempts_exhausted", retryable=True, attempt=1, seq=0), 1, id="failed"),
        pytest.param(ended_by("invalid_request", retryable=False), 3, id="refused"),
        pytest.param(ended_by("content_blocked", retryable=False, attempt=1, seq=0), 3, id="blocked"),
        pytest.param(ended_by("unauthorized", retryable=False), 3, id="unauthorized"),
    ],
)
def test_the_status_tells_the_outcome_and_stderr_why(
    scripted: Scripted, capsys: pytest.CaptureFixture[str], play: Play, status: int, options: list[str]
) -> None:
    assert main(["ask", "--url", scripted(play), *options, "How long?"]) == status

    assert "error: it says why" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_answer_that_is_not_whole_exits_5(scripted: Scripted, options: list[str]) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("completed", attempt=1, seq=0, truncated=True)

    assert main(["ask", "--url", scripted(play), *options, "How long?"]) == 5


def test_a_failed_connection_exits_4_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--url", "ws://127.0.0.1:1/dev", "How long?"]) == 4

    assert capsys.readouterr().err == "error: can't connect to ws://127.0.0.1:1/dev: Connection refused\n"


def test_without_a_stack_it_exits_2_and_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SELADOR_URL", raising=False)

    assert main(["ask", "How long?"]) == 2

    assert "no stack is running; start one with `make local`" in capsys.readouterr().err


def test_the_stack_of_the_project_is_asked_by_default(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SELADOR_URL", raising=False)
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps({"websocketUrl": scripted(answer_three_months)}))

    assert main(["ask", "How long?"]) == 0

    assert capsys.readouterr().out == "Three months.\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: command"),
        (["ask"], "the following arguments are required: QUESTION"),
        (["ask", "--colour", "a"], "unrecognized arguments: --colour"),
        (["ask", "--url", "ws://a", "--env", "dev", "b"], "not allowed with argument"),
        (["ask", "--url", "ws://a", " "], 'the question is blank; give a QUESTION, or make ask Q="…"'),
        (["workflow", "--url", "ws://a", "draft_reply", "tone"], "'tone' is no input; give KEY=VALUE"),
        (["workflow", "--url", "ws://a", "draft_reply", "=x"], "'' is no input; give KEY=VALUE"),
        (["workflow", "--url", "ws://a", "w", "a=1", "a=2"], "an input is given twice; once is the limit"),
    ],
)
def test_wrong_usage_exits_2(capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_wrong_url_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--url", "https://example.com", "a"]) == 2

    assert "'https://example.com' isn't a WebSocket URL" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_ctrl_c_exits_130(scripted: Scripted, interruptible: None, options: list[str]) -> None:
    def play(script: Script) -> None:
        script.receive()
        os.kill(os.getpid(), signal.SIGINT)
        script.wait_for_close()

    assert main(["ask", "--url", scripted(play), *options, "How long?"]) == 130


def test_a_reader_that_has_enough_ends_it_without_a_traceback(scripted: Scripted) -> None:
    command = [sys.executable, "-m", "selador_client", "ask", "--json", "--url", scripted(answer_three_months), "a"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stderr is not None
        asking.stdout.close()
        errors = asking.stderr.read()

    assert (asking.returncode, errors) == (1, "")


def test_every_exit_status_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    assert [line.split()[0] for line in capsys.readouterr().out.partition("exit status:")[2].splitlines() if line] == [
        *["0", "1", "2", "3", "4", "5", "130"]
    ]


def test_questions_can_be_piped_in(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def play(script: Script) -> None:
        for number in (1, 2):
            script.receive()
            script.answer(f"Answer {number}.")
        script.wait_for_close()

    monkeypatch.setattr("sys.stdin", io.StringIO("first\nsecond\n"))

    assert main(["chat", "--url", scripted(play)]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("Answer")] == ["Answer 1.", "Answer 2."]


class OnTerminal:
    """The command line on a terminal of its own, in another process."""

    def __init__(self, *arguments: str) -> None:
        self._keyboard, terminal = pty.openpty()
        # setsid makes the terminal the one that Ctrl-C comes from
        command = ["setsid", "--ctty", "--wait", sys.executable, "-m", "selador_client", *arguments]
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "60", "LINES": "20"}
        self.process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment)
        os.close(terminal)
        self.text = ""
        self._decode = codecs.getincrementaldecoder("utf-8")().decode  # a read may end inside a character

    def type(self, keys: str) -> None:
        os.write(self._keyboard, keys.encode())

    def wait_for(self, text: str) -> str:
        """Wait until `text` is shown; return what was shown before it."""
        ends = time.monotonic() + STUCK_SECONDS
        while text not in self.text:
            assert time.monotonic() < ends, self.text
            if select.select([self._keyboard], [], [], 0.1)[0]:
                self.text += self._decode(os.read(self._keyboard, 65536))
        before, _, self.text = self.text.partition(text)
        return before

    def end(self) -> int:
        self.type("\x04")
        return self.process.wait(STUCK_SECONDS)

    def close(self) -> None:
        """Hang up, which ends whatever still runs."""
        os.close(self._keyboard)
        self.process.wait(STUCK_SECONDS)


@pytest.mark.usefixtures("interruptible")
def test_on_a_terminal_ctrl_c_stops_an_answer_without_a_stray_mark(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        if script.receive()["text"] == "long":
            script.send("started", attempt=1, seq=0)
            script.send("delta", attempt=1, seq=1, text="A long answer")
            script.wait_for_close()
        else:
            script.answer("Short.")
            script.wait_for_close()

    with closing(OnTerminal("chat", "--url", scripted(play))) as terminal:
        terminal.wait_for("› ")
        terminal.type("long\r")
        terminal.wait_for("A long answer")
        terminal.type("\x03")
        before = terminal.wait_for("(stopped)")
        terminal.wait_for("› ")
        terminal.type("short\r")
        terminal.wait_for("Short.")
        terminal.wait_for("› ")

        assert terminal.end() == 0
    assert "^C" not in before
