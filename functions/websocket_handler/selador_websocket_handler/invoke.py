"""`invoke` and `ping`: one message from a client becomes one message on the queue and one frame back."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from selador_shared import logs, metrics
from selador_shared.envelope import Envelope
from selador_shared.protocol import Accepted, Error, InvalidMessageError, Invoke, Message, Ping, Pong, parse_message
from selador_websocket_handler import identity
from selador_websocket_handler.identity import Identity

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageRequestTypeDef

log = structlog.get_logger()

_REFUSED_BY_QUEUE = "the request was not queued; send it again"
_NO_ANSWER_FROM_QUEUE = (
    "the queue gave no answer, so the request may have been queued all the same; "
    "send it again under a new requestId, and ignore frames of this one"
)


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
        context = event["requestContext"]
        client = identity.of_event(context)
        read = self._read(event)
        if client.has_expired(context["requestTimeEpoch"]):
            read = _expired(client, None if isinstance(read, Ping) else read.request_id)
        with structlog.contextvars.bound_contextvars(**logs.caller(client.principal_id, client.claims)):
            if isinstance(read, InvalidMessageError):
                return self._refuse(read)
            return Pong() if isinstance(read, Ping) else self._queue(read, client, context, trace_header)

    def _read(self, event: Mapping[str, Any]) -> Message | InvalidMessageError:
        if event.get("isBase64Encoded"):
            return InvalidMessageError("the message is binary; the protocol's messages are text")
        try:
            return parse_message(event.get("body") or "", query_text_limit=self.query_text_limit)
        except InvalidMessageError as error:
            return error

    def _refuse(self, error: InvalidMessageError) -> Error:
        request_id = error.request_id or self.new_request_id()
        # The message may quote the client's text, so the log gets the code and the field.
        log.info("message refused", requestId=request_id, code=error.code, field=error.field)
        metrics.count("Rejected")
        return Error(request_id=request_id, code=error.code, message=str(error), field=error.field, retryable=False)

    def _queue(
        self, request: Invoke, client: Identity, context: Mapping[str, Any], trace_header: str | None
    ) -> Accepted | Error:
        envelope = Envelope(
            request_id=request.request_id or self.new_request_id(),
            connection_id=context["connectionId"],
            principal_id=client.principal_id,
            claims=client.claims or None,
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
                answered = isinstance(error, ClientError)
                return Error(
                    request_id=envelope.request_id,
                    code="unavailable",
                    message=_REFUSED_BY_QUEUE if answered else _NO_ANSWER_FROM_QUEUE,
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

    SQS shares the queue out fairly among the principals, else among the connections (docs/protocol.md, "Fairness").
    """
    arguments: SendMessageRequestTypeDef = {
        "QueueUrl": queue_url,
        # ASCII with escapes: SQS refuses some characters that JSON lets stand, U+FFFE and U+FFFF among them (SQS-02).
        "MessageBody": json.dumps(envelope.model_dump(exclude_none=True)),
        "MessageGroupId": fairness_key(envelope.principal_id or envelope.connection_id),
        "MessageAttributes": {
            "requestId": {"DataType": "String", "StringValue": envelope.request_id},
            "connectionId": {"DataType": "String", "StringValue": envelope.connection_id},
        },
    }
    if trace_header:
        arguments["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace_header}}
    return arguments


def fairness_key(name: str) -> str:
    """Return `name` if SQS takes it as a group id (SQS-05), else its SHA-256: a `sub` may be any text."""
    return name if _GROUP_ID.fullmatch(name) else hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()


_GROUP_ID = re.compile(r"[!-~]{1,128}")  # ASCII letters, digits and punctuation


def _expired(client: Identity, request_id: str | None) -> InvalidMessageError:
    expired_at = datetime.fromtimestamp(client.expires_at or 0, UTC)
    return InvalidMessageError(
        f"the token that opened this connection expired at {expired_at:%Y-%m-%dT%H:%M:%SZ}; "
        "connect again with a new one",
        code="unauthorized",
        request_id=request_id,
    )
