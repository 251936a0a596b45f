"""The screen, drawn to text."""

import os
import re
from dataclasses import replace
from datetime import UTC

import pytest

from selador_local.stack.output import Colour
from selador_local.stack.screen import screen
from selador_local.stack.state import SeenAlarm, StackState

from .states import BUSY, QUIET, STARTED_AT, WAITING, request


def drawn(state: StackState, columns: int = 90, lines: int = 24) -> str:
    """Return the screen without colour and without spaces at the ends of its lines."""
    shown = screen(state, os.terminal_size((columns, lines)), lambda text, _: text, UTC)
    assert len(shown) == lines
    assert max(len(line) for line in shown) <= columns
    return "\n".join(line.rstrip() for line in shown)


def test_a_quiet_stack() -> None:
    assert (
        drawn(QUIET, lines=12)
        == """\
Selador on this machine                                                     up 3 min 12 s

  ws://127.0.0.1:8787/abc123/local

  connections 0   waiting 0   in flight 0   dead letters 0   alarms 0 of 2

  no request yet



  ask at http://127.0.0.1:8787/ in a browser, or by make chat   Ctrl-C stops everything
  the same as JSON: http://127.0.0.1:8787/_control/state""".replace("     up", "      up")
    )


def test_a_busy_stack() -> None:
    assert (
        drawn(BUSY, lines=21)
        == """\
Selador on this machine                                                      up 3 min 12 s

  ws://127.0.0.1:8787/abc123/local

  connections 0   waiting 4   in flight 2   dead letters 1   alarms 1 of 3

  ALARM  main-dead-letters: Threshold Crossed: 1 datapoint

  ✗ request r-3 is in the dead-letter queue
  ✗ main: KeyError: x (3 times)
    look at functions/main/x.py, line 7, .local/logs/main.log

  received  request       state                         time  attempt  frames
  08:00:30  r-3           error attempts_exhausted     1.0 s        3       1
  08:00:20  r-2           waiting                      0.0 s
  08:00:10  r-1           completed                    3.0 s        1       2



  ask at http://127.0.0.1:8787/ in a browser, or by make chat   Ctrl-C stops everything
  the same as JSON: http://127.0.0.1:8787/_control/state"""
    )


def test_bad_news_is_red_and_what_goes_on_is_yellow() -> None:
    painted: list[tuple[Colour, str]] = []

    def paint(text: str, colour: Colour) -> str:
        painted.append((colour, text.strip()))
        return text

    screen(BUSY, os.terminal_size((120, 24)), paint, UTC)

    red = [text for colour, text in painted if colour is Colour.RED]
    assert [text.split()[0] for text in red] == ["dead", "alarms", "ALARM", "✗", "✗", "look", "08:00:30"]
    assert [text.split()[1] for colour, text in painted if colour is Colour.YELLOW] == ["r-2"]


def test_what_the_control_plane_does_not_tell_is_unknown_and_not_zero() -> None:
    unknown = drawn(replace(QUIET, queues=None, alarms=None))

    assert "waiting ?   in flight ?   dead letters ?   alarms ?" in unknown


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (40, 10), (20, 5), (10, 1), (300, 100)])
def test_it_fits_any_terminal(columns: int, lines: int) -> None:
    many = replace(
        BUSY,
        requests=[WAITING] * 200,
        failures=list(BUSY.failures) * 50,
        alarms=[SeenAlarm(f"alarm-{number}", "ALARM", "because " * 50, STARTED_AT) for number in range(30)],
    )

    assert len(drawn(many, columns, lines).splitlines()) <= lines


def test_a_wide_terminal_shows_a_whole_id() -> None:
    life = request("0123456789abcdef0123456789abcdef", 1, ("queued", {}))

    assert life.request_id in drawn(replace(QUIET, requests=(life,)), 120)
    assert "0123456789a… " in drawn(replace(QUIET, requests=(life,)), 80)


def test_a_full_screen_keeps_room_for_requests() -> None:
    many = replace(BUSY, failures=list(BUSY.failures) * 50, requests=[WAITING] * 200)

    rows = re.findall(r"^  08:00:20  r-2 ", drawn(many), re.MULTILINE)

    assert len(rows) >= 5


def test_a_text_from_outside_cannot_command_the_terminal() -> None:
    evil = replace(QUIET, requests=(request("\x1b[2J\x07evil", 1, ("queued", {})),))

    assert "\x1b" not in drawn(evil)
    assert "[2J evil" in drawn(evil)
