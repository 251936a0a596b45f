from dataclasses import replace
from typing import Any

import pytest

from selador_local.dashboard_preview.picture import Data, draw, scale
from selador_local.dashboard_preview.widgets import AlarmGrid, Graph, GraphLine, LogTable, Place, Widget

PLACE = Place(0, 0, 12, 4)


NOTHING = Data(start=0, end=600, lines={}, states={}, rows={})


def drawn(widget: Widget, **data: Any) -> str:
    return draw("selador-test", [widget], replace(NOTHING, **data))


def graph(**more: Any) -> Graph:
    given = {"objective": None, "least": 0, "most": None} | more
    return Graph(PLACE, "Ends", [GraphLine("line0", "completed", "#2ca02c")], [], **given)


def test_a_line_goes_through_its_points_and_its_latest_value_is_in_the_legend() -> None:
    picture = drawn(graph(), lines={("Ends", "line0"): [(60, 1), (120, 2), (180, 3)]})

    (path,) = [line for line in picture.splitlines() if line.startswith("<polyline")]
    heights = [float(point.split(",")[1]) for point in path.split('"')[1].split()]
    assert heights == sorted(heights, reverse=True), "more is higher up"
    assert picture.count("<circle") == 3
    assert "completed: 3<" in picture


def test_a_line_without_data_says_so() -> None:
    picture = drawn(graph())

    assert "<polyline" not in picture
    assert "completed: –<" in picture


def test_an_objective_is_a_dashed_line() -> None:
    assert "stroke-dasharray" in drawn(graph(objective=60))
    assert "stroke-dasharray" not in drawn(graph())


def test_an_alarm_that_is_on_is_red() -> None:
    states = {"arn:a": ("work-stalls", "ALARM"), "arn:b": ("dead-letters", "OK")}

    picture = drawn(AlarmGrid(PLACE, "Alarms", ["arn:a", "arn:b"]), states=states)

    assert picture.count('fill="#d62728"') == 1
    assert ">work-stalls<" in picture
    assert ">dead-letters<" in picture


def test_a_table_has_a_head_and_the_time_of_day() -> None:
    rows = [{"@timestamp": "2026-11-26 12:50:01.000", "reason": "<script>", "@ptr": "p"}]

    picture = drawn(LogTable(PLACE, "Failures", [], ""), rows={"Failures": rows})

    assert ">@timestamp<" in picture
    assert ">12:50:01<" in picture
    assert "&lt;script&gt;" in picture
    assert "@ptr" not in picture


def test_a_request_id_is_whole_so_that_it_can_be_asked_for() -> None:
    request = "94a9a898994446b39ff738ae9e589580"
    facts = {"AttemptDuration": "4042", "TimeToFirstToken": "371.3", "QueueWait": "278", "outcome": "Completed"}
    rows = [{"@timestamp": "2026-11-26 16:05:58.000", "requestId": request, **facts}]

    picture = drawn(LogTable(PLACE, "The slowest requests", [], ""), rows={"The slowest requests": rows})

    assert f">{request}<" in picture
    assert all(f">{cell}<" in picture for cell in [*facts, *facts.values()])


def test_an_empty_table_says_none() -> None:
    assert ">none<" in drawn(LogTable(PLACE, "Failures", [], ""))


@pytest.mark.parametrize(
    ("values", "bounds", "expected"),
    [
        ([10, 20], {}, (9.2, 20.8)),
        ([10, 20], {"least": 0}, (0, 21.6)),
        ([10, 20], {"objective": 60, "least": 0}, (0, 64.8)),
        ([], {"least": 0}, (0, 1)),
        ([100, 100], {"most": 100}, (100, 101)),
    ],
    ids=["some room", "from zero", "up to the objective", "no data", "all the same"],
)
def test_an_axis_holds_all_values_and_the_objective(
    values: list[float], bounds: dict[str, float], expected: tuple[float, float]
) -> None:
    given = {"objective": None, "least": None, "most": None} | bounds

    assert scale(values, **given) == pytest.approx(expected)
