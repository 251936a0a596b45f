"""The poller, against SQS by moto and a fake where Lambda would be."""

import asyncio
import functools
import json
import operator
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from selador_local.clock import Clock, StackClock
from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.deployment import EventSourceMapping
from selador_local.data_plane.event_source_mapping.poller import Poller
from selador_local.data_plane.event_source_mapping.queue import EventSourceQueue
from selador_local.data_plane.lambda_service.invocation import InvokeResult, TooManyRequestsError

from ....conftest import STUCK_SECONDS
from ..conftest import KeptOutbox
from .conftest import ARN, FixedCredentials, left

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient


class FakeFunction:
    """Keeps the batches; answers with `answer`, a payload or a function of the batch's message ids."""

    def __init__(self, answer: Callable[[list[str]], Awaitable[InvokeResult]]) -> None:
        self._answer = answer
        self.bodies: list[list[str]] = []

    async def __call__(self, function_arn: str, event: bytes) -> InvokeResult:
        records = json.loads(event)["Records"]
        self.bodies.append([record["body"] for record in records])
        return await self._answer([record["messageId"] for record in records])


def poll(
    control_plane: ControlPlane,
    function: FakeFunction,
    until: Callable[[], bool],
    clock: Clock | None = None,
    outbox: KeptOutbox | None = None,
    *,
    finish: bool = True,
    **settings: Any,
) -> None:
    """Run a poller until `until()`, and stop it as `finish` says; settings change the mapping."""
    values = {
        "uuid": "u",
        "queue_arn": ARN,
        "function_arn": "f",
        "enabled": True,
        "batch_size": 10,
        "window_seconds": 0,
        "maximum_concurrency": None,
        "reports_batch_item_failures": True,
    }

    async def run() -> None:
        queue = EventSourceQueue(control_plane, FixedCredentials(), queue_arn=ARN, role_arn="role")
        mapping = EventSourceMapping(**{**values, **settings})
        poller = Poller(mapping, queue, function, clock or StackClock(), outbox or KeptOutbox(), wait_seconds=0)
        poller.start()
        try:
            async with asyncio.timeout(STUCK_SECONDS):
                while not await asyncio.to_thread(until):
                    await asyncio.sleep(0.02)
        finally:
            await asyncio.wait_for(poller.stop(finish=finish), STUCK_SECONDS)

    asyncio.run(run())


async def succeed(_ids: list[str]) -> InvokeResult:
    return InvokeResult(b"null")


def test_what_the_filters_do_not_let_through_is_deleted_unseen(
    control_plane: ControlPlane, sqs: "SQSClient", url: str
) -> None:
    for kind in ("query", "workflow", "query"):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"type": kind}))
    function = FakeFunction(succeed)

    poll(
        control_plane,
        function,
        lambda: left(sqs, url) == (0, 0) and len(functools.reduce(operator.iadd, function.bodies, [])) == 1,
        filters=('{"body": {"type": ["workflow"]}}',),
    )

    assert function.bodies == [['{"type": "workflow"}']]


def test_a_mapping_that_asks_for_it_counts_what_becomes_of_its_events(
    control_plane: ControlPlane, sqs: "SQSClient", url: str
) -> None:
    """Polled, filtered out, handed over, failed, deleted (ESM-29)."""
    for kind in ("query", "workflow", "workflow"):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"type": kind}))
    outbox = KeptOutbox()

    async def fail_first(ids: list[str]) -> InvokeResult:
        return InvokeResult(json.dumps({"batchItemFailures": [{"itemIdentifier": ids[0]}]}).encode())

    poll(
        control_plane,
        FakeFunction(fail_first),
        lambda: left(sqs, url) == (0, 1),
        outbox=outbox,
        batch_size=10,
        window_seconds=1,
        filters=('{"body": {"type": ["workflow"]}}',),
        counts_events=True,
    )

    counts = outbox.sums(EventSourceMappingUUID="u")
    assert (counts["PolledEventCount"], counts["FilteredOutEventCount"]) == (3, 1)
    assert (counts["InvokedEventCount"], counts["FailedInvokeEventCount"], counts["DeletedEventCount"]) == (2, 1, 1)


def test_success_deletes_the_batch(control_plane: ControlPlane, sqs: "SQSClient", url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="one")
    function = FakeFunction(succeed)

    poll(control_plane, function, lambda: left(sqs, url) == (0, 0))

    assert function.bodies == [["one"]]


