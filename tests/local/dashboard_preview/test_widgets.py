import json
from typing import Any

import pytest

from selador_local.dashboard_preview.widgets import (
    AlarmGrid,
    Graph,
    GraphLine,
    LogTable,
    Place,
    UnknownWidgetError,
    Widget,
    read,
)


def widget(kind: str, **properties: Any) -> Widget:
    (found,) = read(
        json.dumps({"widgets": [{"type": kind, "x": 6, "y": 4, "width": 8, "height": 3, "properties": properties}]})
    )
    return found


def graph(**more: Any) -> Graph:
    found = widget(
        "metric",
        **{
            "title": "Ends",
            "period": 60,
            "metrics": [
                [{"expression": "SUM([failed])", "label": "failed", "color": "#d62728", "id": "line0"}],
                ["Selador", "Failed", "FunctionName", "main", {"id": "failed", "stat": "Sum", "visible": False}],
            ],
            "yAxis": {"left": {"min": 0}},
        }
        | more,
    )
    assert isinstance(found, Graph)
    return found


def test_a_graph_asks_for_its_expressions_and_for_the_metrics_that_they_name() -> None:
    found = graph()

    assert found.place == Place(6, 4, 8, 3)
    assert found.lines == [GraphLine("line0", "failed", "#d62728")]
    metric = {
        "Namespace": "Selador",
        "MetricName": "Failed",
        "Dimensions": [{"Name": "FunctionName", "Value": "main"}],
    }
    assert found.queries == [
        {"Id": "line0", "ReturnData": True, "Expression": "SUM([failed])", "Label": "failed"},
        {"Id": "failed", "ReturnData": False, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
    ]


def test_a_graph_may_have_an_objective() -> None:
    assert graph(annotations={"horizontal": []}).objective is None
    assert graph(annotations={"horizontal": [{"value": 99.5}]}).objective == 99.5


def test_an_axis_may_begin_or_end_somewhere() -> None:
    assert (graph().least, graph().most) == (0, None)
    assert (graph(yAxis={"left": {"max": 100}}).least, graph(yAxis={"left": {"max": 100}}).most) == (None, 100)


def test_alarms_are_their_arns() -> None:
    assert widget("alarm", title="Alarms", alarms=["arn:a", "arn:b"]) == AlarmGrid(
        Place(6, 4, 8, 3), "Alarms", ["arn:a", "arn:b"]
    )


def test_a_query_names_its_log_groups_first() -> None:
    found = widget("log", title="Slow", query="SOURCE '/a' | SOURCE '/b' | fields @timestamp | limit 8")

    assert found == LogTable(Place(6, 4, 8, 3), "Slow", ["/a", "/b"], "fields @timestamp | limit 8")


def test_an_unknown_widget_is_refused_by_name() -> None:
    with pytest.raises(UnknownWidgetError, match="of the type text; the preview draws metric, alarm and log"):
        widget("text", markdown="# Hello")
