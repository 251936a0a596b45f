"""The format's rules, by CW-11, CW-12 and CW-16."""

import json
from typing import Any

import pytest

from selador_local.cloudwatch.datum import Datum
from selador_local.cloudwatch.embedded_metric_format import EmbeddedMetrics, embedded_metrics

F = (("FunctionName", "f"),)


def line(*directives: Any, timestamp: Any = 90_000, **members: Any) -> str:
    return json.dumps({"_aws": {"Timestamp": timestamp, "CloudWatchMetrics": directives}, **members})


def directive(*metrics: str, dimensions: Any = None, namespace: Any = "Selador", **more: Any) -> dict[str, Any]:
    named = [{"Name": name, "Unit": "Count", **more} for name in metrics]
    return {"Namespace": namespace, "Dimensions": dimensions or [["FunctionName"]], "Metrics": named}


def test_a_line_gives_each_of_its_metrics_for_each_set_of_dimensions() -> None:
    text = line(
        directive("Failed", "Attempts"),
        directive("Failed", dimensions=[["code", "FunctionName"], []]),
        FunctionName="f",
        code="internal",
        Failed=1,
        Attempts=3,
    )

    assert embedded_metrics(text) == EmbeddedMetrics(
        (
            Datum("Selador", "Failed", F, 90, "Count", (1,), (1,)),
            Datum("Selador", "Attempts", F, 90, "Count", (3,), (1,)),
            Datum("Selador", "Failed", (*F, ("code", "internal")), 90, "Count", (1,), (1,)),
            Datum("Selador", "Failed", (), 90, "Count", (1,), (1,)),
        )
    )


def test_a_list_gives_several_values_and_a_metric_without_a_unit_has_none() -> None:
    one = {"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "Wait"}]}

    assert embedded_metrics(line(one, Wait=[1, 2.5])).data == (Datum("n", "Wait", (), 90, "None", (1, 2.5), (1, 1)),)


def test_what_stands_before_the_object_is_tolerated() -> None:
    assert embedded_metrics("2026-01-01 INFO " + line(directive("Failed"), FunctionName="f", Failed=1)).data


@pytest.mark.parametrize("text", ["plain", '{"level": "info"}', '{"_aws": ', '{"_aws": 1}', '"_aws"', '{"_aws": {}}'])
def test_other_lines_have_none(text: str) -> None:
    assert embedded_metrics(text) == EmbeddedMetrics()


@pytest.mark.parametrize(
    "text",
    [
        line(directive("Failed"), FunctionName="f"),
        line(directive("Failed"), FunctionName="f", Failed="1"),
        line(directive("Failed"), FunctionName="f", Failed=True),
        line(directive("Failed"), FunctionName="f", Failed=[1, "2"]),
        line(directive("Failed"), FunctionName="f", Failed=[]),
        line(directive("Failed"), FunctionName="f", Failed=[1] * 101),
        line(directive("Failed"), Failed=1),
        line(directive("Failed"), FunctionName=7, Failed=1),
        line(directive("Failed"), FunctionName="", Failed=1),
        line(directive("Failed"), FunctionName="f" * 1025, Failed=1),
        line(directive("Failed", dimensions=[[f"d{n}" for n in range(31)]]), Failed=1),
        line(directive("Failed", dimensions=[[7]]), Failed=1),
        line(directive("Failed", namespace=None), FunctionName="f", Failed=1),
        line(directive(*["Failed"] * 101), FunctionName="f", Failed=1),
        line(directive("Failed"), timestamp="now", FunctionName="f", Failed=1),
        line("a directive", FunctionName="f", Failed=1),
        json.dumps({"_aws": {"Timestamp": 1, "CloudWatchMetrics": "x"}}),
    ],
)
def test_what_breaks_the_rules_is_counted_and_no_metric(text: str) -> None:
    assert embedded_metrics(text) == EmbeddedMetrics((), 1)


def test_one_invalid_metric_leaves_the_others() -> None:
    found = embedded_metrics(line(directive("Failed", "Wait"), FunctionName="f", Failed=1, Wait="long"))

    assert [datum.name for datum in found.data] == ["Failed"]
    assert found.invalid == 1