def test_batches_are_no_larger_than_the_mapping_s(control_plane: ControlPlane, sqs: "SQSClient", url: str) -> None:
    for body in ("one", "two", "three"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    function = FakeFunction(succeed)

    poll(control_plane, function, lambda: left(sqs, url) == (0, 0), batch_size=1)

    assert sorted(function.bodies) == [["one"], ["three"], ["two"]]


def test_window_collects_a_larger_batch(control_plane: ControlPlane, sqs: "SQSClient", url: str) -> None:
    for number in range(12):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    function = FakeFunction(succeed)

    poll(control_plane, function, lambda: left(sqs, url) == (0, 0), batch_size=12, window_seconds=60)

    assert [len(batch) for batch in function.bodies] == [12]


def test_window_lasts_as_long_as_the_stack_s_clock_says(
    control_plane: ControlPlane, sqs: "SQSClient", url: str
) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="one")
    function = FakeFunction(succeed)
    hours_a_second = StackClock(scale=36_000)

    poll(control_plane, function, lambda: left(sqs, url) == (0, 0), hours_a_second, batch_size=12, window_seconds=300)

    assert function.bodies == [["one"]]


def test_reported_failures_stay_in_flight_and_the_rest_is_deleted(
    control_plane: ControlPlane, sqs: "SQSClient", url: str
) -> None:
    for body in ("one", "two"):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    async def first_fails(ids: list[str]) -> InvokeResult:
        return InvokeResult(json.dumps({"batchItemFailures": [{"itemIdentifier": ids[0]}]}).encode())

    poll(control_plane, FakeFunction(first_fails), lambda: left(sqs, url) == (0, 1))

    assert left(sqs, url) == (0, 1)


def test_function_error_leaves_the_batch_until_its_visibility_ends(
    control_plane: ControlPlane, sqs: "SQSClient", url: str
) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="one")

    async def fail(ids: list[str]) -> InvokeResult:
        return InvokeResult(b'{"errorType":"KeyError"}', "Unhandled")

    function = FakeFunction(fail)
    poll(control_plane, function, lambda: len(function.bodies) == 1)

    assert left(sqs, url) == (0, 1)


def test_maximum_concurrency_is_never_exceeded(control_plane: ControlPlane, sqs: "SQSClient", url: str) -> None:
    for number in range(6):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    running, most = 0, 0
    two_run = asyncio.Event()

    async def count(ids: list[str]) -> InvokeResult:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            two_run.set()
        await two_run.wait()
        await asyncio.sleep(0.1)  # time in which a third one would come
        running -= 1
        return InvokeResult(b"")

    poll(control_plane, FakeFunction(count), lambda: left(sqs, url) == (0, 0), batch_size=1, maximum_concurrency=2)

    assert most == 2


def test_throttled_batch_is_kept_and_tried_again(control_plane: ControlPlane, sqs: "SQSClient", url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="one")
    tries = 0

    async def throttle_once(ids: list[str]) -> InvokeResult:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise TooManyRequestsError
        return InvokeResult(b"")

    function = FakeFunction(throttle_once)
    poll(control_plane, function, lambda: left(sqs, url) == (0, 0))

    assert function.bodies == [["one"], ["one"]]


def test_stop_cancels_invocations_under_way_though_the_next_poll_waits_for_their_room(
    control_plane: ControlPlane, sqs: "SQSClient", url: str
) -> None:
    for body in ("1", "2"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    cancelled: list[str] = []

    async def hang(ids: list[str]) -> InvokeResult:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.extend(ids)
        raise AssertionError("unreachable")

    function = FakeFunction(hang)

    poll(
        control_plane,
        function,
        lambda: len(function.bodies) == 2,
        finish=False,
        batch_size=1,
        maximum_concurrency=2,
    )

    assert len(cancelled) == 2


def test_stop_lets_invocations_under_way_finish(control_plane: ControlPlane, sqs: "SQSClient", url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="one")

    async def slowly(ids: list[str]) -> InvokeResult:
        await asyncio.sleep(0.5)
        return InvokeResult(b"")

    function = FakeFunction(slowly)
    poll(control_plane, function, lambda: len(function.bodies) == 1)

    assert left(sqs, url) == (0, 0)


def test_vanished_queue_is_reported_once_and_found_again(
    control_plane: ControlPlane, sqs: "SQSClient", url: str, caplog: pytest.LogCaptureFixture
) -> None:
    sqs.delete_queue(QueueUrl=url)
    function = FakeFunction(succeed)

    def complaints() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name.startswith("selador_local")]

    def come_back() -> bool:
        if complaints() and not sqs.list_queues().get("QueueUrls"):
            time.sleep(1.5)  # long enough for a second failure
            sqs.create_queue(QueueName="requests")
            sqs.send_message(QueueUrl=url, MessageBody="back")
        return function.bodies == [["back"]]

    poll(control_plane, function, come_back)

    [complaint] = complaints()
    assert complaint.startswith(f"mapping u can't read {ARN}: ")
