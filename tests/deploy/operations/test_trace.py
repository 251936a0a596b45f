"""`make trace`: which lines it asks for."""

from datetime import timedelta

import pytest

from .conftest import HANDLER, MAIN, NOW, FakeLogs, Operate, refusal


def test_a_killed_attempt_is_found_by_the_invocation_s_id_alone(
    operate: Operate, logs: FakeLogs, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = NOW - timedelta(minutes=3)
    who = {"requestId": "r-1", "connectionId": "c-1", "principalId": "alice", "messageId": "m-1"}
    logs.write(HANDLER, begun, message="request queued", **who)
    logs.write(MAIN, begun + timedelta(seconds=1), message="attempt started", attempt=1, lambdaRequestId="i-1", **who)
    logs.write(
        MAIN,
        begun + timedelta(seconds=9),
        type="platform.report",
        record={"requestId": "i-1", "status": "timeout"},
    )
    logs.write(MAIN, begun + timedelta(seconds=2), message="message not processed", level="error", messageId="m-1")
    logs.write(MAIN, begun, type="platform.report", record={"requestId": "i-9", "status": "error"})
    logs.write(MAIN, begun, message="attempt started", attempt=1, requestId="r-2", messageId="m-2")

    assert operate("trace", "--request=r-1") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "request r-1 in dev of alice on connection c-1"
    assert [line.split("  ")[-1].strip() for line in lines[2:]] == [
        "request queued",
        "receive=None",
        "message not processed",
        "attempt 1 was killed: invocation timeout",
        "no end is in the log: it waits, is worked on, or was lost",
    ]


def test_an_unknown_id_is_said_to_be_unknown_in_what_was_searched(
    operate: Operate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert operate("trace", "--request=nobody", "--since=2h") == 1

    said = capsys.readouterr().err
    assert said.startswith(f"deploy: no line of request nobody is in {HANDLER} and {MAIN} from ")
    assert "search further back with SINCE=14d" in said


@pytest.mark.parametrize("request_id", ["", '"or"', "a b", "x" * 65, "ä"])
def test_what_can_be_no_id_is_refused(operate: Operate, request_id: str, logs: FakeLogs) -> None:
    assert operate("trace", f"--request={request_id}", SELADOR_REQUEST='"') == 2
    assert logs.queries == []


def test_a_missing_permission_is_named(operate: Operate, logs: FakeLogs, capsys: pytest.CaptureFixture[str]) -> None:
    logs.error = refusal("AccessDeniedException", 400)

    assert operate("trace", "--request=r-1") == 1
    assert f"logs:StartQuery on {HANDLER}, {MAIN} is denied" in capsys.readouterr().err
