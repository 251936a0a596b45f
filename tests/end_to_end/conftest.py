"""One stack for the whole run: real Terraform, real zips, real sockets, brought up as `make demo` brings it up."""

import asyncio
import json
import os
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from jsonschema import Draft202012Validator
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from selador_local.data_plane.fault_targets import request_id
from selador_local.log_files import rotate
from selador_local.stack.failures import Failures
from selador_local.stack.output import Output
from selador_local.stack.progress import Progress
from selador_local.stack.stack import PROJECT, WORK_DIR, Stack, running

from ..conftest import STUCK_SECONDS, event_loop, first_port
from ..patience import COMMAND_SECONDS, in_loop

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

type Apply = Callable[[Mapping[str, str] | None], None]

FRAME_SECONDS = STUCK_SECONDS
"""A test gives up when no frame comes for so long; a heartbeat is due after 15 s."""

ANSWER_SECONDS = 15 * 60
"""A test gives up when an answer has no end after so long, though heartbeats come."""

DEAD: list[str] = []
"""The bodies of what was taken from the dead-letter queue so far: one test may take another's."""

PUBLISHED = Draft202012Validator(
    json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "frame.json").read_text())
)


def child_processes() -> set[Path]:
    """Return the /proc folders of this process's children: the control plane and the functions' environments."""
    children = Path("/proc/self/task").glob("*/children")
    return {Path("/proc", pid) for path in children for pid in path.read_text().split()}


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The stack's event loop."""
    with event_loop() as loop:
        yield loop


@asynccontextmanager
async def brought_up(work_dir: Path = WORK_DIR, **options: Any) -> AsyncIterator[Stack]:
    """A stack whose functions all start; its progress is on stderr."""
    failures = Failures(PROJECT, work_dir / "logs", time.time, lambda _: None)
    progress = Progress(Output(sys.stderr, os.environ))
    options = {"port": first_port(), **options}
    async with running(progress, work_dir=work_dir, failures=failures, **options) as stack:
        assert failures.newest_first() == []
        yield stack


@pytest.fixture(scope="session")
def stack(loop: asyncio.AbstractEventLoop) -> Iterator[Stack]:
    for log in (WORK_DIR / "logs").glob("selador-*.log"):
        rotate(log, max_bytes=0)  # one that grew to its limit in the midst of a test would begin anew
    parts = AsyncExitStack()
    processes: set[Path] = set()
    try:
        up = parts.enter_async_context(brought_up(remembers=False))
        yield in_loop(loop, up, "the stack is up", COMMAND_SECONDS)
        processes = child_processes()
    finally:
        in_loop(loop, parts.aclose(), "the stack is down", COMMAND_SECONDS)
    assert processes, "the stack ran no process?"
    assert not [process for process in processes if process.exists()]


@pytest.fixture(scope="module")
def apply(stack: Stack, loop: asyncio.AbstractEventLoop) -> Iterator[Apply]:
    """Apply other values of variables to the running stack; what `local.tfvars` says comes back at the end."""

    def apply(variables: Mapping[str, str] | None) -> None:
        # The authorizer's log group goes with it: a loss that every plan has to be told of.
        allowed = ("--allow-destroy", "module.authorizer[0].aws_cloudwatch_log_group.this")
        asyncio.run(stack.terraform("plan", *allowed, variables=variables))
        asyncio.run(stack.terraform("apply", variables=variables))
        in_loop(loop, stack.data_plane.load(), "the data plane has read what was applied")

    yield apply
    apply(None)


