import io
import json
from pathlib import Path

import pytest

from selador_client.cli import main

from .conftest import Script, Scripted


def answer_three_months(script: Script) -> None:
    script.receive()
    script.accept()
    script.answer("Three ", "months.")


def refuse(script: Script) -> None:
    script.receive()
    script.send("error", code="unavailable", message="the queue is away", retryable=True)


def test_a_completed_answer_is_printed_and_exits_0(scripted: Scripted, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", scripted(answer_three_months), "How", "long?"]) == 0

    assert capsys.readouterr() == ("Three months.\n", "")


def test_the_words_of_the_question_are_joined(scripted: Scripted) -> None:
    received = []

    def play(script: Script) -> None:
        received.append(script.receive()["text"])
        script.answer()

    main(["--url", scripted(play), "How", "long?"])

    assert received == ["How long?"]


def test_json_prints_every_frame_on_a_line(scripted: Scripted, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", scripted(answer_three_months), "--json", "How long?"]) == 0

    frames = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [frame["type"] for frame in frames] == ["accepted", "started", "delta", "delta", "completed"]
    assert frames[0]["deadlineSeconds"] == 60


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_error_exits_1(scripted: Scripted, options: list[str]) -> None:
    assert main(["--url", scripted(refuse), *options, "How long?"]) == 1


def test_an_error_is_printed_on_stderr(scripted: Scripted, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--url", scripted(refuse), "How long?"])

    assert capsys.readouterr().err == "error: unavailable: the queue is away\n"


def test_a_failed_connection_exits_1_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "ws://127.0.0.1:1/dev", "How long?"]) == 1

    assert capsys.readouterr().err.startswith("error: can't connect to ws://127.0.0.1:1/dev: ")


def test_without_a_stack_it_exits_1_and_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SELADOR_URL", raising=False)

    assert main(["How long?"]) == 1

    assert "no stack is running; start one with `make local`" in capsys.readouterr().err


def test_the_stack_of_the_project_is_asked_by_default(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "stack.json").write_text(json.dumps({"websocketUrl": scripted(answer_three_months)}))

    assert main(["How long?"]) == 0

    assert capsys.readouterr().out == "Three months.\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--url", "https://example.com", "a"], "'https://example.com' isn't a WebSocket URL"),
        (["--json"], "--json needs a QUESTION"),
        (["--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_wrong_usage_exits_2(capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_questions_can_be_piped_in(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def play(script: Script) -> None:
        for number in (1, 2):
            script.receive()
            script.answer(f"Answer {number}.")

    monkeypatch.setattr("sys.stdin", io.StringIO("first\nsecond\n"))

    assert main(["--url", scripted(play)]) == 0

    assert [line for line in capsys.readouterr().out.splitlines() if line] == ["Answer 1.", "Answer 2."]
