"""What `make redrive` does with a letter, and what became of the requests that it sent again. Pure."""

from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from enum import Enum, StrEnum

from selador_deploy.operations.insights import Row
from selador_deploy.operations.letter import DeadLetter
from selador_deploy.operations.presence import Presence
from selador_deploy.operations.receipts import Receipt, RedriveStep

LOG_SECONDS = 60
"""How long after a line is written, at most, a query finds it; and how long SQS's counts may be behind."""

NOT_YET_ENDED = {"AttemptFailed", "LeaseLost"}
BURIED = {"Buried", "Unreadable"}
FAILED_AGAIN = {"Expired", "Failed", *BURIED}
"""Outcomes after which nobody tries again. Only what is buried leaves a letter."""


class Action(StrEnum):
    """What is done with a letter."""

    SEND = "send it again"
    RESOLVE = "find out whether an interrupted run has sent it"
    DELETE = "delete it: it was sent again before"
    PURGE_GONE = "purge it: its client is gone"
    PURGE_MALFORMED = "purge it: it is no request"
    KEEP_GONE = "keep it: its client is gone"
    KEEP_MALFORMED = "keep it: it is no request"
    KEEP_UNKNOWN = "keep it: whether its client is connected can't be told"


def action_for(
    letter: DeadLetter, receipt: Receipt | None, client: Presence, *, purge_gone: bool, purge_malformed: bool
) -> Action:
    """Return what is done with a letter, whose last receipt comes first."""
    if receipt is not None:
        match receipt.step:
            case RedriveStep.SENT | RedriveStep.DELETED | RedriveStep.PURGING:
                return Action.DELETE
            case RedriveStep.SENDING:
                return Action.RESOLVE
    if letter.asked is None:
        return Action.PURGE_MALFORMED if purge_malformed else Action.KEEP_MALFORMED
    match client:
        case Presence.CONNECTED:
            return Action.SEND
        case Presence.GONE:
            return Action.PURGE_GONE if purge_gone else Action.KEEP_GONE
        case Presence.UNKNOWN:
            return Action.KEEP_UNKNOWN


class WasSent(Enum):
    """Whether a message was sent by a run that was killed while it sent it."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def was_sent(
    begun: datetime, now: datetime, *, is_in_the_log: bool, queue_is_empty: bool, max_age_seconds: int
) -> WasSent:
    """Return whether the message whose sending began at `begun` was sent.

    Main writes a line at each receive, and receives whatever lies on the queue within its useful life. So a message
    that is neither in main's log nor on the queue was not sent. Counts and lines come late, so that is sure only later.
    """
    if is_in_the_log:
        return WasSent.YES
    age = now - begun
    if age > timedelta(seconds=max_age_seconds + LOG_SECONDS):
        return WasSent.NO
    return WasSent.NO if queue_is_empty and age > timedelta(seconds=LOG_SECONDS) else WasSent.UNKNOWN


def endings(rows: Iterable[Row]) -> dict[str, Row]:
    """Return the line that tells the end of each message that has ended, by its id. `rows` are the oldest first."""
    return {row["messageId"]: row for row in rows if row["outcome"] not in NOT_YET_ENDED}


def failed_again(rows: Iterable[Row], sent: Container[str]) -> list[Row]:
    """Return the line that tells the end of each message of `sent` that has failed for good."""
    return [row for message_id, row in endings(rows).items() if message_id in sent and row["outcome"] in FAILED_AGAIN]
