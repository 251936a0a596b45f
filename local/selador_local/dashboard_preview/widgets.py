"""The widgets of a dashboard's body, as far as ours has them. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selador_local.errors import SeladorLocalError


class UnknownWidgetError(SeladorLocalError):
    """A widget that the preview can't draw."""


@dataclass(frozen=True)
class Place:
    """Where a widget lies, in the dashboard's units: 24 are as wide as the screen."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class GraphLine:
    """A visible line of a graph."""

    id: str
    label: str
    color: str


@dataclass(frozen=True)
class Graph:
    place: Place
    title: str
    lines: Sequence[GraphLine]
    queries: Sequence[Mapping[str, Any]]
    """What GetMetricData is asked, the invisible metrics of expressions included."""
    objective: float | None
    least: float | None
    """Where the axis begins; None if that follows from the values."""
    most: float | None


@dataclass(frozen=True)
class AlarmGrid:
    place: Place
    title: str
    arns: Sequence[str]


@dataclass(frozen=True)
class LogTable:
    place: Place
    title: str
    log_groups: Sequence[str]
    query: str


type Widget = Graph | AlarmGrid | LogTable


def read(body: str) -> list[Widget]:
    """Return the widgets of a dashboard's body. Raises UnknownWidgetError for a type that can't be drawn."""
    return [_widget(members) for members in json.loads(body)["widgets"]]


def _widget(members: Mapping[str, Any]) -> Widget:
    place = Place(members["x"], members["y"], members["width"], members["height"])
    properties = members["properties"]
    match members["type"]:
        case "metric":
            return _graph(place, properties)
        case "alarm":
            return AlarmGrid(place, properties["title"], properties["alarms"])
        case "log":
            *sources, query = properties["query"].split(" | ", maxsplit=properties["query"].count("SOURCE "))
            groups = [source.removeprefix("SOURCE ").strip("'") for source in sources]
            return LogTable(place, properties["title"], groups, query)
        case other:
            raise UnknownWidgetError(f"a widget is of the type {other}; the preview draws metric, alarm and log")


def _graph(place: Place, properties: Mapping[str, Any]) -> Graph:
    queries = [_query(row, properties["period"]) for row in properties["metrics"]]
    lines = [
        GraphLine(row[-1]["id"], row[-1]["label"], row[-1]["color"]) for row in properties["metrics"] if _visible(row)
    ]
    objectives = [line["value"] for line in properties.get("annotations", {}).get("horizontal", [])]
    axis = properties["yAxis"]["left"]
    return Graph(
        place,
        properties["title"],
        lines,
        queries,
        next(iter(objectives), None),
        axis.get("min"),
        axis.get("max"),
    )


def _visible(row: Sequence[Any]) -> bool:
    return bool(row[-1].get("visible", True))


def _query(row: Sequence[Any], period: int) -> dict[str, Any]:
    """Return a row of a graph as a query: an expression, or namespace, name and pairs of dimensions."""
    options = row[-1]
    query = {"Id": options["id"], "ReturnData": _visible(row)}
    if "expression" in options:
        return query | {"Expression": options["expression"], "Label": options["label"]}
    namespace, name, *pairs = row[:-1]
    dimensions = [{"Name": name, "Value": value} for name, value in _pairs(pairs)]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    return query | {"MetricStat": {"Metric": metric, "Period": period, "Stat": options["stat"]}}


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(words[::2], words[1::2], strict=True)
