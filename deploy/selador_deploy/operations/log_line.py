"""A line of a log group, as a person reads it. Pure.

Functions write JSON with `message`. Lambda writes JSON with `type` and `record` around it. API Gateway writes fields.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from selador_deploy.operations.redrive_rules import FAILED_AGAIN, NOT_YET_ENDED
from selador_deploy.operations.tables import Color


class Level(IntEnum):
    """How much a line matters."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3


COLORS: Mapping[Level, Color | None] = {
    Level.DEBUG: Color.DIM,
    Level.INFO: None,
    Level.WARNING: Color.YELLOW,
    Level.ERROR: Color.RED,
}


@dataclass(frozen=True)
class LogLine:
    """A line. `members` are those of its JSON object, none if it is no JSON."""

    at: datetime
    writer: str
    level: Level
    text: str
    members: Mapping[str, Any]

    @property
    def request_id(self) -> str | None:
        """The client's request that the line is about. API Gateway means its own ids by the same name."""
        return None if self.writer == "api" else _text(self.members.get("requestId")) or None

    @property
    def invocation(self) -> str | None:
        """The invocation that the line was written in, or is about."""
        record = self.members.get("record")
        own = record.get("requestId") if isinstance(record, dict) else None
        return _text(own or self.members.get("lambdaRequestId")) or None


def read_line(at: datetime, writer: str, message: str) -> LogLine:
    """Return what a line says."""
    try:
        members = json.loads(message)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        return LogLine(at, writer, Level.INFO, message.rstrip(), {})
    if isinstance(members.get("record"), dict):
        return LogLine(at, writer, *_platform(members), members)
    if writer == "api":
        return LogLine(at, writer, *_exchange(members), members)
    if members.get("message") == "attempt ended":
        return LogLine(at, writer, *_attempt_ended(members), members)
    if "message" not in members and "_aws" in members:
        return LogLine(at, writer, Level.DEBUG, f"counted {_counted(members)}", members)
    named = _text(members.get("level"), "info").upper()
    level = (
        Level[named] if named in Level.__members__ else Level.ERROR if named in {"CRITICAL", "FATAL"} else Level.INFO
    )
    return LogLine(at, writer, level, _message(members), members)


def _platform(members: Mapping[str, Any]) -> tuple[Level, str]:
    record, kind = members["record"], _text(members.get("type"))
    failed = record.get("status") not in {None, "success"}
    words = [
        {"platform.report": "invocation", "platform.initReport": "init"}.get(kind, kind),
        _text(record.get("status")),
        _text(record.get("errorType")),
    ]
    metrics = record.get("metrics")
    if isinstance(metrics, dict) and "durationMs" in metrics:
        words.append(f"after {duration(metrics['durationMs'])}")
    if isinstance(metrics, dict) and "maxMemoryUsedMB" in metrics:
        words.append(f"with {metrics['maxMemoryUsedMB']} of {metrics.get('memorySizeMB')} MB")
    return (Level.ERROR if failed else Level.DEBUG), " ".join(word for word in words if word)


def _exchange(members: Mapping[str, Any]) -> tuple[Level, str]:
    status = _text(members.get("status"))
    level = Level.ERROR if status.startswith("5") else Level.WARNING if status.startswith("4") else Level.INFO
    words = [_text(members.get("eventType")).lower(), _text(members.get("routeKey")), status]
    words += [_text(members.get(name)) for name in ("error", "integrationError", "connectionId")]
    return level, " ".join(word for word in words if word not in {"", "-"})


def _attempt_ended(members: Mapping[str, Any]) -> tuple[Level, str]:
    outcome = _text(members.get("outcome"))
    level = Level.ERROR if outcome in FAILED_AGAIN else Level.WARNING if outcome in NOT_YET_ENDED else Level.INFO
    figures = [
        f"{words} {value(members[name])}"
        for name, words, value in (
            ("AttemptDuration", "after", duration),
            ("QueueWait", "waited", duration),
            ("TimeToFirstToken", "first token after", duration),
            ("Frames", "frames", str),
            ("OutputTokens", "output tokens", str),
            ("retryAfterSeconds", "comes back after", lambda seconds: f"{seconds} s"),
        )
        if members.get(name)  # a message that comes back after 0 s has no pause to tell of
    ]
    why = [_text(members.get(name)) for name in ("code", "reason")]
    subject = "" if outcome in RAN_NOTHING else f"attempt {members.get('attempt')} "
    head = ": ".join(part for part in (f"{subject}{_WORDS.get(outcome, outcome)}", *why) if part)
    return level, f"{head} ({', '.join(figures)})" if figures else head


RAN_NOTHING = {"Buried", "Unreadable"}
"""The outcomes of receives that are no attempt."""

_WORDS: Mapping[str, str] = {
    "Abandoned": "ended: the client is gone",
    "AttemptFailed": "failed",
    "Blocked": "ended: a guardrail blocked it",
    "Buried": "buried: all attempts are used up, so the message goes to the dead-letter queue",
    "Completed": "completed",
    "Expired": "expired: the request's useful life is over",
    "Failed": "failed for good",
    "LeaseLost": "ended: another worker has the message",
    "Refused": "ended: the request was refused",
    "Unreadable": "unreadable, so the message goes to the dead-letter queue",
}
"""An attempt's end in words, by the fact `outcome`."""


def _message(members: Mapping[str, Any]) -> str:
    """Return the message and what else the line says, but for what every line of a request has."""
    facts = [f"{name}={value}" for name, value in members.items() if name not in _ON_EVERY_LINE]
    exception = members.get("exception")
    if isinstance(exception, list) and exception and isinstance(exception[0], dict):
        facts.append(f"exception={exception[0].get('exc_type')}")  # its text may quote a user's
    words = _text(members.get("message"), "a line without a message")
    if members.get("message") == "attempt started":
        words, facts = f"attempt {members.get('attempt')} started", [f"receive={members.get('receiveCount')}"]
    return f"{words}  {' '.join(facts)}".rstrip()


_ON_EVERY_LINE = {
    "FunctionName",
    "attempt",
    "claims",
    "connectionId",
    "exception",
    "lambdaRequestId",
    "level",
    "message",
    "messageId",
    "principalId",
    "requestId",
    "stackTrace",
    "timestamp",
    "traceId",
}


def _counted(members: Mapping[str, Any]) -> str:
    return ", ".join(name for name, value in members.items() if name[:1].isupper() and isinstance(value, int | float))


def duration(milliseconds: float) -> str:
    """Return a time as a person reads it: `340 ms`, `12.3 s`."""
    return f"{milliseconds:,.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:,.1f} s"


def _text(value: object, default: str = "") -> str:
    return value if isinstance(value, str) else default
