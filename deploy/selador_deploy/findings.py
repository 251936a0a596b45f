"""Report what a command looked at and found: a line each, and one exit status."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Verdict(Enum):
    """How it is. `WARNING`: it works, but not for long, or not under load. `UNKNOWN`: AWS can't be asked."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what was found."""

    subject: str
    verdict: Verdict
    detail: str
    end: datetime | None = None
    """When what was looked at ends, if that is known."""

    def __str__(self) -> str:
        return f"{self.verdict.value:8}{self.subject:17}{self.detail}"


def report(findings: Iterable[Finding]) -> int:
    """Print each finding as it is made; return the exit status, 1 if anything is missing."""
    status = 0
    for finding in findings:
        print(finding, flush=True)
        if finding.verdict is Verdict.MISSING:
            status = 1
    return status
