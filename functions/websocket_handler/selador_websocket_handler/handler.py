"""The websocket handler's entry point: settings, one client, and which event goes where.

API Gateway waits at most 29 s for an integration (WS-09); the handler should need milliseconds of them.
"""

import gc

gc.disable()  # until all is made: collecting meanwhile is a twelfth of a cold start (benchmarks/handler.md)

import os
import uuid
from typing import TYPE_CHECKING, Any, cast

import structlog
from botocore.config import Config
from botocore.session import Session

from selador_shared import logs, metrics
from selador_shared.idle_connections import forget_idle_connections, read_certificates_once
from selador_shared.protocol import Error, encode_frame, request_id_of
from selador_shared.settings import WebsocketHandlerSettings, load
from selador_shared.workflow_inputs import load_workflows
from selador_websocket_handler.connect import answer_connect
from selador_websocket_handler.invoke import Intake

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_settings = load(WebsocketHandlerSettings)
logs.configure(_settings.log_level)
log = structlog.get_logger()

# AWS's own client without boto3 around it: a tenth less CPU at a cold start (benchmarks/handler.md).
_sqs = Session().create_client(
    "sqs",
    # One try of at most 7 s: well inside the function's 29 s, and never a request queued twice (see Intake).
    config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}),
)
forget_idle_connections(_sqs)
read_certificates_once(_sqs)

_intake = Intake(
    sqs=cast("SQSClient", _sqs),
    queue_url=_settings.sqs_queue_url,
    query_text_limit=_settings.query_text_limit,
    workflows=load_workflows(),
    deadline_seconds=_settings.deadline_seconds,
    new_request_id=lambda: uuid.uuid4().hex,
)

# What is made stays, so that no collection looks through it: the first would, before the first event.
gc.freeze()
gc.enable()


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the proxy response to an event of the WebSocket API.

    Only `$connect` has headers and a query (WS-34); a message has a body (WS-37). All have a `requestContext` (WS-39).
    """
    context = event["requestContext"]
    with structlog.contextvars.bound_contextvars(connectionId=context["connectionId"]):
        match context["eventType"]:
            case "CONNECT":
                return answer_connect(event)
            case "DISCONNECT":
                log.info("connection closed", code=context.get("disconnectStatusCode"))
                return {"statusCode": 200}
            case _:
                # Always 200: with another status the client may get API Gateway's own error, not this body (WS-13).
                return {"statusCode": 200, "body": _answer_message(event)}


def _answer_message(event: dict[str, Any]) -> str:
    try:
        return encode_frame(_intake.answer(event, os.environ.get("_X_AMZN_TRACE_ID")))
    except Exception:
        # The rim: after an exception the client would get API Gateway's own "Internal server error" (WS-10).
        request_id = request_id_of(event.get("body") or "") or uuid.uuid4().hex
        log.exception("message not answered", requestId=request_id)
        metrics.count("Unanswered")
        return encode_frame(
            Error(
                request_id=request_id,
                code="internal",
                message=(
                    "something went wrong here, and the request may have been queued all the same; "
                    f"give requestId {request_id} to whoever runs this service"
                ),
                retryable=True,
            )
        )
