"""Message move tasks: how an operator's redrive empties a dead-letter queue.

A moved message is a new one: new id, new sending time (SQS-27), receives counted anew. Its group id and trace header go
with it; whether AWS keeps them is unverified (SQS-28). A task moves the messages that were visible when it started, in
a thread of its own.
"""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.sqs.exceptions import InvalidParameterValue, SQSException

from selador_local.control_plane.moto_overlay.sqs.messages import Message
from selador_local.control_plane.moto_overlay.sqs.queue import StandardQueue

_MAX_PER_SECOND = 500  # the most that a task may move (SQS-27)


@dataclass
class MoveTask:
    """One task, as ListMessageMoveTasks shows it."""

    source_arn: str
    destination_arn: str | None
    max_per_second: int | None
    to_move: int
    started_at: int
    handle: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "RUNNING"
    moved: int = 0
    failure_reason: str | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def as_result(self) -> dict[str, Any]:
        """Return the members of a ListMessageMoveTasksResultEntry; the handle only while it can be used."""
        result = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "Status": self.status,
            "SourceArn": self.source_arn,
            "DestinationArn": self.destination_arn,
            "MaxNumberOfMessagesPerSecond": self.max_per_second,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "FailureReason": self.failure_reason,
            "StartedTimestamp": self.started_at,
        }
        return {name: value for name, value in result.items() if value is not None}


class MoveTasks:
    """The tasks of one account and region."""

    def __init__(
        self, queue_by_arn: Callable[[str], StandardQueue | None], sources_of: Callable[[str], list[StandardQueue]]
    ) -> None:
        self._queue_by_arn = queue_by_arn
        self._sources_of = sources_of
        self._tasks: list[MoveTask] = []
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the tasks out of a snapshot: their threads end with the stack."""
        return {**self.__dict__, "_tasks": []}

    def start(self, source_arn: str, destination_arn: str | None, max_per_second: int | None) -> MoveTask:
        """Start a task. Raises SQSException if the source isn't a dead-letter queue, or already has a running task."""
        source = self._queue_by_arn(source_arn)
        if source is None or (destination_arn is not None and self._queue_by_arn(destination_arn) is None):
            raise SQSException("ResourceNotFoundException", "The source or the destination queue does not exist.")
        if not self._sources_of(source.name):
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        if max_per_second is not None and not 1 <= max_per_second <= _MAX_PER_SECOND:
            raise InvalidParameterValue(f"MaxNumberOfMessagesPerSecond is {max_per_second}; the limit is 500.")
        with self._lock:
            if any(task.source_arn == source_arn and task.status == "RUNNING" for task in self._tasks):
                raise SQSException(
                    "AWS.SimpleQueueService.UnsupportedOperation",
                    "There is already a task running. Only one active task is allowed for a source queue arn.",
                )
            task = MoveTask(
                source_arn, destination_arn, max_per_second, source.approximate_number_of_messages, source.now_ms()
            )
            self._tasks.append(task)
        threading.Thread(target=self._run, args=(task, source), daemon=True).start()
        return task

    def newest(self, source_arn: str, limit: int) -> list[MoveTask]:
        """Return the newest tasks of a queue, newest first."""
        return [task for task in reversed(self._tasks) if task.source_arn == source_arn][:limit]

    def cancel(self, handle: str) -> int:
        """Stop a running task and return how many messages it has moved; they stay moved."""
        for task in self._tasks:
            if task.handle == handle and task.status == "RUNNING":
                task.cancelled.set()
                return task.moved
        raise SQSException("ResourceNotFoundException", "Task does not exist, or is not running any more.")

    def _run(self, task: MoveTask, source: StandardQueue) -> None:
        pause = 1 / task.max_per_second if task.max_per_second else 0
        while task.moved < task.to_move:
            if task.cancelled.wait(pause):
                task.status = "CANCELLED"
                return
            message = source.take()
            if message is None:
                break  # a consumer was faster
            destination = self._queue_by_arn(task.destination_arn or message.source_arn or "")
            if destination is None:
                source.put(message)
                task.status, task.failure_reason = "FAILED", "CouldNotDetermineMessageSource"
                return
            destination.put(Message(str(uuid.uuid4()), message.content, sent_at=destination.now_ms()))
            task.moved += 1
        task.status = "COMPLETED"
