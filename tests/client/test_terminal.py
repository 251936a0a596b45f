"""What answers look like: in a pipe, where a reader wants the answer alone, and on a terminal of 40 columns."""

import asyncio
import io
import os
import pty
import re
import socket
import termios
import time
from collections.abc import Mapping
from typing import TextIO

import pytest

from selador_client.client import Client
from selador_client.errors import NoUrlError, SeladorClientError
from selador_client.style import without_styles
from selador_client.terminal import Terminal

from ..conftest import STUCK_SECONDS
from .conftest import Play, Script, Scripted


class Output(io.StringIO):
    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def shown(
    url: str, *, terminal: bool = False, environment: Mapping[str, str] | None = None, output: Output | None = None
) -> str:
    output = output or Output(terminal=terminal)

    async def show() -> None:
        async with Client(url) as client:
            printer = Terminal(output, environment or {}, lambda: os.terminal_size((41, 24)))
            await printer.show(client.query("How long?"), client, [])

    asyncio.run(show())
    return output.getvalue()


def last_drawing(text: str) -> str:
    """Return what stays on a terminal if every drawing begins at the first line, as those of these tests do."""
    return without_styles(re.split(r"\x1b\[J", text)[-1])


def attempt(*frames: tuple[str, dict[str, object]], number: int = 1) -> Play:
    def play(script: Script) -> None:
        script.receive()
        for seq, (kind, members) in enumerate(frames):
            script.send(kind, attempt=number, seq=seq, **members)
        script.wait_for_close()

    return play


def delta(text: str) -> tuple[str, dict[str, object]]:
    return "delta", {"text": text}


def cite(start: int, end: int, text: str = "Notice.", **members: object) -> tuple[str, dict[str, object]]:
    return "citation", {"text": text, "span": {"start": start, "end": end}, "source": "s3://d/notice.md", **members}


COMPLETED: tuple[str, dict[str, object]] = ("completed", {})


def test_a_pipe_gets_the_answer_and_its_sources_and_no_styles(scripted: Scripted) -> None:
    text = shown(scripted(attempt(delta("Three "), delta("months."), cite(6, 11), COMPLETED)))

    assert text == "Three months [1].\n\n[1] s3://d/notice.md\n    Notice.\n"


def test_keys_are_not_echoed_while_an_answer_comes(scripted: Scripted) -> None:
    other_end, terminal = pty.openpty()
    seen = []

    def echoes() -> bool:
        return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)

    def play(script: Script) -> None:
        script.receive()
        seen.append(echoes())
        script.answer("Yes.")
        script.wait_for_close()

    async def show(keyboard: TextIO) -> None:
        async with Client(scripted(play)) as client:
            await Terminal(io.StringIO(), {}, keyboard=keyboard).show(client.query("Dogs?"), client, [])

    with os.fdopen(terminal) as keyboard, os.fdopen(other_end):
        before = echoes()
        asyncio.run(show(keyboard))

        assert (before, seen, echoes()) == (True, [False], True)


def test_a_pipe_gets_long_lines_whole(scripted: Scripted) -> None:
    assert shown(scripted(attempt(delta("word " * 100 + "end"), COMPLETED))) == "word " * 100 + "end\n"


