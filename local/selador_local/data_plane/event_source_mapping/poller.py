"""The poller of one mapping: it receives messages, invokes the function and deletes those that are done.

It never changes visibility: a failed message comes back when its visibility timeout ends (ESM-17).
"""

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from selador_local.clock import Clock
from selador_local.data_plane.cloudwatch.outbox import Outbox
from selador_local.data_plane.deployment import EventSourceMapping
from selador_local.data_plane.event_source_mapping.batch_response import message_ids_to_delete
from selador_local.data_plane.event_source_mapping.filters import passes
from selador_local.data_plane.event_source_mapping.metrics import EventCount, counted
from selador_local.data_plane.event_source_mapping.queue import EventSourceQueue
from selador_local.data_plane.event_source_mapping.records import sqs_event
from selador_local.data_plane.lambda_service.invocation import Invoke, InvokeResult, TooManyRequestsError
from selador_local.errors import SeladorLocalError

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

_logger = logging.getLogger(__name__)

WAIT_SECONDS = 2
"""How long a poll stays open. AWS's pollers wait 20 s; here stopping has to wait for the poll under way."""
_CONCURRENCY = 5  # a mapping without MaximumConcurrency starts with it (ESM-01)
_RETRY_SECONDS = (1, 2, 4, 8, 15)  # after a poll that failed; the last one for ever
_THROTTLED_SECONDS = 1


class Poller:
    """Feeds a mapping's function from its queue, from `start` until `stop`."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        queue: EventSourceQueue,
        invoke: Invoke,
        clock: Clock,
        outbox: Outbox,
        *,
        wait_seconds: int = WAIT_SECONDS,
    ) -> None:
        self._outbox = outbox
        self.mapping = mapping
        self._filters = [json.loads(pattern) for pattern in mapping.filters]
        self._queue = queue
        self._invoke = invoke
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._room = asyncio.Semaphore(mapping.maximum_concurrency or _CONCURRENCY)
        self._stopping = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._polling = asyncio.create_task(self._poll_for_ever())

    async def stop(self, *, finish: bool) -> None:
        """Stop polling. With `finish`, wait for the invocations under way (ESM-28), else cancel them.

        Always waits for the poll under way: a message that it receives must not stay in flight unseen.
        """
        self._stopping.set()
        if not finish:
            self._cancel_batches()  # the poll under way may wait for the room that they take
        if self._polling is not None:
            await self._polling
        if not finish:
            self._cancel_batches()
        await asyncio.gather(*self._batches, return_exceptions=True)

    def _cancel_batches(self) -> None:
        for batch in self._batches:
            batch.cancel()

    async def _poll_for_ever(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                await self._poll()
                failures = 0
            except (BotoCoreError, ClientError, SeladorLocalError) as error:
                # A queue may vanish (`terraform destroy`) and come back: say so once, and go on asking.
                if failures == 0:
                    _logger.warning("mapping %s can't read %s: %s", self.mapping.uuid, self._queue.arn, error)
                await self._pause(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
                failures += 1

    async def _poll(self) -> None:
        await self._room.acquire()
        messages: list[MessageTypeDef] = []
        try:
            if not self._stopping.is_set():
                messages = await self._collect()
        finally:
            if not messages:
                self._room.release()
        if messages:
            task = asyncio.create_task(self._process(messages))
            self._batches.add(task)
            task.add_done_callback(self._done)

    def _done(self, batch: "asyncio.Task[None]") -> None:
        self._batches.discard(batch)
        self._room.release()

    async def _collect(self) -> "list[MessageTypeDef]":
        """Return a batch: one poll's messages or, with a window, those until it is full or the window ends (ESM-06)."""
        messages = await self._receive(self.mapping.batch_size, self._wait_seconds)
        window_end = self._clock.monotonic() + self.mapping.window_seconds
        while messages and len(messages) < self.mapping.batch_size and self._clock.monotonic() < window_end:
            messages += await self._receive(self.mapping.batch_size - len(messages), 1)
        return messages

    async def _receive(self, maximum: int, wait_seconds: int) -> "list[MessageTypeDef]":
        """Return the messages of one poll that pass the filters; the others are deleted (ESM-35)."""
        wanted: list[MessageTypeDef] = []
        unwanted: list[MessageTypeDef] = []
        for message in await self._queue.receive(maximum, wait_seconds):
            [record] = sqs_event([message], self._queue.arn)["Records"]
            (wanted if passes(self._filters, record) else unwanted).append(message)
        if unwanted:
            await self._queue.delete(unwanted)
        self._count("PolledEventCount", len(wanted) + len(unwanted))
        self._count("FilteredOutEventCount", len(unwanted))
        return wanted

    async def _process(self, messages: "list[MessageTypeDef]") -> None:
        try:
            result = await self._invoke_patiently(messages)
            done: set[str] = set()
            if result is not None and result.function_error is None:
                done = message_ids_to_delete(
                    result.payload,
                    {message["MessageId"] for message in messages},
                    reports_batch_item_failures=self.mapping.reports_batch_item_failures,
                )
            self._count("InvokedEventCount", 0 if result is None else len(messages))
            self._count("FailedInvokeEventCount", len(messages) - len(done))
            if done:
                await self._queue.delete([message for message in messages if message["MessageId"] in done])
                self._count("DeletedEventCount", len(done))
        except (BotoCoreError, ClientError, SeladorLocalError):
            _logger.exception("mapping %s lost a batch; it returns when its visibility ends", self.mapping.uuid)

    async def _invoke_patiently(self, messages: "list[MessageTypeDef]") -> InvokeResult | None:
        """Invoke; if throttled, keep the batch and try again until its visibility would end (ESM-18)."""
        event = json.dumps(sqs_event(messages, self._queue.arn)).encode()
        give_up = None
        while True:
            try:
                return await self._invoke(self.mapping.function_arn, event)
            except TooManyRequestsError:
                if give_up is None:
                    give_up = self._clock.monotonic() + await self._queue.visibility_timeout_seconds()
                if self._clock.monotonic() + _THROTTLED_SECONDS >= give_up:
                    return None
                await self._clock.sleep(_THROTTLED_SECONDS)

    def _count(self, name: EventCount, events: int) -> None:
        self._outbox.put(counted(self.mapping, name, events, self._clock.time()))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
