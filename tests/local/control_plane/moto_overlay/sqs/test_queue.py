"""A queue's settings, long polls and dead-letter queue, against the running server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import arn, attributes, receive


def test_policies_come_back_as_they_were_sent(sqs: Any, name: str) -> None:
    """Terraform compares texts; a space more is a change in every plan."""
    sqs.create_queue(QueueName=f"{name}-dlq")
    sent = {
        "Policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*",'
        '"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}',
        "RedrivePolicy": f'{{"deadLetterTargetArn":"{arn(f"{name}-dlq")}","maxReceiveCount":4}}',
        "RedriveAllowPolicy": f'{{"redrivePermission":"byQueue","sourceQueueArns":["{arn(name)}"]}}',
    }

    url = sqs.create_queue(QueueName=name, Attributes=sent)["QueueUrl"]

    assert sent.items() <= attributes(sqs, url).items()
    assert attributes(sqs, url, "RedriveAllowPolicy") == {"RedriveAllowPolicy": sent["RedriveAllowPolicy"]}


def test_setting_another_attribute_keeps_the_policy(sqs: Any, queue: str) -> None:
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*"}]}'
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})

    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "60"})

    assert attributes(sqs, queue)["Policy"] == policy
    assert attributes(sqs, queue)["VisibilityTimeout"] == "60"


def test_an_empty_text_takes_a_policy_away(sqs: Any, queue: str) -> None:
    allow = '{"redrivePermission":"denyAll"}'
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*"}]}'
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": allow, "Policy": policy})

    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": "", "Policy": ""})

    assert {"RedriveAllowPolicy", "Policy"}.isdisjoint(attributes(sqs, queue))


def test_times_are_whole_seconds(sqs: Any, queue: str) -> None:
    assert attributes(sqs, queue)["CreatedTimestamp"].isdigit()


def test_fifo_queues_are_refused(sqs: Any, name: str) -> None:
    with pytest.raises(ClientError, match="standard queues only"):
        sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})


def test_a_queue_s_times_are_the_stack_s(fast_server: Any) -> None:
    """If a day takes a second, a message that is hidden for half an hour is back at once."""
    sqs = fast_server.client("sqs")
    fortnight = "1209600"  # by default it would be forgotten in four days: seconds here
    attributes = {"VisibilityTimeout": "1800", "MessageRetentionPeriod": fortnight}
    url = sqs.create_queue(QueueName="fast", Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one", DelaySeconds=900)

    received: list[dict[str, Any]] = []
    while len(received) < 2:
        received += receive(sqs, url, WaitTimeSeconds=20)

    times = [int(received[1]["Attributes"][name]) for name in ("SentTimestamp", "ApproximateFirstReceiveTimestamp")]
    assert times[1] - times[0] >= 900_000
    assert received[1]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_parallel_receivers_never_share_a_message(sqs: Any, queue: str) -> None:
    sent = 60
    for start in range(0, sent, 10):
        entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(start, start + 10)]
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)

    def drain(_: int) -> list[str]:
        bodies: list[str] = []
        while found := receive(sqs, queue, MaxNumberOfMessages=3):
            bodies += [message["Body"] for message in found]
        return bodies

    with ThreadPoolExecutor(6) as pool:
        received = [body for bodies in pool.map(drain, range(6)) for body in bodies]

    assert sorted(received, key=int) == [str(number) for number in range(sent)]


def test_a_long_poll_ends_when_a_message_comes(sqs: Any, queue: str) -> None:
    threading.Timer(0.3, sqs.send_message, kwargs={"QueueUrl": queue, "MessageBody": "late"}).start()

    assert [message["Body"] for message in receive(sqs, queue, WaitTimeSeconds=20)] == ["late"]


def test_the_server_answers_while_many_wait(sqs: Any, queue: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        polls = [pool.submit(receive, sqs, queue, WaitTimeSeconds=20) for _ in range(8)]
        for number in range(8):
            sqs.send_message(QueueUrl=queue, MessageBody=str(number))
        bodies = [message["Body"] for poll in polls for message in poll.result()]

    assert sorted(bodies) == [str(number) for number in range(8)]


def test_a_long_poll_sees_a_message_come_back(sqs: Any, queue: str) -> None:
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    [message] = receive(sqs, queue)
    release = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
    threading.Timer(0.3, sqs.change_message_visibility, kwargs=release).start()

    [again] = receive(sqs, queue, WaitTimeSeconds=20)

    assert again["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_message_keeps_its_sending_time_and_its_count(sqs: Any, pair: tuple[str, str]) -> None:
    """After two receives (SQS-20) the third moves it (SQS-21), with its count (SQS-22) and its time (SQS-23)."""
    source, dead = pair
    sqs.send_message(QueueUrl=source, MessageBody="poison", MessageGroupId="g")
    [first], [second] = receive(sqs, source), receive(sqs, source)
    assert attributes(sqs, dead)["ApproximateNumberOfMessages"] == "0"

    assert receive(sqs, source) == []

    [moved] = receive(sqs, dead)
    assert moved["MessageId"] == first["MessageId"]
    assert moved["Attributes"]["SentTimestamp"] == first["Attributes"]["SentTimestamp"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert moved["Attributes"]["ApproximateReceiveCount"] == "3"
    assert moved["Attributes"]["MessageGroupId"] == "g"
    assert moved["Attributes"]["DeadLetterQueueSourceArn"] == attributes(sqs, source)["QueueArn"]
