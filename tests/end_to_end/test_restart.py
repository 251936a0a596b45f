"""A stack that starts again: where it was, with what was applied. It brings up a stack of its own three times."""

import asyncio
import io
import json
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import boto3
import pytest

from selador_local.stack.authorization import Authorization
from selador_local.stack.failures import Failures
from selador_local.stack.output import Output
from selador_local.stack.progress import Progress
from selador_local.stack.stack import PROJECT, Stack, running

from ..conftest import first_port

pytestmark = pytest.mark.slow

PORT = first_port()


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


def with_stack(
    work_dir: Path,
    scenario: Callable[[Stack], Awaitable[None]],
    authorization: Authorization = Authorization.NONE,
) -> str:
    """Start the stack, and end it after the scenario; return the steps of the start."""
    shown = io.StringIO()

    async def run() -> None:
        start = running(
            Progress(Output(shown, {})),
            work_dir=work_dir,
            failures=Failures(PROJECT, work_dir / "logs", time.time, lambda _: None),
            port=PORT,
            authorization=authorization,
        )
        async with start as stack:
            await scenario(stack)

    asyncio.run(run())
    return shown.getvalue()


def test_a_second_start_needs_no_terraform_and_a_plan_then_is_empty(work_dir: Path) -> None:
    urls = []

    async def leave_a_message(stack: Stack) -> None:
        urls.append(stack.websocket_url)
        sqs = boto3.client("sqs", **stack.control_plane.client_arguments)
        sqs.send_message(QueueUrl=stack.outputs["dead_letter_queue_url"], MessageBody="left behind")

    async def look(stack: Stack) -> None:
        urls.append(stack.websocket_url)
        sqs = boto3.client("sqs", **stack.control_plane.client_arguments)
        (message,) = sqs.receive_message(QueueUrl=stack.outputs["dead_letter_queue_url"])["Messages"]
        assert message["Body"] == "left behind"
        planned = json.loads(await stack.terraform("plan", "--json"))
        assert planned["changes"] == []

    first = with_stack(work_dir, leave_a_message)
    second = with_stack(work_dir, look)

    assert "terraform apply" in first
    assert "with what the last stack left" in second
    assert "terraform" not in second
    assert urls[0] == urls[1]
    assert urls[0].startswith(f"ws://127.0.0.1:{PORT}/")


def test_another_way_of_authorization_is_all_that_is_applied(work_dir: Path) -> None:
    log = work_dir / "logs" / "terraform.log"
    before = log.stat().st_size

    async def ask_for_a_token(stack: Stack) -> None:
        assert stack.outputs["authorization"] == "jwt"

    with_stack(work_dir, ask_for_a_token, Authorization.JWT)

    created = re.findall(r"^(module\S+): Creating\.\.\.", log.read_text()[before:], re.MULTILINE)
    assert created
    assert {address for address in created if "queue" in address} == set()
