"""What two variables change: `main_function.batch_size`, and the least useful life that Terraform takes."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest

from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.stack.stack import Stack

from .conftest import Apply, Client, connected, connection, envelope, log_of, question

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def applied(apply: Apply) -> None:
    """Both values at once: an apply takes its time."""
    apply({"main_function": json.dumps({"batch_size": 5}), "request_max_age_seconds": "60"})


def test_of_a_batch_exactly_the_failed_request_is_tried_again(
    stack: Stack, sqs: "SQSClient", eventually: Callable[[Callable[[], bool]], bool]
) -> None:
    stack.bedrock.faults.add(Fault(FaultKind.CUT_INSIDE_EVENT, after_events=3, question=question("batch-2")))
    before = invocations(stack)

    with ExitStack() as open_connections, ThreadPoolExecutor() as pool:
        connections = [open_connections.enter_context(connection(stack)) for _ in range(3)]
        with nobody_polls(stack, eventually):  # so all of them are there before any is received
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": request_id, "MessageBody": envelope(request_id, connection_id)}
                for request_id, (_, connection_id) in zip(("batch-1", "batch-2", "batch-3"), connections, strict=True)
            ]
            sqs.send_message_batch(QueueUrl=stack.outputs["queue_url"], Entries=entries)
        lives = list(pool.map(life, [client for client, _ in connections]))

    once = [(1, "started"), (1, "completed")]
    assert lives == [once, [(1, "started"), (1, "retrying"), (2, "started"), (2, "completed")], once]
    # One invocation for the three, and one for the one that failed.
    assert eventually(lambda: invocations(stack) == before + 2)


def test_a_request_older_than_its_useful_life_is_an_error_before_any_paid_call(stack: Stack) -> None:
    stack.bedrock.faults.add(Fault(FaultKind.THROTTLE, question=question("too-old")), times=100)

    with connected(stack) as client:
        client.send({"action": "invoke", "text": question("too-old"), "requestId": "too-old"})
        frames = [frame for frame in client.receive_until("completed", "error") if "attempt" in frame]

    assert [frame["type"] for frame in frames if frame["type"] != "heartbeat"] == ["started", "error"]
    assert frames[-1]["code"] == "deadline_exceeded"
    assert "60 seconds" in frames[-1]["message"]
    calls = [call for call in stack.bedrock.calls if "too-old" in call.text]
    assert {call.outcome for call in calls} == {"throttle"}


@contextmanager
def nobody_polls(stack: Stack, eventually: Callable[[Callable[[], bool]], bool]) -> Iterator[None]:
    """Switch main's event source mapping off for a while."""
    functions = boto3.client("lambda", **stack.control_plane.client_arguments)
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    uuid = mapping["UUID"]
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    assert eventually(lambda: not stack.data_plane.polls(uuid))
    yield
    functions.update_event_source_mapping(UUID=uuid, Enabled=True)


def life(client: Client) -> list[tuple[int, str]]:
    """Receive a request's frames to the end; return attempt and type of those that tell its life."""
    frames = client.receive_until("completed", "error")
    told = ("started", "retrying", "completed", "error")
    return [(frame["attempt"], frame["type"]) for frame in frames if frame["type"] in told]


def invocations(stack: Stack) -> int:
    """Return how often the main function was invoked so far."""
    return log_of(stack, "main").count('"platform.start"')
