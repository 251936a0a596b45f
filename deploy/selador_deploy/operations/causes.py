"""Why requests died, by what main's log says of their last attempts."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from selador_deploy.operations.insights import Insights, Row, one_of

NOT_IN_THE_LOG = "main's log doesn't say: it no longer reaches back, or another program sent it here"
NO_END = "no attempt came to its end: killed, timed out or out of memory"

_QUERY = (
    "fields @timestamp, message, messageId, outcome, code, reason, faults"
    f' | filter message = "message unreadable" or (message = "attempt ended" and '
    f"{one_of('outcome', ['AttemptFailed', 'Buried', 'Unreadable'])})"
)
_IDS = re.compile(r"\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b|\b[0-9A-Za-z]{40,}\b")
"""The ids that AWS gives to calls: the same failure has another one each time."""


def causes(insights: Insights, since: datetime, until: datetime) -> Mapping[str, str]:
    """Return the cause by the id of the message, of those that failed in this span. Raises DeployError."""
    return causes_of(insights.rows(_QUERY, since, until))


def causes_of(rows: Iterable[Row]) -> dict[str, str]:
    """Return the cause by message: of the last failure whose reason is known."""
    found: dict[str, str] = {}
    for row in rows:
        message_id = row.get("messageId", "")
        match row["message"], row.get("outcome"):
            case "message unreadable", _:
                found[message_id] = f"unreadable: {row.get('faults', 'main could not read it')}"
            case _, "AttemptFailed":
                found[message_id] = _failure(row)
            case _:
                found.setdefault(message_id, NO_END)
    return found


def _failure(row: Row) -> str:
    reason = " ".join(_IDS.sub("", row.get("reason", "")).split()).replace(" :", ":")
    return ": ".join(part for part in (row.get("code", ""), reason) if part) or "the answer could not be posted"
