"""A deployed environment for the commands that operate it: queues, connections and logs in memory."""

# ruff: noqa: N803 # the clients' own names

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selador_deploy.cli import COMMANDS
from selador_deploy.command import parse
from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError
from selador_deploy.progress import say
from selador_deploy.terraform import Terraform
from selador_local.cloudwatch_logs import insights_query
from selador_local.cloudwatch_logs.event_store import LogEvent

from ..conftest import ACCOUNT, FakeAws

type Operate = Callable[..., int]

QUEUE = "https://sqs/requests"
DEAD = "https://sqs/requests-dead-letter"
MAIN, HANDLER = "/aws/lambda/main", "/aws/lambda/handler"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
OUTPUTS = {
    "queue_url": QUEUE,
    "dead_letter_queue_url": DEAD,
    "callback_url": "https://api/live",
    "log_group_names": {"main": MAIN, "websocket_handler": HANDLER, "authorizer": None, "api_access": "/api/access"},
    "request_limits": {"max_age_seconds": 900, "max_attempts": 3},
}


def refusal(code: str, status: int) -> ClientError:
    """Return AWS's error, as botocore raises it."""
    response: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "an operation")


def envelope(request_id: str = "r-1", **members: Any) -> str:
    """Return a body as the handler queues it."""
    whole = {
        "version": 1,
        "requestId": request_id,
        "connectionId": f"connection-of-{request_id}",
        "receivedAt": int((NOW - timedelta(minutes=5)).timestamp() * 1000),
        "attemptsBefore": 0,
        "request": {"action": "invoke", "type": "query", "text": "a secret question"},
    }
    return json.dumps(whole | members)


