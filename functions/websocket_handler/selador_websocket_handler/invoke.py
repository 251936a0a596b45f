"""`invoke` and `ping`: one message from a client becomes one message on the queue and one frame back."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from selador_shared import metrics
from selador_shared.envelope import Envelope
from selador_shared.protocol import Accepted, Error, InvalidMessageError, Invoke, Ping, Pong, parse_message

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageRequestTypeDef

log = structlog.get_logger()


@dataclass(frozen=True)
class Intake:
    """What turns messages into queued requests.

    `sqs` is expected not to retry: a send whose answer was lost may have been queued, and a second one would answer the
    request twice. `new_request_id` names requests whose client didn't.
    """

    sqs: "SQSClient"
    queue_url: str
    query_text_limit: int
    deadline_seconds: int
    new_request_id: Callable[[], str]

    def answer(self, event: Mapping[str, Any], trace_header: str | None) -> Accepted | Error | Pong:
        """Return the frame that answers the MESSAGE `event`; `accepted` only once SQS has the request."""
        try:
            message = parse_message(event.get("body") or "", query_text_limit=self.query_text_limit)
        except InvalidMessageError as error:
            return self._refuse(error)
        if isinstance(message, Ping):
            return Pong()
        return self._queue(message, event["requestContext"], trace_header)

    def _refuse(self, error: InvalidMessageError) -> Error:
        request_id = error.request_id or self.new_request_id()
        # The message may quote the client's text, so the log gets the code and the field.
        log.info("message refused", requestId=request_id, code=error.code, field=error.field)
        metrics.count("Rejected")
        return Error(request_id=request_id, code=error.code, message=str(error), field=error.field, retryable=False)

    def _queue(self, request: Invoke, context: Mapping[str, Any], trace_header: str | None) -> Accepted | Error:
        envelope = Envelope(
            request_id=request.request_id or self.new_request_id(),
            connection_id=context["connectionId"],
            principal_id=context.get("authorizer", {}).get("principalId"),
            received_at=context["requestTimeEpoch"],
            request=request,
        )
        with structlog.contextvars.bound_contextvars(requestId=envelope.request_id):
            try:
                sent = self.sqs.send_message(**queue_message(envelope, self.queue_url, trace_header))
            except (BotoCoreError, ClientError) as error:
                # An error of SQS quotes its own limits and names, never the body.
                log.error("request not queued", error=type(error).__name__, reason=str(error))
                metrics.count("SendFailed")
                return Error(
                    request_id=envelope.request_id,
                    code="unavailable",
                    message="the request could not be queued; send it again with the same requestId",
                    retryable=True,
                )
            log.info("request queued", messageId=sent["MessageId"], type=request.type)
            metrics.count("Accepted")
            return Accepted(
                request_id=envelope.request_id,
                message_id=sent["MessageId"],
                deadline_seconds=self.deadline_seconds,
            )


def queue_message(envelope: Envelope, queue_url: str, trace_header: str | None) -> "SendMessageRequestTypeDef":
    """Return the arguments of the one SendMessage call for `envelope`.

    The fairness key is the principal, else the connection (fair queues on a standard queue, SQS-05).
    """
    arguments: SendMessageRequestTypeDef = {
        "QueueUrl": queue_url,
        # ASCII with escapes: SQS refuses some characters that JSON lets stand, U+FFFE and U+FFFF among them (SQS-02).
        "MessageBody": json.dumps(envelope.model_dump(exclude_none=True)),
        "MessageGroupId": envelope.principal_id or envelope.connection_id,
        "MessageAttributes": {
            "requestId": {"DataType": "String", "StringValue": envelope.request_id},
            "connectionId": {"DataType": "String", "StringValue": envelope.connection_id},
        },
    }
    if trace_header:
        arguments["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace_header}}
    return arguments
