"""`make logs`: which lines it shows, and that it ends cleanly."""

import os
import signal
from datetime import timedelta
from typing import Any, cast

import pytest

from selador_deploy.operations.log_line import Level
from selador_deploy.operations.logs import Tail, Wanted, shown

from .conftest import HANDLER, MAIN, NOW, FakeLogs, Operate, refusal


def tail(logs: FakeLogs) -> Tail:
    return Tail(cast(Any, logs), {MAIN: "main", HANDLER: "handler"}, NOW - timedelta(minutes=1))


def test_each_line_comes_once_and_in_the_order_of_times() -> None:
    logs = FakeLogs()
    logs.write(MAIN, NOW, message="second")
    logs.write(HANDLER, NOW - timedelta(seconds=5), message="first")
    logs.write(MAIN, NOW - timedelta(minutes=2), message="too old")
    following = tail(logs)

    first = [line.text for line in following.news()]
    logs.write(MAIN, NOW - timedelta(seconds=3), message="late")
    logs.write(MAIN, NOW + timedelta(seconds=1), message="third")

    assert first == ["first", "second"]
    assert [line.text for line in following.news()] == ["late", "third"]
    assert following.news() == []


def test_a_missing_permission_is_named(operate: Operate, logs: FakeLogs, capsys: pytest.CaptureFixture[str]) -> None:
    logs.error = refusal("AccessDeniedException", 400)

    assert operate("logs") == 1
    assert f"logs:FilterLogEvents on {HANDLER} is denied" in capsys.readouterr().err


def test_of_a_request_its_own_lines_and_those_of_its_invocations_are_shown() -> None:
    logs = FakeLogs()
    logs.write(MAIN, message="attempt started", attempt=1, requestId="r-1", lambdaRequestId="i-1")
    logs.write(MAIN, message="attempt started", attempt=1, requestId="r-2", lambdaRequestId="i-1")
    logs.write(MAIN, type="platform.report", record={"requestId": "i-1", "status": "timeout"})
    logs.write(MAIN, type="platform.report", record={"requestId": "i-2", "status": "timeout"})

    found = list(Wanted("r-1", Level.INFO).of(tail(logs).news()))

    assert [line.text for line in found] == ["attempt 1 started  receive=None", "invocation timeout"]


@pytest.mark.parametrize(("level", "count"), [(Level.DEBUG, 3), (Level.INFO, 2), (Level.ERROR, 1)])
def test_lines_below_the_level_are_left_out(level: Level, count: int) -> None:
    logs = FakeLogs()
    logs.write(MAIN, message="a", level="info")
    logs.write(MAIN, message="b", level="error")
    logs.write(MAIN, type="platform.start", record={"requestId": "i-1"})

    assert len(list(Wanted(None, level).of(tail(logs).news()))) == count


def test_colors_are_for_terminals() -> None:
    logs = FakeLogs()
    logs.write(MAIN, message="lost", level="error", requestId="r-1")
    (line,) = tail(logs).news()

    plain, colored = shown(line, 7, colored=False), shown(line, 7, colored=True)

    assert plain == f"{NOW:%H:%M:%S}.000  main     r-1  lost"
    assert "\033[31mlost\033[0m" in colored


def test_control_c_ends_it_cleanly(operate: Operate, logs: FakeLogs, capsys: pytest.CaptureFixture[str]) -> None:
    logs.write(MAIN, message="the last line")
    paginate = logs.paginate

    def interrupted(**arguments: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return paginate(**arguments)

    logs.paginate = interrupted  # type: ignore[method-assign,assignment]

    assert operate("logs") == 0

    said = capsys.readouterr()
    assert said.out.endswith("the last line\n")
    assert said.err.splitlines() == [
        "deploy: following handler, main, api in dev; Ctrl-C ends it",
        "deploy: no longer following",
    ]


def test_an_unknown_level_is_refused(operate: Operate, capsys: pytest.CaptureFixture[str]) -> None:
    assert operate("logs", "--level=loud") == 2
    assert "LEVEL is 'loud'; use debug, info, warning, error" in capsys.readouterr().err
