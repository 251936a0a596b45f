"""States of a stack, made by hand for those who show them."""

from dataclasses import replace
from typing import Any

from selador_local.data_plane.journal import Moment, RequestLife
from selador_local.stack.failures import StackFailure
from selador_local.stack.state import SeenAlarm, StackState

STARTED_AT = 1_800_000_000.0  # 08:00:00 UTC

CALM = (
    SeenAlarm("main-errors", "OK", "", STARTED_AT),
    SeenAlarm("main-queue-age", "INSUFFICIENT_DATA", "", STARTED_AT),
)

QUIET = StackState(
    url="ws://127.0.0.1:8787/abc123/local",
    started_at=STARTED_AT,
    at=STARTED_AT + 192,
    connections=(),
    queues=(),
    alarms=CALM,
    requests=(),
    failures=(),
)


def request(request_id: str, began_after: float, *moments: tuple[str, dict[str, Any]]) -> RequestLife:
    """Return a request whose moments come one a second."""
    life = RequestLife(request_id, "c-1", STARTED_AT + began_after)
    for number, (what, facts) in enumerate(moments):
        life.moments.append(Moment(life.began_at + number, what, facts))
    return life


def frame(kind: str, attempt: int = 1, **facts: Any) -> tuple[str, dict[str, Any]]:
    return "frame", {"type": kind, "attempt": attempt, "status": 200, **facts}


ANSWERED = request("r-1", 10, ("queued", {}), ("attempt began", {}), frame("started"), frame("completed"))
WAITING = request("r-2", 20, ("queued", {}))
BURIED = request("r-3", 30, ("queued", {}), frame("error", 3, code="attempts_exhausted"))

DEAD = {
    "messageId": "m-3",
    "requestId": "r-3",
    "connectionId": "c-1",
    "sentAt": STARTED_AT + 30,
    "receiveCount": 5,
    "visibleAt": None,
}
BUSY = replace(
    QUIET,
    queues=[
        {"name": "main", "isDeadLetterQueue": False, "visible": 3, "delayed": 1, "inFlight": 2, "messages": []},
        {"name": "main-dlq", "isDeadLetterQueue": True, "visible": 1, "delayed": 0, "inFlight": 0, "messages": [DEAD]},
    ],
    alarms=(SeenAlarm("main-dead-letters", "ALARM", "Threshold Crossed: 1 datapoint", STARTED_AT + 60), *CALM),
    requests=(BURIED, WAITING, ANSWERED),
    failures=(
        StackFailure(STARTED_AT + 31, "request r-3 is in the dead-letter queue"),
        StackFailure(STARTED_AT + 30, "main: KeyError: x", ("functions/main/x.py, line 7", ".local/logs/main.log"), 3),
    ),
)