@dataclass
class FakeSqs:
    """Queues whose received messages are hidden until they are shown again. `fails` raises at an operation."""

    queues: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {QUEUE: [], DEAD: []})
    hidden: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    fails: dict[str, BaseException] = field(default_factory=dict)
    after: Callable[[str], None] = lambda _: None
    """Is told of each operation when it is done."""

    def put(self, body: str, message_id: str, *, receives: int = 5, **attributes: Any) -> None:
        """Put a message into the dead-letter queue, as SQS moves one there."""
        sent = json.loads(body).get("receivedAt", 0) if body.startswith("{") else 0
        system = {"SentTimestamp": str(sent), "ApproximateReceiveCount": str(receives), "MessageGroupId": "alice"}
        self.queues[DEAD].append({"MessageId": message_id, "Body": body, "Attributes": system, **attributes})

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:
        self._call("receive_message")
        visible = [one for one in self.queues[QueueUrl] if one["MessageId"] not in self.hidden][:MaxNumberOfMessages]
        self.hidden |= {one["MessageId"] for one in visible}
        return {"Messages": [{**one, "ReceiptHandle": f"handle-{one['MessageId']}"} for one in visible]}

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> None:
        self._call("change_message_visibility_batch")
        assert len({entry["Id"] for entry in Entries}) == len(Entries) <= 10
        self.hidden -= {entry["ReceiptHandle"].removeprefix("handle-") for entry in Entries}

    def send_message(self, **arguments: Any) -> dict[str, str]:
        self._call("send_message")
        number = sum(call == "send_message" for call in self.calls)
        self.queues[arguments["QueueUrl"]].append({**arguments, "MessageId": f"sent-{number}"})
        self.after("send_message")
        return {"MessageId": f"sent-{number}"}

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:
        self._call("delete_message")
        gone = ReceiptHandle.removeprefix("handle-")
        self.hidden.discard(gone)
        self.queues[QueueUrl] = [one for one in self.queues[QueueUrl] if one["MessageId"] != gone]
        self.after("delete_message")

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        self._call("get_queue_attributes")
        return {"Attributes": {AttributeNames[0]: str(len(self.queues[QueueUrl])), AttributeNames[1]: "0"}}

    def dead(self) -> list[str]:
        """Return the ids of the dead letters."""
        return [one["MessageId"] for one in self.queues[DEAD]]

    def sent(self) -> list[dict[str, Any]]:
        """Return the bodies of what was sent again."""
        return [json.loads(one["MessageBody"]) for one in self.queues[QUEUE]]

    def _call(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.fails:
            raise self.fails[operation]


@dataclass
class FakeConnections:
    """@connections, whose clients are all there but for those that a test names."""

    gone: set[str] = field(default_factory=set)
    error: ClientError | None = None

    def get_connection(self, ConnectionId: str) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        if ConnectionId in self.gone:
            raise refusal("GoneException", 410)
        return {"ConnectedAt": NOW}


@dataclass
class FakeLogs:
    """Log groups, whose queries the laptop's Logs Insights answers."""

    lines: list[tuple[datetime, str, str]] = field(default_factory=list)
    """When, in which group, what."""
    queries: list[str] = field(default_factory=list)
    error: Exception | None = None

    def write(self, group: str, at: datetime = NOW, **members: Any) -> None:
        """Add a line of JSON."""
        self.lines.append((at, group, json.dumps(members)))

    def start_query(
        self, logGroupNames: list[str], queryString: str, startTime: int, endTime: int, limit: int
    ) -> dict[str, str]:
        if self.error is not None:
            raise self.error
        self.queries.append(queryString)
        events = [
            (LogEvent(number, "a-stream", int(at.timestamp() * 1000), 0, text), f"123456789012:{group}")
            for number, (at, group, text) in enumerate(self.lines)
            if group in logGroupNames and startTime <= at.timestamp() < endTime + 1
        ]
        self._rows = insights_query.run(queryString, events, limit)
        return {"queryId": "a-query"}

    def get_query_results(self, queryId: str) -> dict[str, Any]:
        rows = [[{"field": name, "value": value} for name, value in row.items()] for row in self._rows]
        return {"status": "Complete", "results": rows}

    def get_paginator(self, operation: str) -> "FakeLogs":
        assert operation == "filter_log_events"
        return self

    def paginate(self, logGroupName: str, startTime: int) -> list[dict[str, Any]]:
        if self.error is not None:
            raise self.error
        events = [
            {"eventId": str(number), "timestamp": int(at.timestamp() * 1000), "message": text}
            for number, (at, group, text) in enumerate(self.lines)
            if group == logGroupName and at.timestamp() * 1000 >= startTime
        ]
        return [{"events": events}]


@pytest.fixture
def sqs(aws: FakeAws) -> FakeSqs:
    fake = aws.others["sqs"] = FakeSqs()
    return fake


@pytest.fixture
def connections(aws: FakeAws) -> FakeConnections:
    fake = aws.others["apigatewaymanagementapi"] = FakeConnections()
    return fake


@pytest.fixture
def logs(aws: FakeAws) -> FakeLogs:
    fake = aws.others["logs"] = FakeLogs()
    return fake


class DeployedTerraform(Terraform):
    """Terraform after an apply: all that these commands ask of it are its outputs."""

    def capture(self, *arguments: str, data_dir: Path, folder: Path | None = None) -> str:
        assert arguments == ("output", "-json")
        return (self.root / "outputs.json").read_text()


class ReadEnvironment(Environment):
    """An environment whose files were read."""

    variables: Any = {"allowed_account_ids": [ACCOUNT]}  # noqa: RUF012 # a property elsewhere
    backend_settings: Any = {"bucket": "b", "key": "k", "region": "r"}  # noqa: RUF012 # a property elsewhere


@pytest.fixture
def deployment(tmp_path: Path, aws: FakeAws) -> Deployment:
    """The environment dev, initialized and applied."""
    environment = ReadEnvironment("dev", DeployedTerraform(tmp_path, {}, color=False))
    environment.data_dir.mkdir(parents=True)
    (environment.data_dir / "environment").write_text("dev")
    config = {"backend": {"config": environment.backend_settings}}
    (environment.data_dir / "terraform.tfstate").write_text(json.dumps(config))
    (tmp_path / "outputs.json").write_text(json.dumps({name: {"value": value} for name, value in OUTPUTS.items()}))
    return Deployment(environment, aws, lambda: NOW)


@pytest.fixture
def operate(deployment: Deployment, sqs: FakeSqs, connections: FakeConnections, logs: FakeLogs) -> Operate:
    """Run a command on dev, as the command line does."""

    def operate(*arguments: str, **environ: str) -> int:
        command, options = parse(COMMANDS, [arguments[0], "--env", "dev", *arguments[1:]], environ, "")
        options.pop("env")
        try:
            return command.function(deployment, **options) or 0
        except DeployError as error:
            say(str(error))
            return error.status

    return operate
