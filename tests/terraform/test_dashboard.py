"""The dashboard as it would be deployed, with the data of the minutes that test_alarms.py lives through."""

from typing import Any

import pytest

from selador_local.cloudwatch.metric_data import MetricQueries, get_metric_data
from selador_local.dashboard_preview.picture import Data, Points, draw
from selador_local.dashboard_preview.widgets import AlarmGrid, Graph, LogTable, Widget, read

from .deployed_alarms import START, Definition, DeployedAlarms
from .test_alarms import REQUESTS, Minute, accept, answer, api, connect, dead, live

FAILING: Minute = {
    accept: {"Rejected": 2, "SendFailed": 1, "throttles": 1},
    answer: {
        "ends": {"Abandoned": 1, "Blocked": 1, "Completed": REQUESTS - 3, "Failed": 1},
        "AttemptFailed": 2,
        "BedrockThrottled": 1,
        "FailedPosts": 3,
    },
    api: {"ClientError": 1, "IntegrationError": 1},
    connect: {"ConnectionRefused": 1, "KeySetUnavailable": 1},
    dead: {"letters": 1},
}
"""A little of everything."""


@pytest.fixture(scope="module")
def widgets(planned_alarms: list[dict[str, Any]]) -> list[Widget]:
    (dashboard,) = (one for one in planned_alarms if one["type"] == "aws_cloudwatch_dashboard")
    return read(dashboard["change"]["after"]["dashboard_body"])


def of[T](widgets: list[Widget], kind: type[T]) -> list[T]:
    return [widget for widget in widgets if isinstance(widget, kind)]


def lines(widgets: list[Widget], alarms: DeployedAlarms) -> dict[tuple[str, str], Points]:
    return {
        (graph.title, result.id): list(series.points.items())
        for graph in of(widgets, Graph)
        for result in get_metric_data(MetricQueries.from_api(graph.queries), alarms.store.read, START, alarms.now)
        for series in result.series
    }


def test_every_line_has_data_while_a_little_of_everything_goes_on(
    widgets: list[Widget], definitions: dict[str, Definition]
) -> None:
    alarms = DeployedAlarms(definitions)
    live(alarms, 5, FAILING)

    drawn = lines(widgets, alarms)

    wanted = {(graph.title, line.id) for graph in of(widgets, Graph) for line in graph.lines}
    assert len(wanted) >= 25
    assert {line for line in wanted if not drawn.get(line)} == set()


def test_one_screen_shows_what_is_promised_then_the_way_of_a_request_then_what_failed(widgets: list[Widget]) -> None:
    graphs = of(widgets, Graph)

    assert max(widget.place.y + widget.place.height for widget in widgets) <= 20
    assert max(widget.place.x + widget.place.width for widget in widgets) == 24
    order = sorted(graphs, key=lambda graph: (graph.place.y, graph.place.x))
    assert [graph.title[0] for graph in order] == ["P", "P", "P", *"12345678"]
    assert [graph.objective for graph in order[:3]] == [99.5, 60, 30]
    assert all(table.place.y > order[-1].place.y for table in of(widgets, LogTable))


def test_every_alarm_that_somebody_hears_of_is_on_it(widgets: list[Widget], definitions: dict[str, Definition]) -> None:
    (grid,) = of(widgets, AlarmGrid)

    assert len(grid.arns) == sum("Runbook: " in definition["AlarmDescription"] for definition in definitions.values())


def test_it_can_be_drawn(widgets: list[Widget], definitions: dict[str, Definition]) -> None:
    alarms = DeployedAlarms(definitions)
    live(alarms, 10, FAILING)

    picture = draw("selador-test", widgets, Data(START, alarms.now, lines(widgets, alarms), {}, {}))

    assert picture.startswith("<svg ")
    assert all(graph.title in picture for graph in of(widgets, Graph))
    assert picture.count("<polyline ") == sum(len(graph.lines) for graph in of(widgets, Graph))
