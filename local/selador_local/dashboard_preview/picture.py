"""Draws widgets with their data as an SVG picture. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import accumulate
from typing import NamedTuple

from selador_local.dashboard_preview.widgets import AlarmGrid, Graph, LogTable, Place, Widget

UNIT_WIDTH, UNIT_HEIGHT = 66, 46  # pixels of a dashboard's unit: 24 of them fill a screen of 1,600
_GAP = 6
_TITLE = 22
_LEGEND_COLUMNS = 3
_ALARM_COLUMNS = 7
_DOTS_SECONDS = 90 * 60  # up to here the dots of minutes don't touch each other
_STATE_COLORS = {"OK": "#e3f4e3", "ALARM": "#d62728", "INSUFFICIENT_DATA": "#eeeeee"}


class Box(NamedTuple):
    """A part of the picture, in pixels."""

    x: float
    y: float
    width: float
    height: float


type Points = Sequence[tuple[float, float]]
"""Times, in seconds since the epoch, and values; the oldest first."""


@dataclass(frozen=True)
class Data:
    """What the widgets show."""

    start: float
    end: float
    lines: Mapping[tuple[str, str], Points]
    """By the graph's title and the line's id."""
    states: Mapping[str, tuple[str, str]]
    """An alarm's key and state, by ARN."""
    rows: Mapping[str, Sequence[Mapping[str, str]]]
    """The rows of a table, by its title."""


def draw(title: str, widgets: Sequence[Widget], data: Data) -> str:
    """Return the picture as the text of an SVG file."""
    width = 24 * UNIT_WIDTH
    height = _TITLE + UNIT_HEIGHT * max(widget.place.y + widget.place.height for widget in widgets)
    parts = [part for widget in widgets for part in _widget(widget, data)]
    size = f'width="{width}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Helvetica, sans-serif" font-size="11">',
            f'<rect {size} fill="#f2f3f3"/>',
            _text(8, 16, f"{title}   {_time(data.start)} to {_time(data.end)} UTC", weight="bold"),
            *parts,
            "</svg>",
            "",
        ]
    )


def _widget(widget: Widget, data: Data) -> Iterator[str]:
    x, y, width, height = _pixels(widget.place)
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="white" stroke="#d5dbdb"/>'
    yield _text(x + 8, y + 15, widget.title, weight="bold")
    inner = Box(x + 8, y + _TITLE, width - 16, height - _TITLE - 6)
    match widget:
        case Graph():
            yield from _graph(widget, data, inner)
        case AlarmGrid():
            yield from _alarms(widget, data, inner)
        case LogTable():
            yield from _table(data.rows.get(widget.title, []), inner)


def _pixels(place: Place) -> Box:
    return Box(
        place.x * UNIT_WIDTH + _GAP // 2,
        _TITLE + place.y * UNIT_HEIGHT + _GAP // 2,
        place.width * UNIT_WIDTH - _GAP,
        place.height * UNIT_HEIGHT - _GAP,
    )


def _graph(graph: Graph, data: Data, box: Box) -> Iterator[str]:
    lines = {line.id: data.lines.get((graph.title, line.id), ()) for line in graph.lines}
    least, most = scale(
        [value for points in lines.values() for _, value in points],
        objective=graph.objective,
        least=graph.least,
        most=graph.most,
    )
    left, right, top, bottom = box.x + 40, box.x + box.width, box.y + 4, box.y + box.height - 42

    def at(time: float, value: float) -> tuple[float, float]:
        across = (time - data.start) / (data.end - data.start)
        up = (value - least) / (most - least)
        return round(left + across * (right - left), 1), round(bottom - up * (bottom - top), 1)

    for value in (least, (least + most) / 2, most):
        _, level = at(data.start, value)
        yield f'<line x1="{left}" x2="{right}" y1="{level}" y2="{level}" stroke="#e9ebed"/>'
        yield _text(left - 4, level + 4, _number(value), anchor="end", fill="#687078")
    for anchor, time, place in (("start", data.start, left), ("end", data.end, right)):
        yield _text(place, bottom + 13, _time(time), anchor=anchor, fill="#687078")
    if graph.objective is not None:
        _, level = at(data.start, graph.objective)
        yield f'<line x1="{left}" x2="{right}" y1="{level}" y2="{level}" stroke="#d62728" stroke-dasharray="4 3"/>'
    for line in graph.lines:
        yield from _line(
            [at(time, value) for time, value in lines[line.id]],
            line.color,
            2 if data.end - data.start <= _DOTS_SECONDS else 1,
        )
    yield from _legend(graph, lines, left - 36, bottom + 26, box.width)


