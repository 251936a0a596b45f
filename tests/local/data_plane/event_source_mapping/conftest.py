"""A queue by moto, and the credentials of the role that reads it."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.role_credentials import Credentials, RoleCredentials

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

ARN = "arn:aws:sqs:us-east-1:123456789012:requests"


class FixedCredentials(RoleCredentials):
    def __init__(self) -> None:
        pass

    async def get(self, role_arn: str) -> Credentials:
        return CREDENTIALS


CREDENTIALS = Credentials("AKID", "secret", "token", time.time() + 3600)


@pytest.fixture(scope="module")
def control_plane() -> Iterator[ControlPlane]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield ControlPlane(f"http://{host}:{port}", "us-east-1", "123456789012", "AKID", "secret")
    server.stop()


@pytest.fixture
def sqs(control_plane: ControlPlane) -> "Iterator[SQSClient]":
    client = boto3.client("sqs", **control_plane.client_arguments)
    url = client.create_queue(QueueName="requests", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    yield client
    client.delete_queue(QueueUrl=url)
    client.close()


@pytest.fixture
def url(sqs: "SQSClient") -> str:
    return sqs.get_queue_url(QueueName="requests")["QueueUrl"]


def left(sqs: "SQSClient", url: str) -> tuple[int, int]:
    """How many messages are visible, and how many in flight."""
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]), int(attributes["ApproximateNumberOfMessagesNotVisible"])
