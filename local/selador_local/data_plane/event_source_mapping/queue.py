"""The queue of a mapping, reached with the credentials of the function's role, as Lambda's pollers do (ESM-12)."""

import asyncio
from itertools import batched
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.role_credentials import Credentials, RoleCredentials

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_sqs.client import SQSClient
    from types_boto3_sqs.type_defs import DeleteMessageBatchRequestEntryTypeDef, MessageTypeDef

RECEIVE_MAX = 10  # SQS gives no more messages at once (SQS-16)


class EventSourceQueue:
    """Receives and deletes messages. botocore's exceptions pass through."""

    def __init__(
        self, control_plane: ControlPlane, credentials: RoleCredentials, *, queue_arn: str, role_arn: str
    ) -> None:
        self._control_plane = control_plane
        self._credentials = credentials
        self._role_arn = role_arn
        self.arn = queue_arn
        self._client: tuple[Credentials, SQSClient, str] | None = None

    async def visibility_timeout_seconds(self) -> int:
        client, url = await self._connected()
        attributes = await asyncio.to_thread(
            client.get_queue_attributes, QueueUrl=url, AttributeNames=["VisibilityTimeout"]
        )
        return int(attributes["Attributes"]["VisibilityTimeout"])

    async def receive(self, maximum: int, wait_seconds: int) -> "list[MessageTypeDef]":
        client, url = await self._connected()
        received = await asyncio.to_thread(
            client.receive_message,
            QueueUrl=url,
            MaxNumberOfMessages=min(maximum, RECEIVE_MAX),
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return received.get("Messages", [])  # left out if there are none (SQS-17)

    async def delete(self, messages: "Iterable[MessageTypeDef]") -> None:
        client, url = await self._connected()
        for some in batched(messages, RECEIVE_MAX, strict=False):
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(some)
            ]
            await asyncio.to_thread(client.delete_message_batch, QueueUrl=url, Entries=entries)

    async def _connected(self) -> "tuple[SQSClient, str]":
        credentials = await self._credentials.get(self._role_arn)
        if self._client is None or self._client[0] is not credentials:
            client, url = await asyncio.to_thread(self._connect, credentials)
            self._client = (credentials, client, url)
        return self._client[1], self._client[2]

    def _connect(self, credentials: Credentials) -> "tuple[SQSClient, str]":
        client = boto3.Session().client(
            "sqs",
            endpoint_url=self._control_plane.endpoint,
            region_name=self._control_plane.region,
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=30),  # the poller has its own patience
        )
        # Without GetQueueUrl, which a poller's role need not allow (ESM-12).
        account_id, name = self.arn.split(":")[4:]
        return client, f"{self._control_plane.endpoint}/{account_id}/{name}"
