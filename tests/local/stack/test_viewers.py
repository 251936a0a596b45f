"""Lines for a log, a screen for a terminal."""

import io
import os
import termios
from collections.abc import Iterator
from dataclasses import replace

import pytest

from selador_local.stack.output import Output
from selador_local.stack.state import SeenAlarm, StackState
from selador_local.stack.viewers import LineViewer, ScreenViewer

from .states import ANSWERED, BURIED, BUSY, QUIET, STARTED_AT, WAITING


def lines(*states: StackState) -> list[str]:
    """Show the states; return the lines without their times."""
    output = io.StringIO()
    viewer = LineViewer(Output(output, {}))
    for state in states:
        viewer.show(state)
    return [line.partition("  ")[2] for line in output.getvalue().splitlines()]


def test_each_request_is_a_line_once_it_has_ended() -> None:
    assert lines(QUIET, replace(QUIET, requests=(WAITING, ANSWERED)), replace(QUIET, requests=(BURIED, ANSWERED))) == [
        "request r-1: completed (3.0 s, attempt 1, 2 frames)",
        "request r-3: error attempts_exhausted (1.0 s, attempt 3, 1 frames)",
    ]


def test_an_alarm_is_a_line_when_it_changes() -> None:
    rings = replace(QUIET, alarms=(SeenAlarm("a", "ALARM", "too many", STARTED_AT),))
    calm = replace(QUIET, alarms=(SeenAlarm("a", "OK", "few", STARTED_AT),))

    assert lines(calm, calm, rings, replace(rings, alarms=None), rings, calm) == [
        "alarm a: ALARM (too many)",
        "alarm a: OK (few)",
    ]


def test_an_alarm_that_has_its_first_data_is_no_line() -> None:
    """Else a new stack would write one for each of its alarms."""
    new = replace(QUIET, alarms=())
    unknown, calm, rings = (
        replace(QUIET, alarms=(SeenAlarm("a", state, "so it is", STARTED_AT),))
        for state in ("INSUFFICIENT_DATA", "OK", "ALARM")
    )

    assert lines(unknown, calm, unknown, rings) == ["alarm a: ALARM (so it is)"]
    assert lines(new, calm) == []
    assert lines(new, rings, unknown) == ["alarm a: ALARM (so it is)", "alarm a: INSUFFICIENT_DATA (so it is)"]


@pytest.fixture
def terminal() -> Iterator[tuple[int, Output]]:
    """A terminal's other end, and an output to it."""
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (20, 70))
    with os.fdopen(slave, "w") as stream:
        yield master, Output(stream, {})
    os.close(master)


def read_until(master: int, end: str) -> str:
    """Return what the terminal gets up to `end`."""
    got = b""
    while not got.endswith(end.encode()):
        got += os.read(master, 2**16)
    return got.decode()


def test_a_terminal_shows_one_screen_and_gets_its_own_back_with_what_was_told_meanwhile(
    terminal: tuple[int, Output],
) -> None:
    master, output = terminal

    viewer = ScreenViewer(output)
    viewer.show(QUIET)
    output.tell("main: it failed")
    viewer.show(BUSY)
    output.write("|")
    shown = read_until(master, "|")
    output.leave_screen()
    output.leave_screen()
    output.write("|")

    assert shown.count("\x1b[?1049h") == 1
    assert shown.count("Selador on this machine") == 2
    assert "it failed" not in shown
    assert read_until(master, "|") == "\x1b[?25h\x1b[?1049lmain: it failed\r\n|"
