"""What an operator does with the dead letters, as the page's buttons ask for it.

| request | what it does |
|---|---|
| `POST /_control/dead-letters/redrive` | moves the messages of each dead-letter queue back to its source |
| `POST /_control/dead-letters/purge` | deletes them |

The state API stands before this, and refuses other sites' pages. The messages themselves are in its state.
"""

import asyncio
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from selador_local.control_plane_client.client import ControlPlane
from selador_local.http import Handler, Request, Response, json_response

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

PREFIX = "/_control/dead-letters/"


def around(handle: Handler, control_plane: ControlPlane) -> Handler:
    """Return a handler that carries out this module's table, and hands all other requests to `handle`."""
    commands = {"redrive": _redrive, "purge": _purge}

    async def answer(request: Request) -> Response:
        command = commands.get(request.target.removeprefix(PREFIX))
        if request.method != "POST" or not request.target.startswith(PREFIX) or command is None:
            return await handle(request)
        sqs = boto3.Session().client("sqs", **control_plane.client_arguments)
        try:
            for queue in await asyncio.to_thread(_dead_letter_queues, control_plane):
                await asyncio.to_thread(command, sqs, queue)
        except ClientError as error:
            return json_response(409, {"message": error.response["Error"]["Message"]})
        return Response(204)

    return answer


def _dead_letter_queues(control_plane: ControlPlane) -> list[str]:
    return [queue["name"] for queue in control_plane.ask("queues", {})["queues"] if queue["isDeadLetterQueue"]]


def _redrive(sqs: "SQSClient", queue: str) -> None:
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    sqs.start_message_move_task(SourceArn=attributes["QueueArn"])


def _purge(sqs: "SQSClient", queue: str) -> None:
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"])
