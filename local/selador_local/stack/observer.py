"""Looks at the running stack again and again: connections, queues, alarms, requests, failures."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from selador_local.control_plane_client.client import ControlPlane, ControlPlaneError
from selador_local.data_plane.data_plane import DataPlane
from selador_local.stack.failures import Failures
from selador_local.stack.state import SeenAlarm, StackState

if TYPE_CHECKING:
    from types_boto3_cloudwatch.client import CloudWatchClient

LOOK_SECONDS = 1.0
_ASKED_ONCE = Config(retries={"total_max_attempts": 1})  # the next look asks again
_ALARM_LOOKS = 5  # alarms change once a minute, so not every look asks for them


class Observer:
    """Looks at one stack. What it finds in a dead-letter queue after its first look is a failure."""

    def __init__(
        self,
        control_plane: ControlPlane,
        data_plane: DataPlane,
        failures: Failures,
        clock: Callable[[], float],
    ) -> None:
        self.url = ""
        """The WebSocket API's, once it is known."""
        self._control_plane = control_plane
        self._data_plane = data_plane
        self._failures = failures
        self._clock = clock
        self._started_at = clock()
        self._cloudwatch: CloudWatchClient | None = None
        self._alarms: Sequence[SeenAlarm] | None = None
        self._looks = 0
        self._dead_letters: set[str] | None = None

    async def states(self) -> AsyncIterator[StackState]:
        """Yield a look at once, and one each second."""
        while True:
            yield await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> StackState:
        """Return the state of now."""
        queues = await asyncio.to_thread(self._queues)
        if self._looks % _ALARM_LOOKS == 0 or self._alarms is None:
            self._alarms = await asyncio.to_thread(self._read_alarms)
        self._looks += 1
        state = StackState(
            url=self.url,
            started_at=self._started_at,
            at=self._clock(),
            connections=self._data_plane.gateway.connections(),
            queues=queues,
            alarms=self._alarms,
            requests=self._data_plane.journal.requests(),
            failures=self._failures.newest_first(),
        )
        self._tell_dead_letters(state)
        return state

    def _tell_dead_letters(self, state: StackState) -> None:
        if state.queues is None:
            return
        found = state.dead_letters()
        if self._dead_letters is not None:
            for message_id in found.keys() - self._dead_letters:
                request_id = found[message_id]
                life = None if request_id is None else self._data_plane.journal.find(request_id)
                look_at = [self._failures.log_of(life.worker)] if life is not None and life.worker is not None else []
                request = request_id or f"of message {message_id}"
                self._failures.add(f"request {request} is in the dead-letter queue", *look_at)
        self._dead_letters = set(found)

    def _queues(self) -> Sequence[Mapping[str, Any]] | None:
        try:
            queues: Sequence[Mapping[str, Any]] = self._control_plane.ask("queues", {})["queues"]
        except ControlPlaneError:
            return None
        return queues

    def _read_alarms(self) -> Sequence[SeenAlarm] | None:
        if self._cloudwatch is None:
            self._cloudwatch = boto3.Session().client(
                "cloudwatch", config=_ASKED_ONCE, **self._control_plane.client_arguments
            )
        try:
            pages = list(self._cloudwatch.get_paginator("describe_alarms").paginate())
        except (BotoCoreError, ClientError):
            return None
        described = [alarm for page in pages for alarm in [*page["MetricAlarms"], *page.get("CompositeAlarms", [])]]
        return [
            SeenAlarm(
                name=alarm["AlarmName"],
                state=alarm.get("StateValue", "INSUFFICIENT_DATA"),
                reason=alarm.get("StateReason", ""),
                since=alarm["StateUpdatedTimestamp"].timestamp() if "StateUpdatedTimestamp" in alarm else 0,
            )
            for alarm in described
        ]
