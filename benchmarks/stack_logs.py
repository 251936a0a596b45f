"""The log groups of a laptop stack, filled to what they keep at most."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import InputLogEventTypeDef

_GROUP_BYTES = 16 * 2**20  # what the stack keeps of a group
_STREAM = "fill"
_MESSAGE = "x" * 450  # about as long as the functions' lines are
_EVENTS = 2_000  # a call takes 1 MiB at most, in which each event counts 26 bytes more (CW-41)


def fill_log_groups(environment: Mapping[str, str]) -> None:
    """Put so many lines into each group of the stack, reached by these variables, that it forgets its oldest."""
    logs = boto3.client(
        "logs",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        logs.create_log_stream(logGroupName=name, logStreamName=_STREAM)
        for _ in range(_GROUP_BYTES // (_EVENTS * len(_MESSAGE)) + 1):
            now = round(time.time() * 1000)
            events: list[InputLogEventTypeDef] = [{"timestamp": now, "message": _MESSAGE}] * _EVENTS
            logs.put_log_events(logGroupName=name, logStreamName=_STREAM, logEvents=events)
