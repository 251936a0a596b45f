"""What this project's own code and Terraform decide of a bill.

The functions and Terraform hold the same numbers and can't be read from here: tests/deploy/cost/test_system.py
compares each with its owner, or with the document in benchmarks/ that it was measured for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MEASURED = Path("benchmarks") / "log_bytes.json"
"""In the repository."""


@dataclass(frozen=True)
class System:
    """The numbers of one environment."""

    alarm_metrics: int = 86
    """Metrics that the alarms look at. CloudWatch bills each."""
    authorizer_alarm_metrics: int = 10
    """Those that are added with authorization by JWT."""
    composite_alarms: int = 4
    dashboards: int = 1
    metrics_of_an_answer: int = 13
    """Custom metrics that an answered request puts, each of one set of dimensions (CW-13). What fails puts others."""
    log_retention_days: int = 30
    handler_memory_mb: int = 512
    """The authorizer's too."""
    main_memory_mb: int = 512
    artifact_megabytes: int = 21
    """The three zips of a release. A kilobyte more or less, which a measurement may find, costs nothing."""

    lease_renewal_seconds: int = 20
    """Main renews its lease on the message once when it begins, and again after each of these."""
    heartbeat_seconds: int = 15
    """A client hears something at least so often."""
    greatest_frame_bytes: int = 32 * 1024
    post_seconds: float = 0.02
    """What a post takes. While one is in flight, text gathers for the next."""
    frame_bytes: int = 95
    """A frame without its text."""
    handler_invoke_cpu_ms: float = 1.340
    """CPU of a question at the websocket handler, on a whole CPU."""
    handler_other_cpu_ms: float = 0.268
    """CPU of a connection's beginning or end."""


@dataclass(frozen=True)
class Measured:
    """What the logs of the laptop stack hold of a request with a connection of its own: `make bench-logs`."""

    log_bytes_by_part: Mapping[str, int]
    """By who writes it: `main`, `websocket_handler`, `access`. Each line counts 26 bytes more, as CloudWatch does."""

    @property
    def log_bytes(self) -> int:
        """Return the bytes of all parts."""
        return sum(self.log_bytes_by_part.values())


def read_measured(root: Path) -> Measured:
    """Return what was measured last, as the repository at `root` holds it."""
    return Measured(json.loads((root / MEASURED).read_text(encoding="utf-8"))["bytesOfARequest"])
