import json
from typing import Any

import pytest

from selador_local.cloudwatch_logs.event_store import LogEvent
from selador_local.cloudwatch_logs.insights_expressions import MalformedQueryError
from selador_local.cloudwatch_logs.insights_query import Row, run

MINUTE = 60_000


def event(number: int, message: Any, timestamp: int | None = None) -> LogEvent:
    text = message if isinstance(message, str) else json.dumps(message)
    when = number * MINUTE if timestamp is None else timestamp
    return LogEvent(number, "stream", when, when + 500, text)


EVENTS = [
    event(1, {"requestId": "r-1", "attempt": 1, "message": "attempt started"}),
    event(2, {"requestId": "r-1", "attempt": 1, "message": "attempt failed", "code": "internal"}),
    event(3, {"requestId": "r-2", "attempt": 1, "message": "attempt started"}),
    event(4, {"type": "platform.report", "record": {"status": "success", "metrics": {"durationMs": 12.5}}}),
    event(5, {"type": "platform.report", "record": {"status": "timeout", "requestId": "x", "ok": True}}),
    event(6, "no JSON"),
]


GROUP = [(one, "g") for one in EVENTS]


def results(query: str, **options: int) -> list[Row]:
    rows = run(query, GROUP, **options)
    return [{name: value for name, value in row.items() if name != "@ptr"} for row in rows]


def test_the_life_of_a_request() -> None:
    query = 'fields @timestamp, attempt, message, code | filter requestId = "r-1" | sort @timestamp'

    assert results(query) == [
        {"@timestamp": "1970-01-01 00:01:00.000", "attempt": "1", "message": "attempt started"},
        {"@timestamp": "1970-01-01 00:02:00.000", "attempt": "1", "message": "attempt failed", "code": "internal"},
    ]


def test_reports_of_invocations_that_failed() -> None:
    query = """
        # the reports of failures
        filter type = "platform.report" and record.status != "success"
        | fields @timestamp as time, record.requestId, record.ok
    """

    assert results(query) == [{"time": "1970-01-01 00:05:00.000", "record.requestId": "x", "record.ok": "1"}]


def test_without_an_order_the_newest_come_first_with_time_and_message() -> None:
    found = results("limit 2")

    assert [row["@timestamp"] for row in found] == ["1970-01-01 00:06:00.000", "1970-01-01 00:05:00.000"]
    assert found[0] == {"@timestamp": "1970-01-01 00:06:00.000", "@message": "no JSON"}
    assert len(results("fields @message", limit=3)) == 3
    assert run("fields @message | limit 1", GROUP)[0]["@ptr"] == "6"
    assert results("fields @log, @logStream | limit 1") == [{"@log": "g", "@logStream": "stream"}]


def test_results_are_ordered_by_several_fields() -> None:
    query = "fields requestId, message | filter ispresent(requestId) | sort requestId desc, @timestamp"

    assert [(row["requestId"], row["message"]) for row in results(query)] == [
        ("r-2", "attempt started"),
        ("r-1", "attempt started"),
        ("r-1", "attempt failed"),
    ]


def test_what_is_displayed_wins_over_fields() -> None:
    assert results('fields @message | filter code = "internal" | display code') == [{"code": "internal"}]


@pytest.mark.parametrize(
    ("rest", "times"),
    [
        ("sort when", ["01", "02", "03"]),
        ("sort when desc", ["03", "02", "01"]),
        ("sort who desc, when", ["03", "01", "02"]),
        ('filter who = "r-1" | sort when', ["01", "02"]),
        ("sort when | display when", ["01", "02", "03"]),
    ],
)
def test_the_commands_after_an_alias_may_use_it(rest: str, times: list[str]) -> None:
    found = results(f'filter requestId like "r-" | fields @timestamp as when, requestId as who | {rest}')

    assert [row["when"] for row in found] == [f"1970-01-01 00:{minute}:00.000" for minute in times]


def test_stats_group_by_an_alias() -> None:
    found = results('filter requestId like "r-" | fields requestId as who | stats count(*) as n by who | sort who')

    assert found == [{"who": "r-1", "n": "2"}, {"who": "r-2", "n": "1"}]


def test_stats_count_by_bins_and_fields() -> None:
    query = "filter ispresent(requestId) | stats count(*) as n, avg(attempt) by bin(2m), requestId"

    assert results(query) == [
        {"bin(2m)": "1970-01-01 00:00:00.000", "requestId": "r-1", "n": "1", "avg(attempt)": "1"},
        {"bin(2m)": "1970-01-01 00:02:00.000", "requestId": "r-1", "n": "1", "avg(attempt)": "1"},
        {"bin(2m)": "1970-01-01 00:02:00.000", "requestId": "r-2", "n": "1", "avg(attempt)": "1"},
    ]


def test_stats_without_groups_are_one_row() -> None:
    query = "stats count(code), sum(attempt), max(record.metrics.durationMs) as slowest, min(nothing)"

    assert results(query) == [{"count(code)": "1", "sum(attempt)": "3", "slowest": "12.5"}]


def test_a_bar_inside_a_text_ends_no_command() -> None:
    assert results('fields @message | filter @message like /no|JSON/ and @message != "a | b\'s"') == [
        {"@message": "no JSON"}
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ('parse @message "a*" as b', "the command parse doesn't run here"),
        ("fields strlen(@message)", "the function strlen doesn't run here"),
        ("stats pct(attempt, 95)", "the function pct doesn't run here"),
        ("fields", "the end"),
        ("limit many", "many where number should stand"),
        ("sort @timestamp upwards", "upwards where it should end"),
        ("filter attempt = 1 2", "2 where it should end"),
        ("stats count(*) by 5", "5 where name should stand"),
    ],
)
def test_the_rest_is_refused_by_name(query: str, said: str) -> None:
    with pytest.raises(MalformedQueryError) as refused:
        run(query, GROUP)

    assert said in str(refused.value)
