"""The main function's entry point: settings, clients, and which agent answers.

What every request needs is made at init, where Lambda gives a whole CPU; the rest when it is first asked for. Every
client has its timeouts set and botocore's retries off: what is tried again, and when, is decided here.
"""

import gc

gc.disable()  # until all is made: collecting meanwhile is a twelfth of a cold start (benchmarks/handler.md)

import functools
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import structlog
from botocore.config import Config

from selador_main.agents.agent import Agent
from selador_main.agents.knowledge_base import KnowledgeBaseAgent
from selador_main.batch import Record, process_batch
from selador_main.connection import Connections
from selador_main.outcomes import Limits
from selador_main.receipt import READ_SECONDS as QUEUE_READ_SECONDS
from selador_main.transport import Transport
from selador_main.waiting import RealWaiting
from selador_main.worker import Worker
from selador_main.workflows.definition import load_definitions
from selador_main.workflows.runner import Workflows
from selador_shared import logs
from selador_shared.settings import MainSettings, load

if TYPE_CHECKING:
    from awslambdaric.lambda_context import LambdaContext

    from selador_main.agents.model import Model

MODEL_READ_SECONDS = 120
"""botocore gives up after 60 s without a byte (BR-28); retrieval and a model's first token may take longer."""

_settings = load(MainSettings)
logs.configure(_settings.log_level)

_session = botocore.session.get_session()
_boto3 = boto3.Session(botocore_session=_session)
_transport = Transport(_session.get_config_variable("ca_bundle"))


def _config(read_seconds: int) -> Config:
    return Config(connect_timeout=2, read_timeout=read_seconds, retries={"total_max_attempts": 1}, tcp_keepalive=True)


def _carried(client: Any, read_seconds: int = MODEL_READ_SECONDS) -> Any:
    _transport.carry(client, read_seconds=read_seconds)
    return client


def _knowledge_base_kind() -> type[KnowledgeBaseAgent]:
    if _settings.knowledge_base_type != "MANAGED":
        return KnowledgeBaseAgent
    from selador_main.agents.managed_knowledge_base import ManagedKnowledgeBaseAgent  # noqa: PLC0415  # as below

    return ManagedKnowledgeBaseAgent


_knowledge_base = _knowledge_base_kind()(
    _carried(_boto3.client("bedrock-agent-runtime", config=_config(MODEL_READ_SECONDS))),
    _settings.knowledge_base_id,
    _settings.model_arn,
    _settings.generation,
)


def _query_agent() -> Agent:
    if _settings.agent_runtime_arn is None:
        return _knowledge_base
    from selador_main.agents.agent_core import AgentCoreAgent  # noqa: PLC0415  # only where it is what answers

    return AgentCoreAgent(
        _carried(_boto3.client("bedrock-agentcore", config=_config(MODEL_READ_SECONDS))), _settings.agent_runtime_arn
    )


@functools.cache
def _model(name: str | None) -> "Model":
    from selador_main.agents.model import Model  # noqa: PLC0415  # only when a workflow comes

    arn = _settings.model_arn if name is None else _settings.generation.models[name]
    return Model(
        _carried(_boto3.client("bedrock-runtime", config=_config(MODEL_READ_SECONDS))),
        arn,
        _settings.generation.guardrail,
    )


_waiting = RealWaiting()
_connections = Connections(
    _transport,
    _settings.callback_url,
    _session.get_credentials(),
    _session.get_config_variable("region"),
    epoch_ms=_waiting.epoch_ms,
)
_agent = _query_agent()
_worker = Worker(
    sqs=_carried(_boto3.client("sqs", config=_config(QUEUE_READ_SECONDS)), QUEUE_READ_SECONDS),
    queue_url=_settings.sqs_queue_url,
    post=_connections.post,
    agent=_agent,
    workflows=Workflows(
        load_definitions(models=_settings.generation.models),
        agent=_agent,
        retriever=_knowledge_base,
        model=_model,
        generation=_settings.generation,
    ),
    limits=Limits(_settings.max_attempts, _settings.request_max_age_seconds),
    waiting=_waiting,
)
_connections.open()
_transport.connect(_knowledge_base.endpoint)

# What is made stays, so that no collection looks through it: the first would, before the first event.
gc.freeze()
gc.enable()


def handle(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Process an SQS batch, a list of `Records` (ESM-13).

    Returns the identifiers of the messages that are not done: SQS keeps these (ESM-21).
    """
    records = event["Records"]

    def process(record: Record) -> bool:
        return _worker.process(record, context.get_remaining_time_in_millis() / 1000, alone=len(records) == 1)

    # Not `requestId`, which is the client's: by this one, Lambda's own lines tell how an invocation ended.
    with structlog.contextvars.bound_contextvars(lambdaRequestId=context.aws_request_id):
        return process_batch(records, process, waiting=_waiting)
