"""The AWS CLI: what an engineer types, with the key and the addresses of the running stack."""

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from ..conftest import STUCK_SECONDS
from .clients import connect
from .deployment import STAGE, Deployment
from .stack import Stack, eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("aws") is None, reason="needs the AWS CLI, of version 1 or 2, on PATH"),
]

fact = pytest.mark.fact

REFUSED = {254, 255}
"""The CLI's exit status after a service's refusal, in its version 2 and its version 1."""


class Cli:
    """`aws`, by AWS's environment variables. For SQS, its version 1 heeds no endpoint among them."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        own = stack.control_plane
        self._folder = folder
        self._sqs = ("--endpoint-url", own.endpoint)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ACCESS_KEY_ID": own.access_key_id,
            "AWS_SECRET_ACCESS_KEY": own.secret_access_key,
            "AWS_DEFAULT_REGION": own.region,
            "AWS_ENDPOINT_URL": own.endpoint,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
            "NO_PROXY": "127.0.0.1",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        endpoint = self._sqs if arguments[0] == "sqs" else ()
        return subprocess.run(
            ["aws", *arguments, *endpoint, "--output", "json"],
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=STUCK_SECONDS,
            check=False,
        )

    def __call__(self, *arguments: str) -> Any:
        """Return what a command that succeeds prints."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    def file(self, content: str) -> str:
        """Return an argument that reads `content` from a file, byte for byte."""
        path = self._folder / uuid.uuid4().hex
        path.write_text(content, encoding="utf-8")
        return f"fileb://{path}"


@pytest.fixture
def aws(stack: Stack, tmp_path: Path) -> Cli:
    return Cli(stack, tmp_path)


@fact("SQS-30")
def test_a_queue_that_is_not_there_is_refused_by_its_older_name(aws: Cli, stack: Stack) -> None:
    url = f"{stack.control_plane.endpoint}/{stack.control_plane.account_id}/nobodys"

    done = aws.run("sqs", "receive-message", "--queue-url", url)

    assert done.returncode in REFUSED
    assert "AWS.SimpleQueueService.NonExistentQueue" in done.stderr


@fact("SQS-03", "SQS-29")
def test_a_message_and_its_attributes_come_back(aws: Cli) -> None:
    url = aws("sqs", "create-queue", "--queue-name", f"queue-{uuid.uuid4().hex[:10]}")["QueueUrl"]
    attributes = {"kind": {"DataType": "String", "StringValue": "question"}}
    sent = aws(
        *("sqs", "send-message", "--queue-url", url, "--message-body", "grüße"),
        *("--message-attributes", json.dumps(attributes)),
    )

    (message,) = aws("sqs", "receive-message", "--queue-url", url, "--message-attribute-names", "All")["Messages"]

    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "grüße")
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]


@fact("LAM-38")
def test_an_invocation_tells_its_version_and_its_functions_error(
    aws: Cli, deployment: Deployment, tmp_path: Path
) -> None:
    answer = tmp_path / "answer.json"
    payload = aws.file(json.dumps({"script": {"raise": "on purpose"}}))

    told = aws(
        *("lambda", "invoke", "--function-name", "scripted", "--qualifier", "live"),
        *("--payload", payload, str(answer)),
    )

    assert (told["StatusCode"], told["FunctionError"], told["ExecutedVersion"]) == (200, "Unhandled", "1")
    assert json.loads(answer.read_text())["errorMessage"] == "on purpose"


@fact("CB-01", "CB-02", "CB-03", "CB-07")
def test_a_connection_is_posted_to_described_and_closed(aws: Cli, stack: Stack, deployment: Deployment) -> None:
    endpoint = f"http://{stack.address}/{deployment.api}/{STAGE}"
    with connect(deployment.url(deployment.api), proxy=None) as connection:
        connection.send('{"action": "two-way"}')
        connection_id = json.loads(connection.recv())["requestContext"]["connectionId"]
        addressed = ("--connection-id", connection_id, "--endpoint-url", endpoint)

        aws("apigatewaymanagementapi", "post-to-connection", "--data", aws.file("grüße"), *addressed)
        described = aws("apigatewaymanagementapi", "get-connection", *addressed)
        aws("apigatewaymanagementapi", "delete-connection", *addressed)
        assert eventually(lambda: aws.run("apigatewaymanagementapi", "get-connection", *addressed).returncode)
        gone = aws.run("apigatewaymanagementapi", "get-connection", *addressed)

        assert connection.recv() == "grüße"
    assert described["Identity"]["SourceIp"] == "127.0.0.1"
    assert gone.returncode in REFUSED
    assert "GoneException" in gone.stderr


@fact("CW-42")
def test_a_functions_lines_are_filtered(aws: Cli, stack: Stack, deployment: Deployment) -> None:
    name = f"cli-{uuid.uuid4().hex[:10]}"
    aws("logs", "create-log-group", "--log-group-name", f"/aws/lambda/{name}")
    deployment.scripted(name)
    lines = [json.dumps({"requestId": name, "size": size}) for size in (1, 2)]
    for line in lines:
        payload = json.dumps({"script": {"print": line}})
        stack.client("lambda").invoke(FunctionName=name, Qualifier="live", Payload=payload)
    pattern = f'{{ $.requestId = "{name}" && $.size > 1 }}'

    def found() -> list[str]:
        asked = ("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{name}", "--filter-pattern", pattern)
        return [event["message"].strip() for event in aws(*asked)["events"]]

    assert eventually(found) == lines[1:]


@fact("CW-30", "CW-45")
def test_an_alarm_is_set_and_found_by_its_state(aws: Cli) -> None:
    name = f"alarm-{uuid.uuid4().hex[:10]}"
    aws(
        *("cloudwatch", "put-metric-alarm", "--alarm-name", name, "--namespace", "Cli", "--metric-name", name),
        *("--statistic", "Sum", "--period", "60", "--evaluation-periods", "1", "--threshold", "5"),
        *("--comparison-operator", "GreaterThanThreshold", "--treat-missing-data", "ignore"),
    )
    aws(
        *("cloudwatch", "set-alarm-state", "--alarm-name", name),
        *("--state-value", "ALARM", "--state-reason", "trying the topic"),
    )

    alarms = aws("cloudwatch", "describe-alarms", "--state-value", "ALARM", "--alarm-name-prefix", name)

    assert [(alarm["AlarmName"], alarm["StateReason"]) for alarm in alarms["MetricAlarms"]] == [
        (name, "trying the topic")
    ]
