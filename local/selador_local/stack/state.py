"""The state of a running stack at one moment: what the screen shows, and the JSON that others read. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from selador_local.data_plane.api_gateway.connections_api import Connection
from selador_local.data_plane.journal import RequestLife
from selador_local.stack.failures import StackFailure


@dataclass(frozen=True)
class SeenAlarm:
    """A deployed alarm. `state` is OK, ALARM or INSUFFICIENT_DATA."""

    name: str
    state: str
    reason: str
    since: float


@dataclass(frozen=True)
class StackState:
    """What is known at `at`, in seconds since the epoch. Requests and failures are newest first.

    `queues` are as the control plane tells them. They and `alarms` are None while it gives no answer.
    """

    url: str
    started_at: float
    at: float
    connections: Sequence[Connection]
    queues: Sequence[Mapping[str, Any]] | None
    alarms: Sequence[SeenAlarm] | None
    requests: Sequence[RequestLife]
    failures: Sequence[StackFailure]

    def counts(self) -> dict[str, int | None]:
        """Return how many messages wait, are in flight and are dead letters; None for unknown."""
        if self.queues is None:
            return {"waiting": None, "in flight": None, "dead letters": None}
        live = [queue for queue in self.queues if not queue["isDeadLetterQueue"]]
        dead = [queue for queue in self.queues if queue["isDeadLetterQueue"]]
        return {
            "waiting": sum(queue["visible"] + queue["delayed"] for queue in live),
            "in flight": sum(queue["inFlight"] for queue in live),
            "dead letters": sum(queue["visible"] + queue["delayed"] + queue["inFlight"] for queue in dead),
        }

    def dead_letters(self) -> dict[str, str | None]:
        """Return the request of each dead letter that is shown, by its message's id."""
        dead = [queue for queue in self.queues or () if queue["isDeadLetterQueue"]]
        return {message["messageId"]: message["requestId"] for queue in dead for message in queue["messages"]}


def as_json(state: StackState) -> dict[str, Any]:
    """Return the state as JSON's values, with times as AWS writes them."""
    return {
        "url": state.url,
        "startedAt": _time(state.started_at),
        "at": _time(state.at),
        "connections": [
            {
                "connectionId": connection.caller.connection_id,
                "connectedAt": _time(connection.caller.connected_at_ms / 1000),
                "lastActiveAt": _time(connection.socket.last_active_at),
                "sourceIp": connection.caller.source_ip,
                "userAgent": connection.caller.user_agent,
            }
            for connection in state.connections
        ],
        "queues": None if state.queues is None else [_queue(queue) for queue in state.queues],
        "alarms": None
        if state.alarms is None
        else [
            {"name": alarm.name, "state": alarm.state, "reason": alarm.reason, "since": _time(alarm.since)}
            for alarm in state.alarms
        ],
        "requests": [request_as_json(life) for life in state.requests],
        "failures": [
            {
                "at": _time(failure.at),
                "text": failure.text,
                "lookAt": list(failure.look_at),
                "count": failure.count,
            }
            for failure in state.failures
        ],
    }


def request_as_json(life: RequestLife) -> dict[str, Any]:
    """Return how a request stands."""
    return {
        "requestId": life.request_id,
        "connectionId": life.connection_id,
        "messageId": life.message_id,
        "state": life.state,
        "receivedAt": _time(life.began_at),
        "lastAt": _time(life.last_at),
        "attempt": life.attempt,
        "frames": life.frames,
    }


def timeline_as_json(life: RequestLife) -> dict[str, Any]:
    """Return a request with all that happened to it, in order."""
    moments = [
        {
            "at": _time(moment.at),
            "what": moment.what,
            **moment.facts,
            **({"count": moment.count, "until": _time(moment.until)} if moment.until is not None else {}),
        }
        for moment in life.in_order()
    ]
    return {**request_as_json(life), "timeline": moments}


def _queue(queue: Mapping[str, Any]) -> dict[str, Any]:
    messages = [
        {
            **message,
            "sentAt": _time(message["sentAt"]),
            "visibleAt": None if message["visibleAt"] is None else _time(message["visibleAt"]),
        }
        for message in queue["messages"]
    ]
    return {**queue, "messages": messages}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
