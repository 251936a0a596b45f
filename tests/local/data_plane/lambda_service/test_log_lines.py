"""Lambda's own log lines, and lines out of pipes."""

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service.log_lines import (
    InitReport,
    LinePipe,
    Report,
    file_log,
    init_report_line,
    init_start_lines,
    report_lines,
    start_lines,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


def test_text_report_of_a_timeout(make_function: Callable[..., Function]) -> None:
    report = Report("r1", 3000.123, None, 87, "timeout")

    end, line = report_lines(make_function(""), report, NOW)

    assert end == "END RequestId: r1"
    assert line == (
        "REPORT RequestId: r1\tDuration: 3000.12 ms\tBilled Duration: 3001 ms\tMemory Size: 256 MB"
        "\tMax Memory Used: 87 MB\tStatus: timeout"
    )


def test_text_report_of_a_crash_names_the_error(make_function: Callable[..., Function]) -> None:
    report = Report("r1", 1.0, None, 87, "error", "Runtime.ExitError")

    assert report_lines(make_function(""), report, NOW)[1].endswith("\tStatus: error\tError Type: Runtime.ExitError")


def test_the_first_line_of_an_environment_names_the_runtime(make_function: Callable[..., Function]) -> None:
    [text] = init_start_lines(make_function(""), NOW)
    [line] = [json.loads(line) for line in init_start_lines(make_function("", log_format="JSON"), NOW)]

    version_arn = r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}"
    assert re.fullmatch(rf"INIT_START Runtime Version: python:3\.13\.v0\tRuntime Version ARN: {version_arn}", text)
    assert (line["time"], line["type"]) == ("2026-01-02T03:04:05.678Z", "platform.initStart")
    assert line["record"] | {"runtimeVersionArn": ""} == {
        "initializationType": "on-demand",
        "phase": "init",
        "runtimeVersion": "python:3.13.v0",
        "runtimeVersionArn": "",
        "functionName": "echo",
        "functionVersion": "7",
        "instanceMaxMemory": 256 * 2**20,
    }


def test_a_failed_initialization_is_reported(make_function: Callable[..., Function]) -> None:
    late = InitReport(10_000.5, "init", "timeout")
    wrong = InitReport(12.3456, "invoke", "error", "Runtime.ImportModuleError")

    assert init_report_line(make_function(""), late, NOW) == (
        "INIT_REPORT Init Duration: 10000.50 ms\tPhase: init\tStatus: timeout"
    )
    assert json.loads(init_report_line(make_function("", log_format="JSON"), wrong, NOW)) == {
        "time": "2026-01-02T03:04:05.678Z",
        "type": "platform.initReport",
        "record": {
            "initializationType": "on-demand",
            "phase": "invoke",
            "status": "error",
            "errorType": "Runtime.ImportModuleError",
            "metrics": {"durationMs": 12.346},
        },
    }


def test_json_lines(make_function: Callable[..., Function]) -> None:
    function = make_function("", log_format="JSON")

    [start] = [json.loads(line) for line in start_lines(function, "r1", NOW)]
    [report] = [json.loads(line) for line in report_lines(function, Report("r1", 12.3456, 98.7, 87, "success"), NOW)]

    assert start == {
        "time": "2026-01-02T03:04:05.678Z",
        "type": "platform.start",
        "record": {"requestId": "r1", "functionArn": function.arn, "version": "7"},
    }
    assert report["type"] == "platform.report"
    assert report["record"] == {
        "requestId": "r1",
        "status": "success",
        "metrics": {
            "durationMs": 12.346,
            "billedDurationMs": 13,
            "memorySizeMB": 256,
            "maxMemoryUsedMB": 87,
            "initDurationMs": 98.7,
        },
    }


@pytest.mark.parametrize(
    ("level", "status", "types"),
    [
        ("INFO", "success", ["platform.initStart", "platform.start", "platform.report"]),
        ("WARN", "success", []),
        ("WARN", "timeout", ["platform.report"]),
    ],
)
def test_the_system_level_warn_leaves_out_what_tells_of_no_failure(
    make_function: Callable[..., Function], level: str, status: str, types: list[str]
) -> None:
    """It drops the report of each invocation that succeeds (LAM-36)."""
    function = make_function("", log_format="JSON", system_log_level=level)
    report = Report("r1", 1.0, None, 87, status)

    lines = [*init_start_lines(function, NOW), *start_lines(function, "r1", NOW), *report_lines(function, report, NOW)]

    assert [json.loads(line)["type"] for line in lines] == types


def test_a_pipe_gives_whole_lines_and_at_the_end_the_rest() -> None:
    lines: list[str] = []
    pipe = LinePipe(lines.append)

    os.write(pipe.write_end, b"one\ntw")
    assert pipe.drain()
    first = list(lines)
    os.write(pipe.write_end, "o\rthrée".encode())
    os.close(pipe.write_end)
    assert not pipe.drain()
    os.close(pipe.read_end)

    assert first == ["one"]
    assert lines == ["one", "two", "thrée"]


def test_a_line_that_cannot_be_written_is_lost_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "main.log"
    path.symlink_to("/dev/full")

    file_log(path)("a line")

    assert caplog.messages == [f"{path} can't be written: No space left on device"]
