"""Counts as CloudWatch metrics, in the Embedded Metric Format on stdout.

No call and no agent: CloudWatch Logs extracts the metric from the line (CW-11). The one dimension is the function's
name, since each set of dimension values is a metric of its own, billed (CW-13).
"""

import json
import os
import sys
import time
from typing import Literal

NAMESPACE = "Selador"

Name = Literal[
    "Accepted",
    "AttemptFailed",
    "ConnectionRefused",
    "KeySetUnavailable",
    "Rejected",
    "SendFailed",
    "Completed",
    "Failed",
    "Abandoned",
    "Buried",
    "Unreadable",
    "LeaseLost",
    "LeaseRenewalFailed",
]


def count(name: Name, *, now_ms: int | None = None) -> None:
    """Add one to the metric `name` of this function."""
    document = {
        "_aws": {
            "Timestamp": time.time_ns() // 1_000_000 if now_ms is None else now_ms,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [["FunctionName"]],
                    "Metrics": [{"Name": name, "Unit": "Count"}],
                }
            ],
        },
        "FunctionName": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local"),
        name: 1,
    }
    # One write, so that lines of other threads don't end up inside it.
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()
