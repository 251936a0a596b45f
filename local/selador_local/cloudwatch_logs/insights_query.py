"""Queries of Logs Insights over log events (CW-43): fields, display, filter, sort, limit, and stats with few functions.

Any other command or function is refused by name. Pure.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from selador_local.cloudwatch_logs.event_store import LogEvent
from selador_local.cloudwatch_logs.insights_expressions import (
    Condition,
    MalformedQueryError,
    Record,
    Tokens,
    condition,
)

MAX_RESULTS = 10_000  # a query returns no more (CW-43)

_COMMAND_END = re.compile(r"""\|(?=(?:[^"'/`]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|/(?:[^/\\]|\\.)+/|`[^`]*`)*$)""")
_BIN_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_BIN = re.compile(r"bin\(\s*(\d+)\s*([smhd])[a-z]*\s*\)", re.IGNORECASE)
_TIMES = {"@timestamp", "@ingestionTime"}

type Row = dict[str, str]
"""A result: the texts of its columns, in their order."""


@dataclass
class _Query:
    conditions: list[Condition] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    """The field of each column."""
    display: dict[str, str] = field(default_factory=dict)
    order: list[tuple[str, bool]] = field(default_factory=list)
    """Fields, and whether they go downwards."""
    limit: int = MAX_RESULTS
    stats: "_Stats | None" = None


def run(query: str, events: Iterable[tuple[LogEvent, str]], limit: int = MAX_RESULTS) -> list[Row]:
    """Return the query's results over events, each with the name of its log group. Raises MalformedQueryError."""
    parsed = _parsed(query)
    records = (_with_aliases(_record(event, log_group), parsed.columns) for event, log_group in events)
    found: Sequence[Record] = [record for record in records if all(holds(record) for holds in parsed.conditions)]
    if parsed.stats is not None:
        found = list(parsed.stats.of(found))
        columns = {name: name for name in parsed.stats.columns()}
    else:
        displayed = {column: parsed.columns.get(name, name) for column, name in parsed.display.items()}
        columns = displayed or parsed.columns or {name: name for name in ("@timestamp", "@message")}
    # Without `sort`, the newest come first.
    for name, downwards in reversed(parsed.order or ([] if parsed.stats else [("@timestamp", True)])):
        found = sorted(found, key=lambda record: _sort_key(record, name), reverse=downwards)
    kept = found[: min(parsed.limit, limit)]
    return [_row(record, columns, with_pointer=parsed.stats is None) for record in kept]


def _parsed(text: str) -> _Query:
    query = _Query()
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for command in _COMMAND_END.split("\n".join(lines)):
        word, _, rest = command.strip().partition(" ")
        match word.lower():
            case "":
                pass
            case "fields":
                query.columns |= _columns(rest)
            case "display":
                query.display = _columns(rest)
            case "filter":
                tokens = Tokens(rest)
                query.conditions.append(condition(tokens))
                tokens.end()
            case "sort":
                query.order = list(_order(rest))
            case "limit":
                tokens = Tokens(rest)
                query.limit = int(tokens.take("number").text)
                tokens.end()
            case "stats":
                query.stats = _stats(rest)
            case _:
                raise MalformedQueryError(
                    f"the command {word} doesn't run here; fields, display, filter, sort, limit and stats do"
                )
    return query


def _columns(text: str) -> dict[str, str]:
    tokens = Tokens(text)
    columns = {}
    while True:
        name = tokens.take("name").text
        if tokens.take_if("("):
            raise MalformedQueryError(f"the function {name} doesn't run here; name fields only")
        columns[tokens.take("name").text if tokens.take_if("as") else name] = name
        if not tokens.take_if(","):
            tokens.end()
            return columns


def _order(text: str) -> Iterator[tuple[str, bool]]:
    tokens = Tokens(text)
    while True:
        name = tokens.take("name").text
        downwards = tokens.take_if("desc")
        if not downwards:
            tokens.take_if("asc")
        yield name, downwards
        if not tokens.take_if(","):
            tokens.end()
            return


_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "avg": fmean,
    "count": len,
    "max": max,
    "min": min,
    "sum": sum,
}


@dataclass(frozen=True)
class _Stats:
    """The command `stats`: aggregates by column, for each combination of values of `groups`."""

    aggregates: Mapping[str, tuple[str, str]]
    """The function and its field, `*` for none."""
    groups: Mapping[str, str | int]
    """The field of each column, or the seconds of its bins."""

    def columns(self) -> list[str]:
        return [*self.groups, *self.aggregates]

    def of(self, records: Iterable[Record]) -> Iterator[Record]:
        members: dict[tuple[str, ...], list[Record]] = {}
        for record in records:
            members.setdefault(tuple(_group(record, by) for by in self.groups.values()), []).append(record)
        for key, some in members.items():
            row: dict[str, str | float] = dict(zip(self.groups, key, strict=True))
            for column, (function, name) in self.aggregates.items():
                values = [1.0] * len(some) if name == "*" else _values(function, name, some)
                if values or function == "count":
                    row[column] = float(_AGGREGATES[function](values))
            yield row


def _stats(text: str) -> _Stats:
    aggregates, _, by = text.partition(" by ")
    groups: dict[str, str | int] = {}
    for part in filter(None, (part.strip() for part in by.split(","))):
        bins = _BIN.fullmatch(part)
        groups[part] = int(bins[1]) * _BIN_SECONDS[bins[2].lower()] if bins else Tokens(part).take("name").text
    found = {}
    tokens = Tokens(aggregates)
    while True:
        function = tokens.take("name").text
        if function not in _AGGREGATES:
            raise MalformedQueryError(f"the function {function} doesn't run here; {', '.join(_AGGREGATES)} do")
        tokens.expect("(")
        name = "*" if tokens.take_if("*") else tokens.take("name").text
        tokens.expect(")")
        column = tokens.take("name").text if tokens.take_if("as") else f"{function}({name})"
        found[column] = (function, name)
        if not tokens.take_if(","):
            tokens.end()
            return _Stats(found, groups)


def _values(function: str, name: str, records: Iterable[Record]) -> list[float]:
    found = [record[name] for record in records if name in record]
    return [1.0] * len(found) if function == "count" else [float(value) for value in found if _is_number(value)]


def _group(record: Record, by: str | int) -> str:
    if isinstance(by, int):
        return _time(float(record["@timestamp"]) // (by * 1000) * by * 1000)
    return _text(by, record[by]) if by in record else ""


def _record(event: LogEvent, log_group: str) -> Record:
    facts: dict[str, str | float] = {
        "@timestamp": event.timestamp,
        "@ingestionTime": event.ingested_at,
        "@message": event.message,
        "@logStream": event.stream,
        "@log": log_group,
        "@ptr": str(event.number),
    }
    try:
        document = json.loads(event.message)
    except ValueError:
        return facts
    return facts | dict(_flat("", document)) if isinstance(document, dict) else facts


def _with_aliases(record: Record, columns: Mapping[str, str]) -> Record:
    """Return the record with the names that `fields … as …` gave: the commands after it may use them."""
    return {**record, **{alias: record[name] for alias, name in columns.items() if name in record}}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str | float]]:
    """Yield the fields of a JSON object, nested ones by their paths; nulls are no fields."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from _flat(f"{prefix}.{name}" if prefix else name, inner)
        case list():
            for index, inner in enumerate(value):
                yield from _flat(f"{prefix}.{index}", inner)
        case bool():
            yield prefix, int(value)
        case int() | float() | str():
            yield prefix, value


def _row(record: Record, columns: Mapping[str, str], *, with_pointer: bool) -> Row:
    row = {column: _text(name, record[name]) for column, name in columns.items() if name in record}
    return row | {"@ptr": str(record["@ptr"])} if with_pointer else row


def _text(name: str, value: str | float) -> str:
    if name in _TIMES:
        return _time(float(value))
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def _time(epoch_ms: float) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _sort_key(record: Record, name: str) -> tuple[int, float, str]:
    value = record.get(name)
    if value is None:
        return (0, 0, "")
    return (1, float(value), "") if _is_number(value) else (2, 0, str(value))


def _is_number(value: str | float) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
