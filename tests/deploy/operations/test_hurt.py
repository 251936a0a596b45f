"""`make hurt`: what it prints."""

import json
from datetime import timedelta

import pytest

from .conftest import HANDLER, MAIN, NOW, FakeLogs, Operate


def fail(logs: FakeLogs, request: str, user: str = "", minutes_ago: int = 5) -> None:
    who = {"requestId": request, "connectionId": f"c-{request}", "messageId": f"m-{request}"}
    who |= {"principalId": user} if user else {}
    end = {"message": "attempt ended", "outcome": "Failed", "code": "deadline_exceeded"}
    logs.write(MAIN, NOW - timedelta(minutes=minutes_ago), **who, **end)


def test_those_who_were_hurt_are_counted_by_ending_and_by_user(
    operate: Operate, logs: FakeLogs, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(logs, "r-1", "alice")
    fail(logs, "r-2", "alice")
    fail(logs, "r-3", "bob")
    fail(logs, "long ago", "carol", minutes_ago=90)
    logs.write(HANDLER, NOW - timedelta(minutes=1), message="request queued", requestId="r-4", messageId="m-4")
    logs.write(MAIN, NOW, message="attempt ended", outcome="Completed", requestId="r-5", messageId="m-5")

    assert operate("hurt") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "3 requests failed in dev in the last 1h"
    assert lines[3].split()[:3] == ["3", "2", "3"]
    assert lines[3].endswith("failed: deadline_exceeded")
    assert lines[6].split()[:3] == ["alice", "2", "2"]
    assert lines[6].endswith("r-1, r-2")
    assert lines[7].split()[0] == "bob"
    assert lines[9:] == [
        "the others: 1 completed, 1 under way",
        "one request's life: make trace ENV=dev REQUEST=r-3",
    ]


def test_whoever_was_answered_after_all_is_told_beside_the_others(
    operate: Operate, logs: FakeLogs, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(logs, "r-1")
    again = {"requestId": "r-1", "connectionId": "c-r-1", "messageId": "m-2"}
    logs.write(MAIN, NOW - timedelta(minutes=1), message="attempt ended", outcome="Completed", **again)

    assert operate("hurt") == 0

    assert "1 of these answered after all, having failed before" in capsys.readouterr().out


def test_nobody_hurt_is_said_in_a_line(operate: Operate, capsys: pytest.CaptureFixture[str]) -> None:
    assert operate("hurt", "--since=2h") == 0
    assert capsys.readouterr().out.splitlines() == ["nobody was hurt in dev in the last 2h", "the others: none"]


def test_users_who_are_not_known_are_told_by_their_connections(
    operate: Operate, logs: FakeLogs, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(logs, "r-1")
    fail(logs, "r-2")

    assert operate("hurt") == 0

    text = capsys.readouterr().out
    assert "unknown, on c-r-1" in text
    assert "unknown, on c-r-2" in text


def test_json_has_every_request(operate: Operate, logs: FakeLogs, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(30):
        fail(logs, f"r-{number}", f"user-{number}")

    assert operate("hurt", "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert len(document["hurt"]) == 30
    assert document["hurt"][0].keys() == {"requestId", "connectionId", "principalId", "ending", "at"}


def test_many_users_are_cut_and_it_says_so(
    operate: Operate, logs: FakeLogs, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(30):
        fail(logs, f"r-{number}", f"user-{number}")

    assert operate("hurt") == 0
    assert "  … and 10 more; JSON=1 lists all\n" in capsys.readouterr().out


def test_a_span_that_is_none_is_refused(operate: Operate, capsys: pytest.CaptureFixture[str]) -> None:
    assert operate("hurt", "--since=yesterday") == 2
    assert "SINCE is 'yesterday'; give a number and s, m, h or d" in capsys.readouterr().err
