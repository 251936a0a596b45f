"""What the state counts, and how it is told as JSON."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from selador_local.data_plane.journal import Moment, RequestLife
from selador_local.stack.state import as_json, timeline_as_json

from .states import BUSY, QUIET, STARTED_AT, WAITING


def test_dead_letters_are_counted_apart() -> None:
    assert BUSY.counts() == {"waiting": 4, "in flight": 2, "dead letters": 1}
    assert BUSY.dead_letters() == {"m-3": "r-3"}


def test_unknown_is_not_none_at_all() -> None:
    unknown = replace(QUIET, queues=None, alarms=None)

    assert unknown.counts() == {"waiting": None, "in flight": None, "dead letters": None}
    assert unknown.dead_letters() == {}
    assert (as_json(unknown)["queues"], as_json(unknown)["alarms"]) == (None, None)


def test_a_connection_is_told_with_its_times() -> None:
    caller = {"connection_id": "c-1", "connected_at_ms": STARTED_AT * 1000, "source_ip": "127.0.0.1"}
    connection: Any = SimpleNamespace(
        caller=SimpleNamespace(**caller, user_agent="a browser"), socket=SimpleNamespace(last_active_at=STARTED_AT + 9)
    )

    assert as_json(replace(QUIET, connections=(connection,)))["connections"] == [
        {
            "connectionId": "c-1",
            "connectedAt": "2027-01-15T08:00:00.000Z",
            "lastActiveAt": "2027-01-15T08:00:09.000Z",
            "sourceIp": "127.0.0.1",
            "userAgent": "a browser",
        }
    ]


def test_a_message_in_flight_has_a_time_when_it_is_visible_again() -> None:
    [message] = BUSY.queues[1]["messages"] if BUSY.queues else []
    queue = {"name": "q", "isDeadLetterQueue": False, "messages": [message, {**message, "visibleAt": STARTED_AT + 60}]}

    [told] = as_json(replace(QUIET, queues=[queue]))["queues"]

    assert [message["visibleAt"] for message in told["messages"]] == [None, "2027-01-15T08:01:00.000Z"]


def test_deltas_in_a_row_are_one_moment_of_the_timeline() -> None:
    life = RequestLife("r-1", "c-1", STARTED_AT)
    delta = Moment(STARTED_AT, "frame", {"type": "delta", "attempt": 1, "status": 200}, 34, STARTED_AT + 2)
    life.moments.append(delta)

    assert timeline_as_json(life)["timeline"] == [
        {
            "at": "2027-01-15T08:00:00.000Z",
            "what": "frame",
            "type": "delta",
            "attempt": 1,
            "status": 200,
            "count": 34,
            "until": "2027-01-15T08:00:02.000Z",
        }
    ]
    assert timeline_as_json(life)["frames"] == 34


def test_a_request_that_waits_has_no_attempt_yet() -> None:
    [told] = as_json(replace(QUIET, requests=(WAITING,)))["requests"]

    assert (told["state"], told["attempt"], told["frames"]) == ("waiting", 0, 0)
