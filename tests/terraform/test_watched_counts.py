"""Each metric of the functions is looked at by an alarm, or docs/operations.md says why nobody needs to be told."""

import re
from pathlib import Path
from typing import get_args

from selador_shared.metrics import NAMESPACE, Bytes, Count, Milliseconds

from .deployed_alarms import PREFIX, Definition

OPERATIONS = (Path(__file__).parents[2] / "docs/operations.md").read_text()
TABLE = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", OPERATIONS.partition("## What is watched")[2], re.MULTILINE))
"""What the document says of each metric: alarms, or why there is none."""

FOR_SCHEDULES = {"Heartbeat", "Maintenance", "ModelDaysLeft"}
"""Our metrics that no function puts."""


def watched(definitions: dict[str, Definition]) -> dict[str, set[str]]:
    """Return the alarms by the metric of ours that they look at."""
    found: dict[str, set[str]] = {}
    for key, definition in definitions.items():
        for query in definition.get("Metrics", []):
            metric = query.get("MetricStat", {}).get("Metric", {})
            if metric.get("Namespace") == NAMESPACE:
                found.setdefault(metric["MetricName"], set()).add(key)
    return found


def test_the_document_has_every_metric() -> None:
    functions = {*get_args(Count), *get_args(Milliseconds), *get_args(Bytes)}

    assert {name for name in TABLE if name not in FOR_SCHEDULES} == functions


def test_a_metric_is_watched_by_the_alarms_that_the_document_names(definitions: dict[str, Definition]) -> None:
    for metric, alarms in watched(definitions).items():
        if metric in FOR_SCHEDULES:
            continue
        named = set(re.findall(r"\[([a-z-]+)\]\(runbooks/\1\.md\)", TABLE[metric]))
        composite = {key for key in alarms if re.fullmatch(r"error-budget-\d+[mh]", key)}
        assert named == alarms - composite, metric


def test_a_metric_without_an_alarm_has_a_reason(definitions: dict[str, Definition]) -> None:
    unwatched = TABLE.keys() - watched(definitions).keys()

    assert len(unwatched) >= 5
    assert [metric for metric in unwatched if not re.match(r"none: \S", TABLE[metric])] == []


def test_good_and_bad_are_what_the_error_budget_looks_at(definitions: dict[str, Definition]) -> None:
    judged = {kind: set(re.findall(r"`(\w+)`", names)) for kind, names in _judged()}
    budget = {metric for metric, alarms in watched(definitions).items() if "error-budget-burns" in alarms}

    assert budget == judged["good"] | judged["bad"]
    assert not budget & judged["neither"]


def _judged() -> list[tuple[str, str]]:
    return re.findall(r"^\| \*\*(good|bad|neither)\*\* \| (.+?) \|", OPERATIONS, re.MULTILINE)


def test_names_begin_with_the_environment(definitions: dict[str, Definition]) -> None:
    assert all(definition["AlarmName"] == PREFIX + key for key, definition in definitions.items())
