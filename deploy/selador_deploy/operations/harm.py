"""Who was hurt: requests that failed, by what the functions wrote of them. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from selador_deploy.operations.causes import causes_of
from selador_deploy.operations.insights import Row, row_time
from selador_deploy.operations.redrive_rules import FAILED_AGAIN, endings

HANDLER_QUERY = (
    "fields @timestamp, message, requestId, connectionId, principalId, messageId"
    ' | filter message in ["request queued", "request not queued", "message not answered"]'
)
MAIN_QUERY = (
    "fields @timestamp, message, requestId, connectionId, principalId, messageId, outcome, code, reason, faults"
    ' | filter message in ["attempt ended", "message unreadable"]'
)
NO_END = "no end was logged, and none can come any more"


@dataclass(frozen=True)
class Hurt:
    """A request that ended badly for its user."""

    request_id: str
    connection_id: str
    principal_id: str
    """Empty if clients aren't authenticated."""
    ending: str
    at: datetime


@dataclass(frozen=True)
class Harm:
    """What happened in a span of time, counted in requests."""

    hurt: Sequence[Hurt]
    ended: Mapping[str, int]
    """The others that ended, by outcome."""
    under_way: int
    answered_after_all: int
    """Those that had failed, were sent again, and were answered."""


def harm_of(handler_rows: Iterable[Row], main_rows: Sequence[Row], now: datetime, longest_life: timedelta) -> Harm:
    """Return who was hurt. Rows are the oldest first; what was queued longer ago than `longest_life` has its end."""
    causes = causes_of(main_rows)
    ended = endings(row for row in main_rows if row["message"] == "attempt ended")
    last: dict[tuple[str, str], Row] = {}
    failed_before: set[tuple[str, str]] = set()
    for row in sorted(ended.values(), key=row_time):
        if _request(row) in last and last[_request(row)]["outcome"] in FAILED_AGAIN:
            failed_before.add(_request(row))
        last[_request(row)] = row
    hurt = [
        _hurt(row, _ending(row, causes.get(row["messageId"])))
        for row in last.values()
        if row["outcome"] in FAILED_AGAIN
    ]
    under_way = 0
    for row in handler_rows:
        if row["message"] != "request queued":
            hurt.append(_hurt(row, row["message"]))
        elif row.get("messageId") not in ended:
            if now - row_time(row) > longest_life:
                hurt.append(_hurt(row, NO_END))
            else:
                under_way += 1
    good = Counter(row["outcome"] for row in last.values() if row["outcome"] not in FAILED_AGAIN)
    answered = sum(last[request]["outcome"] == "Completed" for request in failed_before)
    return Harm(sorted(hurt, key=lambda one: one.at), good, under_way, answered)


def _request(row: Row) -> tuple[str, str]:
    """Return what a request is known by: two clients may have chosen the same id."""
    return row.get("requestId", row["messageId"]), row.get("connectionId", "")


def _hurt(row: Row, ending: str) -> Hurt:
    request_id, connection_id = _request(row)
    return Hurt(request_id, connection_id, row.get("principalId", ""), ending, row_time(row))


def _ending(row: Row, cause: str | None) -> str:
    why = cause if row["outcome"] in {"Buried", "Unreadable"} else row.get("code")
    words = [row["outcome"].lower(), why or ""]
    return ": ".join(word for word in words if word).replace("unreadable: unreadable", "unreadable")


def grouped[Key](hurt: Iterable[Hurt], key: Callable[[Hurt], Key]) -> dict[Key, list[Hurt]]:
    """Return the hurt by a key, the largest group first."""
    groups: dict[Key, list[Hurt]] = {}
    for one in hurt:
        groups.setdefault(key(one), []).append(one)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))
