"""Move tasks, against the running server."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import attributes, receive


def wait_for_task(sqs: Any, source_arn: str) -> dict[str, Any]:
    while True:
        task: dict[str, Any] = sqs.list_message_move_tasks(SourceArn=source_arn)["Results"][0]
        if task["Status"] != "RUNNING":
            return task
        time.sleep(0.01)


def bury(sqs: Any, source: str, count: int) -> None:
    for number in range(count):
        sqs.send_message(QueueUrl=source, MessageBody=str(number), MessageGroupId="g")
    for _ in range(3):
        receive(sqs, source, MaxNumberOfMessages=10)


def test_a_move_task_returns_messages_to_their_source_as_new_ones(sqs: Any, pair: tuple[str, str]) -> None:
    """They have new ids and sending times (SQS-27), and their receives are counted anew (SQS-28)."""
    source, dead = pair
    bury(sqs, source, 3)
    dead_arn = attributes(sqs, dead)["QueueArn"]

    handle = sqs.start_message_move_task(SourceArn=dead_arn)["TaskHandle"]
    task = wait_for_task(sqs, dead_arn)

    assert handle
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 3)
    assert attributes(sqs, dead)["ApproximateNumberOfMessages"] == "0"
    messages = receive(sqs, source, MaxNumberOfMessages=10)
    assert {message["Body"] for message in messages} == {"0", "1", "2"}
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in messages} == {"1"}
    assert {message["Attributes"]["MessageGroupId"] for message in messages} == {"g"}


def test_a_move_task_goes_where_it_is_told(sqs: Any, pair: tuple[str, str], queue: str) -> None:
    source, dead = pair
    bury(sqs, source, 1)
    dead_arn = attributes(sqs, dead)["QueueArn"]

    sqs.start_message_move_task(SourceArn=dead_arn, DestinationArn=attributes(sqs, queue)["QueueArn"])

    assert wait_for_task(sqs, dead_arn)["Status"] == "COMPLETED"
    assert len(receive(sqs, queue)) == 1


def test_only_one_task_runs_per_queue_and_it_can_be_cancelled(sqs: Any, pair: tuple[str, str]) -> None:
    source, dead = pair
    bury(sqs, source, 10)  # ten seconds in which to cancel
    dead_arn = attributes(sqs, dead)["QueueArn"]
    handle = sqs.start_message_move_task(SourceArn=dead_arn, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]

    with pytest.raises(sqs.exceptions.UnsupportedOperation, match="already a task running"):
        sqs.start_message_move_task(SourceArn=dead_arn)
    sqs.cancel_message_move_task(TaskHandle=handle)

    assert wait_for_task(sqs, dead_arn)["Status"] == "CANCELLED"
    assert attributes(sqs, dead)["ApproximateNumberOfMessages"] != "0"


def test_a_message_without_a_source_fails_the_task_and_stays(sqs: Any, pair: tuple[str, str]) -> None:
    _, dead = pair
    sqs.send_message(QueueUrl=dead, MessageBody="sent here by hand")
    dead_arn = attributes(sqs, dead)["QueueArn"]

    sqs.start_message_move_task(SourceArn=dead_arn)
    task = wait_for_task(sqs, dead_arn)

    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert len(receive(sqs, dead)) == 1


def test_a_queue_that_is_no_dead_letter_queue_has_no_move_task(sqs: Any, queue: str) -> None:
    with pytest.raises(ClientError, match="Dead Letter Queue"):
        sqs.start_message_move_task(SourceArn=attributes(sqs, queue)["QueueArn"])