class Client:
    """A connection that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @property
    def subprotocol(self) -> str | None:
        return self._connection.subprotocol

    def send(self, message: object) -> None:
        self._connection.send(message if isinstance(message, str) else json.dumps(message))

    def receive(self, timeout: float = FRAME_SECONDS) -> dict[str, Any]:
        """Receive a frame, which is valid by the published schema."""
        frame: dict[str, Any] = json.loads(self._connection.recv(timeout))
        PUBLISHED.validate(frame)
        return frame

    def receive_until(self, *types: str) -> list[dict[str, Any]]:
        """Receive frames up to the first of these types. Heartbeats alone end in a failure."""
        ends = time.monotonic() + ANSWER_SECONDS
        frames = [self.receive()]
        while frames[-1]["type"] not in types:
            seen = [frame["type"] for frame in frames]
            assert time.monotonic() < ends, f"none of {types} within {ANSWER_SECONDS} s: {seen}"
            frames.append(self.receive())
        return frames

    def silent_for(self, seconds: float) -> bool:
        try:
            self._connection.recv(seconds)
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    with connected(stack) as client:
        yield client


@contextmanager
def connected(stack: Stack, *protocols: str, query: str = "", **headers: str) -> Iterator[Client]:
    """Connect, offering `protocols` after the protocol's own."""
    with connected_to(stack.websocket_url + query, "selador.v1", *protocols, **headers) as connection:
        yield Client(connection)


def connected_to(url: str, *protocols: str, **headers: str) -> ClientConnection:
    """Connect to an address, offering `protocols`."""
    return connect(
        url,
        subprotocols=[Subprotocol(protocol) for protocol in protocols] or None,
        additional_headers=headers,
        proxy=None,
        # A handshake waits for a function's start: on a busy machine for longer than a client does by default.
        open_timeout=STUCK_SECONDS,
    )


@pytest.fixture
def sqs(stack: Stack) -> "SQSClient":
    return boto3.client("sqs", **stack.control_plane.client_arguments)


def log_of(stack: Stack, function: str) -> str:
    """Return what `main` or `websocket_handler` has logged in this run; nothing before its first line."""
    path = WORK_DIR / "logs" / f"{stack.outputs[f'{function}_function_name']}.log"
    return path.read_text() if path.exists() else ""


@contextmanager
def connection(stack: Stack) -> Iterator[tuple[Client, str]]:
    """A client and its connection's id, which only the gateway knows."""
    known = stack.data_plane.gateway.connection_ids()
    with connected(stack) as client:
        client.send({"action": "ping"})  # the gateway knows a connection a moment after its client does
        client.receive()
        (connection_id,) = stack.data_plane.gateway.connection_ids() - known
        yield client, connection_id


def messages_in(sqs: "SQSClient", queue_url: str) -> int:
    """Count the messages in a queue, received ones too."""
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


def is_dead_letter(sqs: "SQSClient", stack: Stack, wanted: str) -> bool:
    """Return whether a message with this request id, or this very body, is in the dead-letter queue within 30 s."""
    queue_url = stack.outputs["dead_letter_queue_url"]
    ends = time.monotonic() + 30
    while not any(wanted in {body, request_id(body)} for body in DEAD):
        if time.monotonic() > ends:
            return False
        received = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        for message in received.get("Messages", []):
            DEAD.append(message["Body"])
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return True


def control(stack: Stack, path: str, **members: Any) -> dict[str, Any]:
    """Ask the data plane for a fault."""
    url = f"http://127.0.0.1:{stack.data_plane.port}/_control/{path}"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(members).encode()), timeout=10) as response:
        answer: dict[str, Any] = json.loads(response.read() or b"{}")
    return answer


def question(request_id: str) -> str:
    """Return a question that faults can be meant for: it names the request, and is no other's."""
    return f"How long is the notice period? ({request_id})"


def envelope(request_id: str, connection_id: str, **members: Any) -> str:
    """Return the body of the message that the handler would queue for a question, but for `members`."""
    whole = {
        "version": 1,
        "requestId": request_id,
        "connectionId": connection_id,
        "receivedAt": int(time.time() * 1000),
        "request": {"action": "invoke", "type": "query", "text": question(request_id)},
    }
    return json.dumps(whole | members)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], bool]:
    """Ask a question again and again until it is true, or a test is stuck."""

    def ask(question: Callable[[], bool]) -> bool:
        ends = time.monotonic() + STUCK_SECONDS
        while not (is_so := question()) and time.monotonic() < ends:
            time.sleep(0.2)
        return is_so

    return ask
