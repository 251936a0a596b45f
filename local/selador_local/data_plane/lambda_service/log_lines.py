"""A function's log: its own lines, and those that Lambda writes around them as text (LAM-32) or JSON (LAM-35)."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from selador_local import log_files
from selador_local.data_plane.deployment import Function

_logger = logging.getLogger(__name__)

Log = Callable[[str], None]
"""Writes one line."""


@dataclass(frozen=True)
class Report:
    """Lambda's report on an invocation that is over. `status` is success, error or timeout."""

    request_id: str
    duration_ms: float
    init_ms: float | None
    peak_memory_mb: int
    status: str
    error_type: str | None = None


@dataclass(frozen=True)
class InitReport:
    """A failed initialization. `status` is error or timeout, `phase` init or, if an invocation repeats it, invoke."""

    duration_ms: float
    phase: str
    status: str
    error_type: str | None = None


def file_log(path: Path) -> Log:
    """Return a log that appends whole lines to `path`, and begins a new file if that grows too long.

    A line that can't be written, as on a full disk, is lost with a warning: the function's work goes on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)

    def write(line: str) -> None:
        try:
            log_files.append(path, line)
        except OSError as error:
            _logger.warning("%s can't be written: %s", path, error.strerror)

    return write


def init_start_lines(function: Function, now: datetime) -> list[str]:
    """Return the line with which a new environment begins (LAM-55). The number of the runtime's version is invented."""
    version = f"{function.runtime.replace('python', 'python:')}.v0"
    region = function.arn.split(":")[3]
    version_arn = f"arn:aws:lambda:{region}::runtime:{sha256(version.encode()).hexdigest()}"
    if function.log_format == "JSON":
        record = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": version,
            "runtimeVersionArn": version_arn,
            "functionName": function.name,
            "functionVersion": function.version,
            "instanceMaxMemory": function.memory_mb * 2**20,
        }
        return [_json(now, "platform.initStart", record)] if _writes_routine(function) else []
    return [f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {version_arn}"]


def init_report_line(function: Function, init: InitReport, now: datetime) -> str:
    """Return the line after an initialization that failed (LAM-34)."""
    if function.log_format == "JSON":
        record: dict[str, object] = {
            "initializationType": "on-demand",
            "phase": init.phase,
            "status": init.status,
            "metrics": {"durationMs": round(init.duration_ms, 3)},
        }
        if init.error_type is not None:
            record["errorType"] = init.error_type
        return _json(now, "platform.initReport", record)
    parts = [
        f"INIT_REPORT Init Duration: {init.duration_ms:.2f} ms",
        f"Phase: {init.phase}",
        f"Status: {init.status}",
    ]
    if init.error_type is not None:
        parts.append(f"Error Type: {init.error_type}")
    return "\t".join(parts)


def start_lines(function: Function, request_id: str, now: datetime) -> list[str]:
    if function.log_format == "JSON":
        record = {"requestId": request_id, "functionArn": function.arn, "version": function.version}
        return [_json(now, "platform.start", record)] if _writes_routine(function) else []
    return [f"START RequestId: {request_id} Version: {function.version}"]


def report_lines(function: Function, report: Report, now: datetime) -> list[str]:
    billed_ms = int(report.duration_ms) + 1
    if function.log_format == "JSON":
        if report.status == "success" and not _writes_routine(function):
            return []
        metrics: dict[str, float] = {
            "durationMs": round(report.duration_ms, 3),
            "billedDurationMs": billed_ms,
            "memorySizeMB": function.memory_mb,
            "maxMemoryUsedMB": report.peak_memory_mb,
        }
        if report.init_ms is not None:
            metrics["initDurationMs"] = round(report.init_ms, 3)
        record: dict[str, object] = {"requestId": report.request_id, "metrics": metrics, "status": report.status}
        if report.error_type is not None:
            record["errorType"] = report.error_type
        return [_json(now, "platform.report", record)]
    parts = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {billed_ms} ms",
        f"Memory Size: {function.memory_mb} MB",
        f"Max Memory Used: {report.peak_memory_mb} MB",
    ]
    if report.init_ms is not None:
        parts.append(f"Init Duration: {report.init_ms:.2f} ms")
    if report.status != "success":
        parts.append(f"Status: {report.status}")  # only after a failure (LAM-33)
    if report.error_type is not None:
        parts.append(f"Error Type: {report.error_type}")
    return [f"END RequestId: {report.request_id}", "\t".join(parts)]


class LinePipe:
    """A pipe for a process's output. It can be emptied at once, so that output before an answer is logged before it.

    A line ends in a newline or, as in awslambdaric's tracebacks, in a carriage return.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._rest = b""
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)

    def drain(self) -> bool:
        """Log the output so far; return False at the end of the stream."""
        while True:
            try:
                data = os.read(self.read_end, 2**16)
            except BlockingIOError:
                return True
            *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
            if not data and self._rest:
                lines, self._rest = [self._rest], b""
            for line in lines:
                self._log(line.decode(errors="replace"))
            if not data:
                return False


def _writes_routine(function: Function) -> bool:
    """Return whether Lambda writes lines that tell of no failure. The level WARN leaves them out (LAM-36)."""
    return function.system_log_level != "WARN"


def _json(now: datetime, kind: str, record: Mapping[str, object]) -> str:
    time = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": time, "type": kind, "record": record})
