"""How long a ReceiveMessage takes by the queue's depth: the laptop's SQS, and moto's own server without the overlay."""

import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

DEPTHS = (10, 1_000, 10_000)
_RECEIVES = 30  # moto's server takes most of a second for one of them at 10,000
_BATCH = 10


@contextmanager
def plain_moto() -> Iterator[Mapping[str, str]]:
    """Run moto's server as it comes; yield the variables by which clients reach it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                with suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                time.sleep(0.1)
            endpoint = f"http://127.0.0.1:{port}"
            yield {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
        finally:
            process.kill()


def sqs(environment: Mapping[str, str]) -> "SQSClient":
    """Return a client by the variables that a shell would have."""
    return boto3.client(
        "sqs",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def hop_milliseconds(client: "SQSClient", number: int) -> list[float]:
    """Return how long it takes to send a message and to receive it, one after another, sorted."""
    url = client.create_queue(QueueName=f"hop-{uuid.uuid4().hex[:10]}")["QueueUrl"]
    taken = []
    for _ in range(number):
        began = time.perf_counter()
        client.send_message(QueueUrl=url, MessageBody="x" * 500)
        (message,) = client.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"]
        taken.append((time.perf_counter() - began) * 1000)
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    client.delete_queue(QueueUrl=url)
    return sorted(taken)


def receive_milliseconds(client: "SQSClient", depth: int) -> float:
    """Return the median time of a receive from a queue that always holds so many visible messages."""
    url = client.create_queue(QueueName=f"depth-{uuid.uuid4().hex[:10]}")["QueueUrl"]
    entries: Any = [{"Id": str(number), "MessageBody": "x" * 500} for number in range(_BATCH)]
    for _ in range(depth // _BATCH):
        client.send_message_batch(QueueUrl=url, Entries=entries)
    taken = []
    for _ in range(_RECEIVES):
        began = time.perf_counter()
        (message,) = client.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"]
        taken.append((time.perf_counter() - began) * 1000)
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        client.send_message(QueueUrl=url, MessageBody=message["Body"])
    client.delete_queue(QueueUrl=url)
    return statistics.median(taken)
