"""Writes to log streams with the rights of a function's role, as Lambda does."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.cloudwatch.outbox import Line, LogStreamAddress
from selador_local.data_plane.role_credentials import Credentials, RoleCredentials

if TYPE_CHECKING:
    from types_boto3_logs.client import CloudWatchLogsClient

# The most that one PutLogEvents takes (CW-41).
_MAX_EVENTS = 10_000
_MAX_BYTES = 1_048_576
_EVENT_OVERHEAD_BYTES = 26


class LogStreams:
    """Creates streams, and their groups if they are missing, and appends lines to them."""

    def __init__(self, control_plane: ControlPlane, credentials: RoleCredentials) -> None:
        self._control_plane = control_plane
        self._credentials = credentials
        self._clients: dict[str | None, tuple[Credentials | None, CloudWatchLogsClient]] = {}
        self._created: set[LogStreamAddress] = set()

    async def append(self, address: LogStreamAddress, lines: Sequence[Line]) -> None:
        """Append lines to a stream. Raises botocore's exceptions, and ControlPlaneError if there are no credentials."""
        credentials = await self._credentials.get(address.role_arn) if address.role_arn is not None else None
        await asyncio.to_thread(self._append, address, lines, credentials)

    def _append(self, address: LogStreamAddress, lines: Sequence[Line], credentials: Credentials | None) -> None:
        logs = self._client(address.role_arn, credentials)
        if address not in self._created:
            _create(logs, address)
            self._created.add(address)
        for batch in batches(lines):
            logs.put_log_events(
                logGroupName=address.group,
                logStreamName=address.stream,
                logEvents=[{"timestamp": int(line.time * 1000), "message": line.text} for line in batch],
            )

    def _client(self, role_arn: str | None, credentials: Credentials | None) -> "CloudWatchLogsClient":
        known = self._clients.get(role_arn)
        if known is None or known[0] is not credentials:
            arguments = self._control_plane.client_arguments
            config = Config(retries={"total_max_attempts": 1})
            if credentials is None:
                client = boto3.Session().client("logs", **arguments, config=config)
            else:
                client = boto3.Session().client(
                    "logs",
                    endpoint_url=arguments["endpoint_url"],
                    region_name=arguments["region_name"],
                    aws_access_key_id=credentials.access_key_id,
                    aws_secret_access_key=credentials.secret_access_key,
                    aws_session_token=credentials.session_token,
                    config=config,
                )
            known = self._clients[role_arn] = (credentials, client)
        return known[1]


def _create(logs: "CloudWatchLogsClient", address: LogStreamAddress) -> None:
    stream = {"logGroupName": address.group, "logStreamName": address.stream}
    try:
        logs.create_log_stream(**stream)
    except logs.exceptions.ResourceAlreadyExistsException:
        return
    except logs.exceptions.ResourceNotFoundException:
        logs.create_log_group(logGroupName=address.group)
        logs.create_log_stream(**stream)


def batches(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines in the order of their times, in batches that PutLogEvents takes; empty lines are no events."""
    batch: list[Line] = []
    size = 0
    for line in sorted((line for line in lines if line.text), key=lambda line: line.time):
        text = line.text.encode()[: _MAX_BYTES - _EVENT_OVERHEAD_BYTES].decode(errors="ignore")
        line_size = len(text.encode()) + _EVENT_OVERHEAD_BYTES
        if batch and (len(batch) == _MAX_EVENTS or size + line_size > _MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(Line(line.to, line.time, text))
        size += line_size
    if batch:
        yield batch
