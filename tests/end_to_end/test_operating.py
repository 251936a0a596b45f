"""The running stack, operated from another terminal: by ENV=local, by AWS's own clients, by its faults."""

import json
import os
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping

import boto3
import pytest
from websockets.exceptions import InvalidStatus

from selador_deploy.cli import COMMANDS, ENV
from selador_local.stack.stack import PROJECT, WORK_DIR, Stack

from ..patience import COMMAND_SECONDS
from .conftest import connected_to

pytestmark = pytest.mark.end_to_end

READS = ("doctor", "outputs", "plan", "show", "drift", "smoke")
"""The commands that change nothing; the others end an environment, or have a test of their own."""

# A terminal that is signed in to a real account.
TERMINAL = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
    "AWS_PROFILE": "prod",
    "AWS_SESSION_TOKEN": "of prod",
}


def ran(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, cwd=PROJECT, env=TERMINAL, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS
    )


@pytest.fixture(scope="module")
def shell(stack: Stack) -> Mapping[str, str]:
    """What `eval "$(make -s local-env)"` sets."""
    printed = ran("selador_local", "env").stdout
    exports = (shlex.split(line)[1].partition("=") for line in printed.splitlines() if line.startswith("export "))
    return {name: value for name, _, value in exports}


@pytest.mark.parametrize("name", READS)
def test_a_command_for_the_environment_local_reaches_the_stack(stack: Stack, name: str) -> None:
    done = ran("selador_deploy", name, "--env", "local")

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert name != "plan" or "No changes." in done.stdout


def test_the_commands_that_read_are_commands() -> None:
    assert set(READS) < {command.name for command in COMMANDS if ENV in command.flags}


def test_only_the_owner_may_read_the_key(stack: Stack) -> None:
    assert (WORK_DIR / "stack.json").stat().st_mode & 0o777 == 0o600


def test_aws_clients_reach_the_stack_by_the_shells_variables(stack: Stack, shell: Mapping[str, str]) -> None:
    client = boto3.client(
        "sqs",
        endpoint_url=shell["AWS_ENDPOINT_URL"],
        region_name=shell["AWS_REGION"],
        aws_access_key_id=shell["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=shell["AWS_SECRET_ACCESS_KEY"],
    )

    assert stack.outputs["queue_url"] in client.list_queues()["QueueUrls"]


@pytest.mark.parametrize(
    ("place", "path", "body"),
    [
        ("SELADOR_FAULTS", "workers", {"requestId": "nobody's", "do": "kill"}),
        ("SELADOR_FAULTS", "posts", {"requestId": "nobody's", "status": 500}),
        ("SELADOR_FAULTS", "time-limits", {"requestId": "nobody's", "seconds": 12}),
        ("SELADOR_BEDROCK_FAULTS", "faults", {"fault": "throttle", "question": "nobody asks this"}),
    ],
)
def test_faults_are_where_the_documents_say(
    stack: Stack, shell: Mapping[str, str], place: str, path: str, body: dict[str, object]
) -> None:
    request = urllib.request.Request(f"{shell[place]}/{path}", data=json.dumps(body).encode(), method="POST")

    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status < 300


def test_a_permission_that_is_taken_away_refuses_within_seconds(
    stack: Stack, eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    """And Terraform finds it missing, and puts it back."""
    functions = boto3.client("lambda", **stack.control_plane.client_arguments)
    handler = stack.outputs["websocket_handler_function_name"]
    policy = json.loads(functions.get_policy(FunctionName=handler, Qualifier="live")["Policy"])
    (statement,) = (one for one in policy["Statement"] if "$connect" in json.dumps(one["Condition"]))

    functions.remove_permission(FunctionName=handler, Qualifier="live", StatementId=statement["Sid"])
    try:
        assert eventually(lambda: _handshake(stack) == 500)
    finally:
        functions.add_permission(
            FunctionName=handler,
            Qualifier="live",
            StatementId=statement["Sid"],
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
        )
    assert eventually(lambda: _handshake(stack) == 101)


def _handshake(stack: Stack) -> int:
    try:
        with connected_to(stack.websocket_url):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