def _line(points: Sequence[tuple[float, float]], color: str, radius: int) -> Iterator[str]:
    """Yield a line through the points, and a dot for each: a lone minute would be invisible otherwise."""
    if len(points) > 1:
        path = " ".join(f"{across},{up}" for across, up in points)
        yield f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5"/>'
    for across, up in points:
        yield f'<circle cx="{across}" cy="{up}" r="{radius}" fill="{color}"/>'


def _legend(graph: Graph, lines: Mapping[str, Points], x: float, y: float, width: float) -> Iterator[str]:
    """Yield the lines' names and latest values, in one row or in two."""
    columns = min(len(graph.lines), _LEGEND_COLUMNS)
    share = width / columns
    for number, line in enumerate(graph.lines):
        points = lines[line.id]
        latest = _number(points[-1][1]) if points else "–"
        across, down = x + number % columns * share, y + number // columns * 13
        yield f'<rect x="{across:.1f}" y="{down - 8}" width="9" height="9" fill="{line.color}"/>'
        yield _text(across + 13, down, _short(f"{line.label}: {latest}", share - 14))


def _alarms(grid: AlarmGrid, data: Data, box: Box) -> Iterator[str]:
    columns = _ALARM_COLUMNS
    rows = math.ceil(len(grid.arns) / columns) or 1
    cell_width, cell_height = box.width / columns, box.height / rows
    for number, arn in enumerate(grid.arns):
        name, state = data.states.get(arn, (arn.rpartition(":")[2], "INSUFFICIENT_DATA"))
        left = round(box.x + number % columns * cell_width, 1)
        top = round(box.y + number // columns * cell_height, 1)
        yield (
            f'<rect x="{left}" y="{top}" width="{cell_width - 4:.1f}" height="{cell_height - 3:.1f}" '
            f'fill="{_STATE_COLORS[state]}"/>'
        )
        ink = "white" if state == "ALARM" else "#16191f"
        yield _text(left + 5, top + cell_height / 2 + 3, _short(name, cell_width - 14), fill=ink)


def _table(rows: Sequence[Mapping[str, str]], box: Box) -> Iterator[str]:
    if not rows:
        yield _text(box.x, box.y + 16, "none", fill="#687078")
        return
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != "@ptr"]
    cells = [names, *([_cell(name, row.get(name, "")) for name in names] for row in rows)]
    # Each column gets its share by its longest cell: a request's id is of use only as a whole.
    lengths = [max(map(len, column)) + 2 for column in zip(*cells, strict=True)]
    shares = [box.width * length / sum(lengths) for length in lengths]
    for number, row_cells in enumerate(cells):
        top = box.y + 14 + 20 * number
        if top > box.y + box.height:
            return
        for left, share, cell in zip(accumulate(shares, initial=box.x), shares, row_cells, strict=False):
            yield _text(left, top, _short(cell, share - 6), weight="bold" if number == 0 else "normal")


def _cell(name: str, value: str) -> str:
    """Return what a cell shows: of a time, such as `2026-11-26 12:50:01.000`, only the time of day."""
    return value[11:19] if name == "@timestamp" else value


def scale(
    values: Iterable[float], *, objective: float | None, least: float | None, most: float | None
) -> tuple[float, float]:
    """Return where an axis begins and ends, so that all values and the objective lie on it."""
    found = [*values, *([objective] if objective is not None else [])] or [0.0]
    low = min(found) if least is None else least
    high = max(found) if most is None else most
    if low == high:
        return low, low + 1
    room = 0.08 * (high - low)
    return (low if least is not None else low - room), (high if most is not None else high + room)


def _number(value: float) -> str:
    if abs(value) >= 10_000:
        return f"{value / 1000:,.0f}k"
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.3g}"


def _time(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%H:%M}"


def _short(text: str, width: float) -> str:
    most = max(int(width / 6.2), 4)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", fill: str = "#16191f", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )
