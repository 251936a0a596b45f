"""`invoke` and `ping`: one message from a client becomes one message on the queue and one frame back."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from selador_shared import identity, logs, metrics
from selador_shared.envelope import Envelope, encode_envelope, read_envelope
from selador_shared.identity import Identity
from selador_shared.protocol import (
    Accepted,
    Error,
    InvalidMessageError,
    Invoke,
    Message,
    Ping,
    Pong,
    Workflow,
    known_member,
    parse_message,
)
from selador_shared.workflow_inputs import InputError, Workflows, check_inputs

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageRequestTypeDef

log = structlog.get_logger()

_NOT_QUEUED = "the request was not queued; send it again"
_PERHAPS_QUEUED = (
    "the queue gave no answer, so the request may have been queued all the same, and be answered under this requestId; "
    "to ask again use a new one, and ignore frames of this one"
)


@dataclass(frozen=True)
class Intake:
    """What turns messages into queued requests, and refuses those that can't be answered.

    `sqs` is expected not to retry: a send whose answer was lost may have been queued, and a second one would answer the
    request twice. `new_request_id` names requests whose client didn't.
    """

    sqs: "SQSClient"
    queue_url: str
    query_text_limit: int
    workflows: Workflows
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
            message = parse_message(event.get("body") or "", query_text_limit=self.query_text_limit)
            if isinstance(message, Workflow):
                self._check(message)
        except InvalidMessageError as error:
            return error
        return message

    def _check(self, request: Workflow) -> None:
        rules = self.workflows.get(request.workflow)
        try:
            if rules is None:
                known = ", ".join(self.workflows) or "none"
                raise InputError(f"there is no workflow {request.workflow}; there are: {known}", field="workflow")
            check_inputs(rules, request.inputs)
        except InputError as error:
            raise InvalidMessageError(str(error), field=error.field, request_id=request.request_id) from None

    def _refuse(self, error: InvalidMessageError) -> Error:
        request_id = error.request_id or self.new_request_id()
        # The error's message may quote the client's text, and its field may be a name that only the client knows.
        log.info("message refused", requestId=request_id, code=error.code, field=known_member(error.field))
        metrics.count("Unauthorized" if error.code == "unauthorized" else "Rejected")
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
        body = encode_envelope(envelope)
        try:
            read_envelope(body)  # as main will: what it can't read would be accepted and never answered
        except ValidationError:
            # The message itself was judged as it was read, so what is left is what the token says.
            if (name := client.unreadable_claim()) is None:
                raise
            return self._refuse(_unreadable(name, request.request_id))
        try:
            sent = self.sqs.send_message(**queue_message(envelope, body, self.queue_url, trace_header))
        except (BotoCoreError, ClientError) as error:
            # An error of SQS quotes its own limits and names, never the body.
            log.error(
                "request not queued", requestId=envelope.request_id, error=type(error).__name__, reason=str(error)
            )
            metrics.count("SendFailed")
            return Error(
                request_id=envelope.request_id,
                code="unavailable",
                message=_NOT_QUEUED if _is_refusal(error) else _PERHAPS_QUEUED,
                retryable=True,
            )
        log.info("request queued", requestId=envelope.request_id, messageId=sent["MessageId"], type=request.type)
        metrics.count("Accepted")
        return Accepted(
            request_id=envelope.request_id, message_id=sent["MessageId"], deadline_seconds=self.deadline_seconds
        )


def queue_message(
    envelope: Envelope, body: str, queue_url: str, trace_header: str | None
) -> "SendMessageRequestTypeDef":
    """Return the arguments of the one SendMessage call for `envelope`, which `body` holds.

    SQS shares the queue out fairly among the principals, else among the connections (docs/protocol.md, "Fairness").
    """
    arguments: SendMessageRequestTypeDef = {
        "QueueUrl": queue_url,
        "MessageBody": body,
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


def _is_refusal(error: BotoCoreError | ClientError) -> bool:
    """Return whether SQS said no. After a 5xx, a timeout or a broken connection the message may be on the queue."""
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0) if isinstance(error, ClientError) else 0
    return 400 <= status < 500


def _unreadable(claim: str, request_id: str | None) -> InvalidMessageError:
    return InvalidMessageError(
        f"{claim} in the token that opened this connection can't be queued: it holds half a surrogate pair, "
        "or is nested too deeply; connect again with another token",
        code="unauthorized",
        request_id=request_id,
    )


def _expired(client: Identity, request_id: str | None) -> InvalidMessageError:
    expired_at = datetime.fromtimestamp(client.expires_at or 0, UTC)
    return InvalidMessageError(
        f"the token that opened this connection expired at {expired_at:%Y-%m-%dT%H:%M:%SZ}; "
        "connect again with a new one",
        code="unauthorized",
        request_id=request_id,
    )
