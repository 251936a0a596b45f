"""CloudWatch metrics in the Embedded Metric Format on stdout.

No call and no agent: CloudWatch Logs extracts the metrics from the line (CW-11). The dimension is the function's name.
Each set of dimension values is billed as a metric of its own (CW-13), so only outcomes have one more, their code.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any, Literal, get_args

NAMESPACE = "Selador"

Count = Literal[
    "Accepted",
    "AttemptFailed",
    "ConnectionRefused",
    "KeySetUnavailable",
    "Rejected",
    "SendFailed",
    "Unanswered",
    "Unauthorized",
    "Cancelled",  # nothing sends it yet: an answer that its user stopped will end so (protocol.CANCELLED)
    "Completed",
    "Failed",
    "Refused",
    "Blocked",
    "Abandoned",
    "Expired",
    "Buried",
    "Unreadable",
    "ClientUnresponsive",
    "DeploymentFault",
    "LeaseLost",
    "LeaseRenewalFailed",
    "Attempts",
    "BedrockThrottled",
    "FailedPosts",
    "Frames",
    "InputTokens",
    "OutputTokens",
    "Posts",
    "ThrottledPosts",
]
Milliseconds = Literal["AttemptDuration", "QueueWait", "TimeToFirstToken"]
Bytes = Literal["PostedBytes"]
Name = Count | Milliseconds | Bytes

_UNITS: dict[str, str] = {
    **dict.fromkeys(get_args(Count), "Count"),
    **dict.fromkeys(get_args(Milliseconds), "Milliseconds"),
    **dict.fromkeys(get_args(Bytes), "Bytes"),
}


def count(name: Count, *, now_ms: int | None = None) -> None:
    """Add one to the metric `name` of this function."""
    emit({name: 1}, now_ms=now_ms)


def emit(
    values: Mapping[Name, float],
    *,
    by_code: Count | None = None,
    facts: Mapping[str, Any] | None = None,
    now_ms: int | None = None,
) -> None:
    """Write one line with these metrics of this function, and `facts` beside them, which are no metrics.

    `by_code` names a metric that is also wanted by the fact `code`, where there is one.
    """
    facts = {name: value for name, value in (facts or {}).items() if value is not None}
    directives = [_directive(["FunctionName"], *values)]
    if by_code is not None and "code" in facts:
        directives.append(_directive(["FunctionName", "code"], by_code))
    document: dict[str, Any] = {
        "_aws": {
            "Timestamp": time.time_ns() // 1_000_000 if now_ms is None else now_ms,
            "CloudWatchMetrics": directives,
        },
        **facts,
        "FunctionName": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local"),
    }
    document.update({str(name): value for name, value in values.items()})
    # One write, so that lines of other threads don't end up inside it.
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def _directive(dimensions: list[str], *names: Name) -> dict[str, Any]:
    return {
        "Namespace": NAMESPACE,
        "Dimensions": [dimensions],
        "Metrics": [{"Name": name, "Unit": _UNITS[name]} for name in names],
    }
