"""Every command of the runbooks, run in a shell against a laptop stack, in the order of the pages.

What changes something is put back by the commands beside it, so that the next page finds a whole deployment.
"""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from selador_local.issuer.keys import open_keys
from selador_local.issuer.tokens import mint
from selador_local.stack.authorization import Authorization
from selador_local.stack.stack import ISSUER, PROJECT, Stack

from ..patience import COMMAND_SECONDS, in_loop
from ..terraform.runbooks import read_runbooks, shell
from .conftest import brought_up, connected

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

ASKED = "runbooks"
# Each command is a file, run in the same shell one after the other: what one breaks off doesn't end the others.
SCRIPT = """
for command in "$FOLDER"/*.command; do
    eval "$(cat "$command")" >"${command%.command}.out" 2>&1 </dev/null
    echo $? >"${command%.command}.status"
done
"""


@pytest.fixture(scope="module")
def jwt_stack(loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that has an authorizer, since some alarms are about it."""
    parts = AsyncExitStack()
    work_dir = tmp_path_factory.mktemp("runbooks")
    try:
        up = parts.enter_async_context(brought_up(work_dir, authorization=Authorization.JWT, remembers=False))
        yield in_loop(loop, up, "the stack is up", COMMAND_SECONDS)
    finally:
        in_loop(loop, parts.aclose(), "the stack is down", COMMAND_SECONDS)


@pytest.fixture(scope="module")
def token(jwt_stack: Stack) -> str:
    keys = open_keys(jwt_stack.terraform.stack_file.parent / ISSUER, datetime.now(UTC))
    issuer = json.loads(jwt_stack.terraform.variables["jwt"])["issuer"]
    return mint(keys, issuer, "on-call", datetime.now(UTC))


@pytest.fixture(scope="module")
def environment(jwt_stack: Stack, token: str) -> dict[str, str]:
    """What a person's shell has: the stack's address and key, a token, and the id of a request that was asked."""
    facts = json.loads(jwt_stack.terraform.stack_file.read_text())
    with connected(jwt_stack, f"bearer.{token}") as client:
        client.send({"action": "invoke", "text": "How long is the notice period?", "requestId": ASKED})
        client.receive_until("completed", "error")
    others = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))}
    return {
        **others,
        **facts["environment"],
        "AWS_PAGER": "",
        "CURL_CA_BUNDLE": str(jwt_stack.terraform.stack_file.parent / ISSUER / "certificate.pem"),
        "ENV": "local",
        "REQUEST": ASKED,
        "SELADOR_TOKEN": token,
    }


@pytest.fixture(scope="module")
def as_on_call(jwt_stack: Stack) -> None:
    """Let somebody hear pages, and let each function have had a release before."""
    arguments = jwt_stack.control_plane.client_arguments
    outputs = jwt_stack.outputs
    make: Any = boto3.client  # its 400 overloads name each service
    sqs, sns, functions = (make(name, **arguments) for name in ("sqs", "sns", "lambda"))
    url = sqs.create_queue(QueueName="on-call")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for topic in (outputs["alarm_topic_arn"], outputs["ticket_topic_arn"]):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    for name in (outputs["main_function_name"], outputs["websocket_handler_function_name"]):
        described = functions.get_function_configuration(FunctionName=name)["Description"]
        functions.update_function_configuration(FunctionName=name, Description="a release that was taken back")
        functions.publish_version(FunctionName=name)
        functions.update_function_configuration(FunctionName=name, Description=described)


def written() -> list[str]:
    """Return the shell's commands and then those of each page, each once."""
    pages = (command for runbook in read_runbooks().values() for command in runbook.commands)
    return list(dict.fromkeys([*shell(), *pages]))


def test_every_command_of_the_runbooks_runs(as_on_call: None, environment: dict[str, str], tmp_path: Path) -> None:
    for program in ("aws", "bash", "curl", "jq"):
        assert shutil.which(program), f"the runbooks need {program}"
    commands = written()
    for number, command in enumerate(commands):
        (tmp_path / f"{number:04}.command").write_text(command)

    with suppress(subprocess.TimeoutExpired):  # the command that has no status then is the one that never ended
        subprocess.run(
            ["bash", "-c", SCRIPT],
            cwd=PROJECT,
            env={**environment, "FOLDER": str(tmp_path)},
            check=True,
            timeout=2 * COMMAND_SECONDS,
        )

    failed = []
    for number, command in enumerate(commands):
        file = tmp_path / f"{number:04}.status"
        if not file.exists():
            failed.append(f"{command}\n    has not ended; what comes after it was not run")
            break
        status = file.read_text().strip()
        # The release that was taken back is a drift, and make ends with 2 for it.
        if status != "0" and not (command.startswith("make drift") and status == "2"):
            failed.append(f"{command}\n    status {status}: {(tmp_path / f'{number:04}.out').read_text().strip()}")
    assert len(commands) > 100
    assert not failed, "\n".join(failed)
