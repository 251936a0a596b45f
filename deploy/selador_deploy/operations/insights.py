"""Ask CloudWatch Logs Insights. A query returns 10,000 rows at most, so a fuller range is asked for by halves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from selador_deploy.errors import DeployError
from selador_deploy.operations.asking import asking

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

MAX_ROWS = 10_000
_PAUSE_SECONDS = 0.3
_MAX_PAUSES = 400
_ENDED_BADLY = {"Failed", "Cancelled", "Timeout"}

type Row = dict[str, str]
"""A result: the texts of its fields. A field that the line lacks is absent."""


@dataclass
class Insights:
    """Queries of some log groups. `wait` waits for so many seconds."""

    logs: "CloudWatchLogsClient"
    groups: Sequence[str]
    wait: Callable[[float], object]
    is_cut: bool = field(default=False, init=False)
    """Whether a single second had more rows than a query returns, so that some are missing."""

    def rows(self, query: str, start: datetime, end: datetime) -> list[Row]:
        """Return all rows of a query, oldest first. Raises DeployError.

        `query` is without `sort` and `limit`, and needs the field `@timestamp`.
        """
        found = self._rows(f"{query} | sort @timestamp asc | limit {MAX_ROWS}", int(start.timestamp()), _ceil(end))
        return list(found)

    def _rows(self, query: str, start: int, end: int) -> Iterator[Row]:
        rows = self._ask(query, start, end)
        if len(rows) < MAX_ROWS or start >= end:
            self.is_cut = self.is_cut or len(rows) >= MAX_ROWS
            yield from rows
            return
        middle = (start + end) // 2
        yield from self._rows(query, start, middle)
        yield from self._rows(query, middle + 1, end)

    def _ask(self, query: str, start: int, end: int) -> list[Row]:
        groups = ", ".join(self.groups)
        with asking("logs:StartQuery", groups):
            query_id = self.logs.start_query(
                logGroupNames=list(self.groups), queryString=query, startTime=start, endTime=end, limit=MAX_ROWS
            )["queryId"]
        for _ in range(_MAX_PAUSES):
            with asking("logs:GetQueryResults", groups):
                answer = self.logs.get_query_results(queryId=query_id)
            if answer["status"] == "Complete":
                return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
            if answer["status"] in _ENDED_BADLY:
                break
            self.wait(_PAUSE_SECONDS)
        raise DeployError(f"the query of {groups} ended as {answer['status']}", "try a shorter span of time")


def row_time(row: Row) -> datetime:
    """Return when the line of a row was written."""
    return datetime.strptime(row["@timestamp"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)


def one_of(field: str, values: Sequence[str]) -> str:
    """Return the condition that a field has one of these values, none of which holds a quote or a backslash."""
    return f"{field} in [{', '.join(f'"{value}"' for value in values)}]"


def _ceil(time: datetime) -> int:
    return -int(-time.timestamp() // 1)
