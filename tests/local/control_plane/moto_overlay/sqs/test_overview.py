"""Queues and messages as they are shown, on the running server."""

import json
from typing import Any

import pytest

from .conftest import arn, receive


def overview(server: Any, *queues: str) -> list[dict[str, Any]]:
    """Return what the control plane tells of these queues."""
    status, answer = server.ask("queues", {})
    assert status == 200
    return [queue for queue in answer["queues"] if queue["name"] in queues]


def test_messages_are_shown_with_their_request_and_state_but_without_their_text(
    server: Any, sqs: Any, queue: str, name: str
) -> None:
    for number in range(2):
        body = {"requestId": f"r-{number}", "connectionId": "c-1", "request": {"text": "how long"}}
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    [received] = receive(sqs, queue, VisibilityTimeout=60)

    [shown] = overview(server, name)

    assert (shown["arn"], shown["visible"], shown["inFlight"], shown["isDeadLetterQueue"]) == (arn(name), 1, 1, False)
    by_request = {message["requestId"]: message for message in shown["messages"]}
    in_flight, waiting = by_request["r-0"], by_request["r-1"]
    assert in_flight["messageId"] == received["MessageId"]
    assert (in_flight["receiveCount"], waiting["receiveCount"]) == (1, 0)
    assert in_flight["visibleAt"] > in_flight["sentAt"]
    assert waiting["visibleAt"] is None
    assert "how long" not in json.dumps(shown)


def test_looking_receives_nothing(server: Any, sqs: Any, queue: str, name: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="no JSON")

    looks = [overview(server, name)[0] for _ in range(3)]

    assert [look["messages"][0]["receiveCount"] for look in looks] == [0, 0, 0]
    assert looks[0]["messages"][0]["requestId"] is None


def test_a_dead_letter_queue_is_told_from_others(server: Any, pair: tuple[str, str], name: str) -> None:
    assert [queue["isDeadLetterQueue"] for queue in overview(server, name, f"{name}-dlq")] == [False, True]


@pytest.mark.parametrize("count", [120])
def test_of_a_long_queue_the_oldest_messages_are_shown(
    server: Any, sqs: Any, queue: str, name: str, count: int
) -> None:
    for start in range(0, count, 10):
        entries = [{"Id": str(n), "MessageBody": json.dumps({"requestId": f"r-{start + n}"})} for n in range(10)]
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)

    [shown] = overview(server, name)

    assert shown["visible"] == count
    assert [message["requestId"] for message in shown["messages"]] == [f"r-{number}" for number in range(100)]
