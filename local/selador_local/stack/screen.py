"""The stack's state as the lines of one screen. Pure: it neither looks at a clock nor writes."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from selador_local.data_plane.journal import RequestLife
from selador_local.stack import failures, page
from selador_local.stack.output import Colour
from selador_local.stack.state import SeenAlarm, StackState

type Paint = Callable[[str, Colour], str]

_SHOWN_ALARMS = 6
_WIDE = 97  # columns that leave room for a whole id of 32 characters
_INDENT = "  "


def screen(state: StackState, size: os.terminal_size, paint: Paint, zone: tzinfo | None = None) -> list[str]:
    """Return exactly `size.lines` lines, none wider than `size.columns`. Times are shown in `zone`, or as here."""
    width = size.columns
    head = [
        _apart("Selador on this machine", f"up {_duration(state.at - state.started_at)}", width),
        "",
        paint(_cut(f"{_INDENT}{state.url}", width), Colour.BOLD),
        "",
        _counts(state, width, paint),
    ]
    alarms = _alarms(state.alarms or (), width, paint)
    foot = ["", *(paint(_cut(line, width), Colour.DIM) for line in _foot(state))]
    room = max(size.lines - len(head) - len(alarms) - len(foot), 0)
    failed = _failures(state, width, paint)[: max(room // 2, 0)]
    requests = _requests(state.requests, room - len(failed), width, paint, zone)
    body = [*head, *alarms, *failed, *requests]
    body = body[: max(size.lines - len(foot), 0)]
    return [*body, *[""] * (size.lines - len(foot) - len(body)), *foot][: size.lines]


def _counts(state: StackState, width: int, paint: Paint) -> str:
    counted: dict[str, int | None] = {"connections": len(state.connections), **state.counts()}
    parts = [
        (f"{name} {'?' if count is None else count}", name == "dead letters" and bool(count))
        for name, count in counted.items()
    ]
    if state.alarms is None:
        parts.append(("alarms ?", False))
    else:
        ringing = sum(alarm.state == "ALARM" for alarm in state.alarms)
        parts.append((f"alarms {ringing} of {len(state.alarms)}", ringing > 0))
    line = _cut(_INDENT + "   ".join(text for text, _ in parts), width)
    for text, is_bad in parts:
        if is_bad:
            line = line.replace(text, paint(text, Colour.RED))
    return line


def _alarms(alarms: Sequence[SeenAlarm], width: int, paint: Paint) -> list[str]:
    ringing = sorted((alarm for alarm in alarms if alarm.state == "ALARM"), key=lambda alarm: alarm.since)
    lines = [_cut(f"{_INDENT}ALARM  {alarm.name}: {alarm.reason}", width) for alarm in ringing[:_SHOWN_ALARMS]]
    if len(ringing) > _SHOWN_ALARMS:
        lines.append(f"{_INDENT}and {len(ringing) - _SHOWN_ALARMS} more in ALARM")
    return ["", *(paint(line, Colour.RED) for line in lines)] if lines else []


def _failures(state: StackState, width: int, paint: Paint) -> list[str]:
    lines = [line for failure in state.failures for line in failures.lines(failure)]
    return ["", *(paint(_cut(_INDENT + line, width), Colour.RED) for line in lines)] if lines else []


def _requests(requests: Sequence[RequestLife], room: int, width: int, paint: Paint, zone: tzinfo | None) -> list[str]:
    if not requests:
        return ["", _cut(f"{_INDENT}no request yet", width)][:room]
    ids = 34 if width >= _WIDE else 14
    heading = f"{_INDENT}{'received':10}{'request':{ids}}{'state':26}{'time':>8}{'attempt':>9}{'frames':>8}"
    lines = ["", paint(_cut(heading, width), Colour.DIM)]
    for life in requests[: max(room - len(lines), 0)]:
        began = datetime.fromtimestamp(life.began_at, zone)
        seconds = f"{life.last_at - life.began_at:.1f} s"
        row = (
            f"{_INDENT}{began:%H:%M:%S}  {_cut(life.request_id, ids - 2):{ids}}{_cut(life.state, 25):26}"
            f"{seconds:>8}{life.attempt or '':>9}{life.frames or '':>8}"
        )
        lines.append(_painted_row(_cut(row, width), life.state, paint))
    return lines[:room]


def _painted_row(row: str, state: str, paint: Paint) -> str:
    if state == "completed":
        return row
    return paint(row, Colour.YELLOW if state in {"received", "waiting", "under way"} else Colour.RED)


def _foot(state: StackState) -> list[str]:
    address = page.address(state.url)
    return [
        f"{_INDENT}ask at {address} in a browser, or by make chat   Ctrl-C stops everything",
        f"{_INDENT}the same as JSON: {address}_control/state",
    ]


def _apart(left: str, right: str, width: int) -> str:
    return _cut(f"{left}{' ' * max(width - len(left) - len(right), 2)}{right}", width)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _cut(text: str, width: int) -> str:
    """Return at most `width` characters of a text, on one line and without any that could command the terminal."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= width else plain[: max(width - 1, 0)] + "…"
