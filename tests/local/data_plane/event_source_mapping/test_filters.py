"""Event filtering, as values: the operators that Lambda documents, and what the body of a message may be (ESM-35)."""

import json
from typing import Any

import pytest

from selador_local.data_plane.event_source_mapping.filters import passes, unknown_operators

RECORD = {
    "messageId": "m-1",
    "body": json.dumps({"type": "query", "size": 5, "tags": ["a", "b"], "user": {"name": "Ada", "age": None}}),
    "attributes": {"ApproximateReceiveCount": "1"},
    "messageAttributes": {"requestId": {"stringValue": "r-1", "dataType": "String"}},
}


def body(**conditions: Any) -> list[dict[str, Any]]:
    return [{"body": conditions}]


@pytest.mark.parametrize(
    "patterns",
    [
        [],
        body(type=["query"]),
        body(type=["workflow", "query"]),
        body(type=["query"], size=[5]),
        body(size=[5.0]),
        body(tags=["b"]),
        body(type=[{"prefix": "qu"}]),
        body(type=[{"suffix": "ry"}]),
        body(type=[{"equals-ignore-case": "QUERY"}]),
        body(type=[{"anything-but": ["workflow", "ping"]}]),
        body(type=[{"anything-but": {"prefix": "work"}}]),
        body(size=[{"numeric": [">", 0, "<=", 5]}]),
        body(size=[{"numeric": ["=", 5]}]),
        body(user={"name": ["Ada"]}),
        body(user={"age": [None]}),
        body(type=[{"exists": True}]),
        body(other=[{"exists": False}]),
        body(user={"email": [{"exists": False}]}),
        body(**{"$or": [{"type": ["workflow"]}, {"size": [5]}]}),
        [*body(type=["workflow"]), *body(size=[5])],
        [{"messageAttributes": {"requestId": {"stringValue": [{"prefix": "r-"}]}}}],
        [{"attributes": {"ApproximateReceiveCount": ["1"]}}],
    ],
)
def test_what_matches_passes(patterns: list[dict[str, Any]]) -> None:
    assert passes(patterns, RECORD)


@pytest.mark.parametrize(
    "patterns",
    [
        body(type=["workflow"]),
        body(type=["query"], size=[6]),
        body(size=["5"]),
        body(size=[True]),
        body(tags=["c"]),
        body(type=[{"prefix": "ry"}]),
        body(type=[{"suffix": "qu"}]),
        body(type=[{"anything-but": "query"}]),
        body(other=[{"anything-but": "query"}]),
        body(size=[{"numeric": [">", 5]}]),
        body(type=[{"numeric": [">", 0]}]),
        body(type=[{"exists": False}]),
        body(other=[{"exists": True}]),
        body(user={"age": [""]}),
        body(**{"$or": [{"type": ["workflow"]}, {"size": [6]}]}),
        [{"messageAttributes": {"requestId": {"stringValue": ["r-2"]}}}],
        [{"body": ["plain"]}],
    ],
)
def test_what_does_not_match_does_not_pass(patterns: list[dict[str, Any]]) -> None:
    assert not passes(patterns, RECORD)


def test_a_pattern_for_json_lets_no_plain_text_through_and_the_other_way_round() -> None:
    plain = {**RECORD, "body": "plain"}

    assert passes([{"body": ["plain"]}], plain)
    assert not passes(body(type=[{"exists": False}]), plain)
    assert passes([{"messageId": ["m-1"]}], plain)


def test_operators_that_lambda_does_not_have_are_named() -> None:
    pattern = {"body": {"a": [{"wildcard": "x*"}, "y"], "$or": [{"b": [{"cidr": "10.0.0.0/8"}]}, {"c": ["d"]}]}}

    assert unknown_operators(pattern) == {"wildcard", "cidr"}
    assert unknown_operators({"body": {"a": [{"prefix": "x"}]}}) == set()
