"""What a laptop stack keeps of logs and metrics, filled to its bounds: load then adds nothing to it."""

import itertools
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import boto3

from selador_local.cloudwatch.metric_store import MAX_VALUES
from selador_local.cloudwatch_logs.event_store import MAX_GROUP_BYTES

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import InputLogEventTypeDef

_STREAM = "fill"
_MESSAGE = "x" * 200  # about as long as most lines of the functions are
_EVENTS = 4_000  # a call takes 1 MiB at most, in which each event counts 26 bytes more (CW-41)
_VALUES = 150  # of a datum (CW-44)
_DATA = 100  # of a call


def fill_stores(environment: Mapping[str, str]) -> None:
    """Put lines into each log group of the stack, and values of a metric, until it forgets the oldest.

    `environment` has the variables by which the stack is reached.
    """
    make: Any = boto3.client  # its 400 overloads name each service
    arguments = {
        "endpoint_url": environment["AWS_ENDPOINT_URL"],
        "region_name": environment["AWS_REGION"],
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }
    _fill_log_groups(make("logs", **arguments))
    _fill_metrics(make("cloudwatch", **arguments))


def _fill_log_groups(logs: Any) -> None:
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        logs.create_log_stream(logGroupName=name, logStreamName=_STREAM)
        for _ in range(MAX_GROUP_BYTES // (_EVENTS * len(_MESSAGE)) + 1):
            now = round(time.time() * 1000)
            events: list[InputLogEventTypeDef] = [{"timestamp": now, "message": _MESSAGE}] * _EVENTS
            logs.put_log_events(logGroupName=name, logStreamName=_STREAM, logEvents=events)


def _fill_metrics(cloudwatch: Any) -> None:
    values = (float(number) for number in itertools.count())
    for _ in range(MAX_VALUES // (_VALUES * _DATA) + 1):
        cloudwatch.put_metric_data(Namespace="Fill", MetricData=[_datum(values) for _ in range(_DATA)])


def _datum(values: Iterable[float]) -> dict[str, Any]:
    some = list(itertools.islice(values, _VALUES))
    return {"MetricName": "Fill", "Values": some, "Counts": [1.0] * len(some)}
