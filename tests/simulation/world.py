"""The whole system in virtual time: clients, the handler's intake, the mapping, main's workers, the dead-letter queue.

`simulate(seed)` runs one world and returns what became of its requests.
"""

import contextlib
import io
import json
import random
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import structlog
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import HTTPClientError
from botocore.session import Session
from urllib3.exceptions import HTTPError

from selador_local.control_plane.moto_overlay.sqs.messages import Delivery, Message
from selador_main.agents.knowledge_base import KnowledgeBaseAgent
from selador_main.agents.model import Model
from selador_main.batch import process_batch
from selador_main.connection import Connections
from selador_main.outcomes import Limits
from selador_main.worker import Worker
from selador_main.workflows.definition import parse_definition
from selador_main.workflows.runner import Workflows
from selador_shared.protocol import Accepted
from selador_shared.settings import Generation
from selador_websocket_handler.invoke import Intake

from .records import Attempt, Record, Records
from .scheduler import Process, Scheduler, SimulatedCondition, SimulatedWaiting
from .services import CALLBACK_URL, CALM, QUEUE_URL, Connection, Faults, Network, Services

RETENTION_MS = 345_600_000
BRIEF = """description = "d"
[inputs.q]
description = "the question"
max_characters = 100
[[steps]]
name = "find"
kind = "retrieve"
query = "${inputs.q}"
[[steps]]
name = "answer"
kind = "generate"
prompt = "${inputs.q} ${steps.find}"
"""


@dataclass(frozen=True)
class Setting:
    """A world: how it is deployed, what is asked, and what fails."""

    requests: int = 20
    seconds: float = 120
    """How long clients ask."""
    timeout_seconds: int = 900
    max_age_seconds: int = 900
    max_attempts: int = 3
    batch_size: int = 1
    pollers: int = 4
    leaving: float = 0.2
    deaf: float = 0.0
    workflows: float = 0.2
    replays: int = 0
    faults: Faults = CALM
    throttled: tuple[float, float] = (0, 0)
    not_ready: tuple[float, float] = (0, 0)
    answer_seconds: tuple[float, float] = (1, 40)

    @property
    def visibility_seconds(self) -> int:
        """As Terraform sets it (terraform/modules/queue)."""
        return self.timeout_seconds + 60

    @property
    def deadline_seconds(self) -> int:
        """As Terraform derives it (terraform/main.tf)."""
        return self.max_age_seconds + 2 * self.visibility_seconds


@cache
def _clients() -> tuple[Network, dict[str, Any]]:
    """Make the functions' clients, once: it takes seconds."""
    network = Network()
    session = Session()

    def client(service: str) -> Any:
        return session.create_client(
            service,
            region_name="eu-west-1",
            endpoint_url=f"http://{'queue' if service == 'sqs' else service}.sim",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(retries={"total_max_attempts": 1}),
        )

    clients = {name: client(name) for name in ("sqs", "bedrock-agent-runtime", "bedrock-runtime")}
    for made in clients.values():
        network.carry(made, read_seconds=3)
    handlers = client("sqs")
    network.carry(handlers, read_seconds=5)
    clients["handler's sqs"] = _RaisingAsBotocore(handlers)
    return network, clients


class _RaisingAsBotocore:
    """The handler's client carries its requests itself, so what fails on the way is botocore's to raise."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send_message(self, **call: Any) -> Any:
        try:
            return self._client.send_message(**call)
        except HTTPError as error:
            raise HTTPClientError(error=error) from error


class Environment:
    """An execution environment of main: what it remembers between invocations is its worker's."""

    def __init__(self, world: "World") -> None:
        setting, waiting = world.setting, world.waiting
        network, clients = _clients()
        knowledge_base = KnowledgeBaseAgent(clients["bedrock-agent-runtime"], "KB12345678", "arn:aws:m", Generation())
        connections = Connections(
            network, CALLBACK_URL, Credentials("testing", "testing"), "eu-west-1", epoch_ms=waiting.epoch_ms
        )
        model = Model(clients["bedrock-runtime"], "arn:aws:m", None)
        self.worker = Worker(
            sqs=clients["sqs"],
            queue_url=QUEUE_URL,
            post=connections.post,
            agent=knowledge_base,
            workflows=Workflows(
                {"brief": parse_definition("brief.toml", BRIEF)},
                agent=knowledge_base,
                retriever=knowledge_base,
                model=lambda _: model,
                generation=Generation(),
            ),
            limits=Limits(setting.max_attempts, setting.max_age_seconds),
            waiting=waiting,
            source=random.Random(world.source.random()),
        )


_NEVER_INVOKED = {
    "throttle": "throttled by Lambda until its visibility ended",
    "start": "its environment did not start",
}


class World:
    """One simulation."""

    def __init__(self, seed: int, setting: Setting) -> None:
        self.setting = setting
        self.source = random.Random(f"world {seed}")
        self.scheduler = Scheduler(seed)
        self.waiting = SimulatedWaiting(self.scheduler)
        self.records = Records()
        self.services = Services(
            self.scheduler,
            self.waiting,
            self.records,
            setting.faults,
            self.source,
            throttled=setting.throttled,
            not_ready=setting.not_ready,
            answer_seconds=setting.answer_seconds,
        )
        self.dead: list[Message] = []
        self.outlived: list[str] = []
        self._idle: list[Environment] = []
        self._to_come = setting.requests
        self._busy = 0
        network, clients = _clients()
        network.services = self.services
        self.intake = Intake(
            sqs=cast("Any", clients["handler's sqs"]),
            queue_url=QUEUE_URL,
            query_text_limit=1_000,
            workflows={"brief": parse_definition("brief.toml", BRIEF).inputs},
            deadline_seconds=setting.deadline_seconds,
            new_request_id=lambda: "unnamed",
        )

    def run(self) -> None:
        """Let everything happen until all messages are gone, at most for a day."""
        scheduler, setting = self.scheduler, self.setting
        for _ in range(setting.pollers):
            scheduler.spawn(self._poll, "poller", Process("mapping"))
        for number in range(setting.requests):
            scheduler.spawn(lambda number=number: self._ask(number), "client", Process("client"))  # type: ignore[misc]
        replays = setting.replays
        while scheduler.now < 86_400 and not scheduler.failures:
            scheduler.sleep(20)
            left = self.services.queue.counts(self.waiting.epoch_ms(), RETENTION_MS)
            if self._to_come or self._busy or left.visible or left.not_visible:
                continue
            if not (replays and self.dead):
                break
            replays -= 1
            self._replay()
        scheduler.shut_down()

    # -- clients and the handler

    def _ask(self, number: int) -> None:
        scheduler, source, setting = self.scheduler, self.source, self.setting
        record = self.records.of(f"r-{number}")
        connection = Connection(f"c-{number}=")
        scheduler.sleep(source.uniform(0, setting.seconds))
        if self.services.happens(setting.leaving):
            connection.leaves_at = scheduler.now + source.choice([0.01, 1, 20, 90]) * source.random()
        if self.services.happens(setting.deaf):
            connection.deaf = (scheduler.now + source.uniform(0, 20), scheduler.now + source.choice([30, 100, 10_000]))
        self.services.connections[connection.id] = connection
        record.connection_id = connection.id
        record.sent_at = scheduler.now
        message: dict[str, Any] = {"action": "invoke", "requestId": record.id}
        if self.services.happens(setting.workflows):
            message |= {"type": "workflow", "workflow": "brief", "inputs": {"q": f"<{record.id}> flats?"}}
        else:
            message |= {"text": f"<{record.id}> flats?"}
        received_at = self.waiting.epoch_ms()
        scheduler.sleep(source.choice([0.01, 0.02, 0.05, 1.5]))  # a cold start now and then
        context = {"connectionId": connection.id, "requestTimeEpoch": received_at, "eventType": "MESSAGE"}
        answer = self.intake.answer({"requestContext": context, "body": json.dumps(message)}, None)
        if isinstance(answer, Accepted):
            record.accepted_at = scheduler.now
        record.note(scheduler.now, f"the handler answers {answer.type}")
        self._to_come -= 1

    # -- the mapping and Lambda

    def _poll(self) -> None:
        queue, waiting = self.services.queue, self.waiting
        while True:
            now = waiting.epoch_ms()
            received = queue.receive(
                now,
                limit=self.setting.batch_size,
                visibility_ms=self.setting.visibility_seconds * 1000,
                retention_ms=RETENTION_MS,
                max_receive_count=self.setting.max_attempts + 2,
            )
            for message in received.exhausted:
                self._bury(message)
            if received.deliveries:
                self._busy += 1
                self._deliver(received.deliveries)
                self._busy -= 1
                continue
            due = queue.next_receivable_at()
            seconds = 60.0 if due is None else max(0.001, (due - now) / 1000)
            self.services.arrived.wait(seconds)

    def _bury(self, message: Message) -> None:
        record = self.records.of(json.loads(message.content.body)["requestId"])
        record.dead += 1
        record.note(self.scheduler.now, "moved to the dead-letter queue")
        self.dead.append(message)

    def _replay(self) -> None:
        """Move the dead letters back, as SQS's own move task does: new messages to the queue (SQS-27)."""
        for message in self.dead:
            record = self.records.of(json.loads(message.content.body)["requestId"])
            record.note(self.scheduler.now, "replayed")
            record.queued_at.append(self.scheduler.now)
            self.services.send_message(message.content)
        self.dead.clear()

    def _deliver(self, deliveries: list[Delivery]) -> None:
        services = self.services
        ids = {json.loads(delivery.message.content.body)["requestId"] for delivery in deliveries}
        for fault, what in _NEVER_INVOKED.items():
            if services.strikes(fault):
                for request_id in ids:
                    self.records.of(request_id).harm(self.scheduler.now, what)
                if fault == "throttle":
                    self.scheduler.sleep(self.setting.visibility_seconds)
                return
        if services.strikes("duplicate"):
            for delivery in deliveries:
                self._record(delivery).harm(self.scheduler.now, "SQS hands it out twice")
                services.queue.put(delivery.message, self.waiting.epoch_ms() + 1_000)
        answer = self._invoke([_record_of(delivery) for delivery in deliveries], ids)
        if answer is None:
            return
        failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
        for delivery in deliveries:
            if delivery.message.id in failed:
                continue
            if services.strikes("delete_lost"):
                self._record(delivery).harm(self.scheduler.now, "what Lambda deleted comes back")
            else:
                services.queue.delete(delivery.receipt_handle)

    def _record(self, delivery: Delivery) -> Record:
        return self.records.of(json.loads(delivery.message.content.body)["requestId"])

    def _invoke(self, records: list[dict[str, Any]], ids: set[str]) -> dict[str, Any] | None:
        """Invoke main; return its answer, None if it died or ran into its timeout."""
        scheduler = self.scheduler
        environment = self._idle.pop() if self._idle else Environment(self)
        process = Process("main")
        process.request_ids = ids
        began = scheduler.now
        answers: list[dict[str, Any]] = []
        finished = SimulatedCondition(scheduler)

        def remaining() -> float:
            return self.setting.timeout_seconds - (scheduler.now - began)

        def run() -> None:
            answers.append(
                process_batch(
                    records,
                    lambda record: environment.worker.process(record, remaining(), alone=len(records) == 1),
                    waiting=self.waiting,
                )
            )
            self.outlived += [thread.name for thread in process.threads if thread is not scheduler.current]
            finished.notify_all()

        scheduler.spawn(run, "invocation", process)
        with finished:
            while not answers and not process.dead and remaining() > 1e-6:
                finished.wait_for(lambda: answers or process.dead, min(1, remaining()))
        if answers:
            self._idle.append(environment)
            return answers[0]
        if not process.dead:
            self.records.faults["timeout"] += 1
            for request_id in ids:
                self.records.of(request_id).timeouts += 1
            self.services.harm(process, "ran into the function's timeout")
            scheduler.kill(process)
        return None


def _record_of(delivery: Delivery) -> dict[str, Any]:
    return {
        "messageId": delivery.message.id,
        "receiptHandle": delivery.receipt_handle,
        "body": delivery.message.content.body,
        "attributes": {
            "ApproximateReceiveCount": str(delivery.receive_count),
            "SentTimestamp": str(delivery.message.sent_at),
        },
    }


class _Output(io.TextIOBase):
    """Reads the metrics that are written, request by request."""

    def __init__(self, world: World) -> None:
        self._world = world

    def write(self, text: str) -> int:
        line = json.loads(text)
        names = {metric["Name"] for directive in line["_aws"]["CloudWatchMetrics"] for metric in directive["Metrics"]}
        counted = {name: line[name] for name in names}
        self._world.records.metrics.update(counted)
        if "requestId" in line:
            record = self._world.records.of(line["requestId"])
            record.metrics.update(counted)
            record.note(self._world.scheduler.now, f"ended: {line['ending']}, receive {line['receiveCount']}")
        return len(text)


def simulate(seed: int, setting: Setting) -> World:
    """Run one world."""
    world = World(seed, setting)

    def read_log(_: Any, __: str, line: Any) -> Any:
        request_id = line.get("requestId")
        if request_id is not None:
            record = world.records.of(request_id)
            if line["event"] == "attempt started":
                record.no_room.pop(line["attempt"], None)  # both receives of a burial have one number
                record.attempts.append(
                    Attempt(world.scheduler.now, line["attempt"], line["receiveCount"], len(record.queued_at))
                )
            if line["event"] in {"agent raised", "frame writer failed", "message not processed"}:
                record.surprises.append(f"{line['event']}: {line.get('exc_info')}")
            shown = {name: value for name, value in line.items() if name in _SHOWN}
            record.note(world.scheduler.now, f"log {shown}")
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.contextvars.merge_contextvars, read_log])
    try:
        with contextlib.redirect_stdout(cast("io.StringIO", _Output(world))):
            world.run()
    finally:
        structlog.reset_defaults()
    return world


_SHOWN = {"event", "attempt", "receiveCount", "reason", "error", "code", "faults"}
