"""The main function's entry point: settings, clients made once, and the batch's answer.

Every client has its timeouts set and botocore's retries off: what is tried again, and when, is decided here.
"""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from selador_main.agents.knowledge_base import KnowledgeBaseAgent
from selador_main.worker import Worker
from selador_shared import logs
from selador_shared.settings import MainSettings, load

if TYPE_CHECKING:
    from awslambdaric.lambda_context import LambdaContext

_settings = load(MainSettings)
logs.configure(_settings.log_level)


def _config(read_timeout: int) -> Config:
    return Config(connect_timeout=3, read_timeout=read_timeout, retries={"total_max_attempts": 1}, tcp_keepalive=True)


_worker = Worker(
    sqs=boto3.client("sqs", config=_config(5)),
    queue_url=_settings.sqs_queue_url,
    connections=boto3.client("apigatewaymanagementapi", endpoint_url=_settings.callback_url, config=_config(5)),
    agent=KnowledgeBaseAgent(
        # Retrieval and a model's first token may take longer than botocore's 60 s between bytes (BR-28).
        boto3.client("bedrock-agent-runtime", config=_config(120)),
        _settings.knowledge_base_id,
        _settings.model_arn,
    ),
    max_attempts=_settings.max_attempts,
    max_age_seconds=_settings.request_max_age_seconds,
)


def handle(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Process an SQS batch (ESM-13); return the identifiers of the messages that are not done (ESM-21)."""
    failures = [
        {"itemIdentifier": record["messageId"]}
        for record in event["Records"]
        if not _worker.process(record, context.get_remaining_time_in_millis() / 1000)
    ]
    return {"batchItemFailures": failures}
