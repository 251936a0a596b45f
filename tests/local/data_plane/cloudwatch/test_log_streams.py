"""Lines in log streams of a real control plane, written with a role's own rights."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.cloudwatch.log_streams import LogStreams, batches
from selador_local.data_plane.cloudwatch.outbox import Line, LogStreamAddress
from selador_local.data_plane.role_credentials import RoleCredentials

if TYPE_CHECKING:
    from types_boto3_logs.client import CloudWatchLogsClient

NOWHERE = LogStreamAddress("", "", None)
WRITE = ["logs:CreateLogStream", "logs:PutLogEvents"]


def lines(*texts: str, to: LogStreamAddress = NOWHERE) -> list[Line]:
    return [Line(to, number, text) for number, text in enumerate(texts, int(time.time()) - 60)]


@pytest.fixture
def logs(control_plane: ControlPlane) -> "CloudWatchLogsClient":
    return boto3.Session().client("logs", **control_plane.client_arguments)


def append(control_plane: ControlPlane, address: LogStreamAddress, *texts: str) -> None:
    streams = LogStreams(control_plane, RoleCredentials(control_plane))
    for text in texts:
        asyncio.run(streams.append(address, lines(text, to=address)))


def test_lines_of_a_role_that_may_write_are_read_back(
    control_plane: ControlPlane, terraform: Any, logs: "CloudWatchLogsClient"
) -> None:
    logs.create_log_group(logGroupName="/aws/lambda/main")
    role = terraform.role("writer", {"Action": WRITE, "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/main:*"})

    append(control_plane, LogStreamAddress("/aws/lambda/main", "2026/01/01/[1]ab", role), "a", "b")

    found = logs.filter_log_events(logGroupName="/aws/lambda/main")["events"]
    assert [(event["logStreamName"], event["message"]) for event in found] == [
        ("2026/01/01/[1]ab", "a"),
        ("2026/01/01/[1]ab", "b"),
    ]


def test_a_role_that_may_not_write_is_refused(
    control_plane: ControlPlane, terraform: Any, logs: "CloudWatchLogsClient"
) -> None:
    logs.create_log_group(logGroupName="/aws/lambda/other")
    role = terraform.role("elsewhere", {"Action": WRITE, "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/main:*"})

    with pytest.raises(ClientError, match="not authorized to perform: logs:CreateLogStream"):
        append(control_plane, LogStreamAddress("/aws/lambda/other", "stream", role), "a")


def test_a_missing_group_is_created_by_whoever_may(control_plane: ControlPlane, logs: "CloudWatchLogsClient") -> None:
    append(control_plane, LogStreamAddress("/aws/apigateway/new/access", "stream", None), "a")
    append(control_plane, LogStreamAddress("/aws/apigateway/new/access", "stream", None), "b")

    events = logs.get_log_events(logGroupName="/aws/apigateway/new/access", logStreamName="stream")["events"]
    assert [event["message"] for event in events] == ["a", "b"]


def test_batches_are_in_the_order_of_times_and_leave_out_empty_lines() -> None:
    early, empty, late = Line(NOWHERE, 1, "a"), Line(NOWHERE, 2, ""), Line(NOWHERE, 3, "b")

    assert list(batches([late, empty, early])) == [[early, late]]
    assert list(batches([empty])) == []


def test_batches_are_no_larger_than_put_log_events_takes() -> None:
    """10,000 events and 1 MiB, each event with 26 bytes of its own (CW-41)."""
    half = 2**19 - 26

    assert [len(batch) for batch in batches(lines("ü" * (half // 2), "x" * half, "x"))] == [2, 1]
    assert [len(batch) for batch in batches(lines(*["x"] * 10_001))] == [10_000, 1]


def test_a_line_that_is_too_long_is_cut_between_characters() -> None:
    ((cut,),) = batches(lines("ü" * 2**20))

    assert len(cut.text.encode()) == 2**20 - 26
    assert set(cut.text) == {"ü"}