def test_a_pipe_gets_the_last_attempt_alone(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.send("started", attempt=1, seq=0)
        script.send("delta", attempt=1, seq=1, text="Thr")
        script.send("citation", attempt=1, seq=2, text="Old.", source="s3://d/old.md")
        script.answer("Three months.", attempt=2)
        script.wait_for_close()

    assert shown(scripted(play)) == "Three months.\n"


def test_a_terminal_wraps_words_at_its_width(scripted: Scripted) -> None:
    text = last_drawing(shown(scripted(attempt(delta("word " * 20 + "end"), COMPLETED)), terminal=True))

    assert [len(line) for line in text.splitlines()] == [39, 39, 23]


def test_a_mark_stays_on_the_line_of_its_part(scripted: Scripted) -> None:
    answer = "These words fill a whole line of forty."
    text = last_drawing(shown(scripted(attempt(delta(answer), cite(0, len(answer) - 1), COMPLETED)), terminal=True))

    assert text.splitlines()[:2] == ["These words fill a whole line of", "forty.\u00a0[1]"]


def test_weights_are_for_terminals_where_no_color_is_not_set(scripted: Scripted) -> None:
    url = scripted(attempt(delta("Three months."), cite(6, 11), COMPLETED))

    assert "\x1b[2m    Notice.\x1b[0m" in shown(url, terminal=True)
    assert "\x1b[2m" not in shown(url, terminal=True, environment={"NO_COLOR": "1"})
    assert "\x1b" not in shown(url)


def test_a_waiting_line_stands_where_nothing_comes(scripted: Scripted) -> None:
    def play(script: Script) -> None:
        script.receive()
        script.accept()
        for _ in range(100 * STUCK_SECONDS):
            if "queued" in output.getvalue():
                break
            time.sleep(0.01)
        script.answer("Three months.")
        script.wait_for_close()

    output = Output(terminal=True)
    text = shown(scripted(play), output=output)

    assert re.search(r"queued, until a worker is free · \d+ s", text)
    assert last_drawing(text) == "Three months.\n"


def test_an_answer_of_200_kb_is_shown_whole(scripted: Scripted) -> None:
    parts = [delta("word " * 4_000)] * 10
    text = last_drawing(shown(scripted(attempt(*parts, delta("end"), COMPLETED)), terminal=True))

    assert text.endswith("end\n")
    assert max(map(len, text.splitlines())) <= 40


def test_a_long_passage_is_cut_to_a_line(scripted: Scripted) -> None:
    text = shown(scripted(attempt(delta("Yes."), cite(0, 2, text="word\n" * 100), COMPLETED)))

    assert text.endswith("word word…\n")
    assert max(map(len, text.splitlines())) <= 80


def test_the_steps_of_a_workflow_stand_before_its_text(scripted: Scripted) -> None:
    step = {"name": "facts", "index": 0, "count": 2}
    text = shown(
        scripted(
            attempt(
                ("step", {**step, "status": "started"}),
                ("step", {**step, "status": "completed"}),
                delta("Old."),
                COMPLETED,
            )
        )
    )

    assert text == "✓ facts (1 of 2)\n\nOld.\n"


def test_an_answer_that_is_not_whole_says_so(scripted: Scripted) -> None:
    text = shown(scripted(attempt(delta("Three"), ("completed", {"truncated": True}))))

    assert text == "Three\n\n(this isn't the whole answer: the model has reached its limit of tokens)\n"


def test_a_stop_that_nothing_came_of_is_a_remark_alone(scripted: Scripted) -> None:
    assert shown(scripted(attempt(("completed", {"stopReason": "cancelled", "truncated": True})))) == (
        "(stopped: this isn't the whole answer)\n\n(the answer is empty)\n"
    )


def test_half_an_answer_stays_beside_its_error(scripted: Scripted) -> None:
    error = {"code": "internal", "message": "it broke", "retryable": False}

    with pytest.raises(SeladorClientError, match="it broke"):
        shown(scripted(attempt(delta("Three"), ("error", error))))


def test_an_answer_can_not_command_the_terminal(scripted: Scripted) -> None:
    url = scripted(attempt(delta("a\x1b]0;title\x07b\r\x9b2J\n58 m²"), COMPLETED))

    assert shown(url) == "a]0;titleb2J\n58 m²\n"


def test_garbage_tears_no_drawing_and_is_told_after_the_answer(
    scripted: Scripted, capfd: pytest.CaptureFixture[str]
) -> None:
    def play(script: Script) -> None:
        script.receive()
        for text in ("no JSON", "{}"):
            script.connection.send(text)
        script.answer("Fine.")

    screen = shown(scripted(play), terminal=True)

    assert screen.partition("Fine.")[2].startswith("\n\x1b[2m(2 messages made no sense; the last: ")
    assert capfd.readouterr().err == ""


def test_what_is_typed_at_the_prompt_has_a_questions_weight() -> None:
    assert Terminal(Output(terminal=True), {}).prompt == "\x01\x1b[1m\x02› "
    assert Terminal(Output(terminal=True), {"NO_COLOR": "1"}).prompt == "› "


def test_a_fault_is_one_line_in_a_pipe() -> None:
    output = Output()

    Terminal(output, {}).complain(NoUrlError("no stack is\x1b[2J running"))

    assert output.getvalue() == "error: no stack is[2J running\n"


def test_a_fault_wraps_on_a_terminal() -> None:
    output = Output(terminal=True)

    Terminal(output, {}, lambda: os.terminal_size((21, 24))).complain(NoUrlError("no stack is running here"))

    assert output.getvalue() == "\x1b[31merror: no stack is\x1b[0m\nrunning here\n"


def test_a_line_tells_of_a_connection_that_is_slow_to_open_and_goes_with_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        output = Output(terminal=True)
        printer = Terminal(output, {}, lambda: os.terminal_size((41, 24)))

        async def connect() -> None:
            connecting = asyncio.create_task(printer.connect(Client(f"ws://127.0.0.1:{silent.getsockname()[1]}/")))
            while "connecting · 0 s" not in output.getvalue():
                await asyncio.sleep(0.01)
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)

        asyncio.run(connect())

    assert last_drawing(output.getvalue()) == ""
