"""Queries of Logs Insights."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.operations import insights
from selador_deploy.operations.insights import Insights, one_of, row_time

from .conftest import MAIN, NOW, FakeLogs, refusal

QUERY = "fields @timestamp, number | filter ispresent(number)"


def asked(logs: Any) -> Insights:
    return Insights(logs, [MAIN], lambda _: None)


def test_rows_come_oldest_first_with_their_fields_by_name() -> None:
    logs = FakeLogs()
    logs.write(MAIN, NOW, number="2")
    logs.write(MAIN, NOW - timedelta(seconds=5), number="1")
    logs.write("another", NOW, number="3")

    rows = asked(logs).rows(QUERY, NOW - timedelta(minutes=1), NOW)

    assert [row["number"] for row in rows] == ["1", "2"]
    assert row_time(rows[1]) == NOW


def test_a_range_with_more_rows_than_a_query_returns_is_asked_for_by_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights, "MAX_ROWS", 10)
    logs = FakeLogs()
    for number in range(100):
        logs.write(MAIN, NOW + timedelta(seconds=number), number=str(number))
    client = asked(logs)

    rows = client.rows(QUERY, NOW, NOW + timedelta(seconds=100))

    assert [row["number"] for row in rows] == [str(number) for number in range(100)]
    assert len(logs.queries) > 10
    assert not client.is_cut


def test_a_second_with_more_rows_than_a_query_returns_is_said_to_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights, "MAX_ROWS", 10)
    logs = FakeLogs()
    for number in range(20):
        logs.write(MAIN, NOW, number=str(number))
    client = asked(logs)

    assert len(client.rows(QUERY, NOW - timedelta(seconds=3), NOW + timedelta(seconds=3))) == 10
    assert client.is_cut


class SlowLogs:
    """A query that takes its time, and then ends so."""

    def __init__(self, *statuses: str) -> None:
        self._statuses = list(statuses)

    def start_query(self, **_: Any) -> dict[str, str]:
        return {"queryId": "a-query"}

    def get_query_results(self, queryId: str) -> dict[str, Any]:  # noqa: N803 # the client's own name
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return {"status": status, "results": []}


def test_a_query_is_waited_for() -> None:
    assert asked(SlowLogs("Scheduled", "Running", "Complete")).rows(QUERY, NOW, NOW) == []


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout", "Running"])
def test_a_query_that_does_not_complete_is_an_error(status: str) -> None:
    with pytest.raises(DeployError, match=f"the query of {MAIN} ended as {status}; try a shorter span of time"):
        asked(SlowLogs(status)).rows(QUERY, NOW, NOW)


def test_a_missing_permission_is_named() -> None:
    logs = FakeLogs(error=refusal("AccessDeniedException", 400))

    with pytest.raises(DeployError, match=f"logs:StartQuery on {MAIN} is denied"):
        asked(logs).rows(QUERY, NOW, NOW)


def test_values_are_quoted() -> None:
    assert one_of("messageId", ["m-1", "m-2"]) == 'messageId in ["m-1", "m-2"]'


def test_a_row_s_time_is_in_utc() -> None:
    assert row_time({"@timestamp": "2026-03-01 12:00:00.250"}) == datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)
