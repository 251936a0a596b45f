"""AWS as far as the functions see it: SQS, `@connections` and Bedrock, in virtual time, failing as the seed says.

They answer on the wire, below the functions' own clients, so that signing, parsing and errors are the real ones.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from urllib3 import HTTPHeaderDict
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from selador_local.bedrock import eventstream
from selador_local.control_plane.moto_overlay.sqs.messages import (
    Content,
    InvalidReceiptHandleError,
    Message,
    MessageStore,
    NotInflightError,
)
from selador_main import sockets
from selador_main.transport import Transport

from .records import Call, Records
from .scheduler import Process, Scheduler, SimulatedCondition, SimulatedWaiting

QUEUE_URL = "http://queue.sim/1/requests"
CALLBACK_URL = "http://connections.sim/dev"


@dataclass(frozen=True)
class Faults:
    """How likely each fault is: at every step of a worker (`kill`, `freeze`), or at every call of a kind."""

    kill: float = 0
    freeze: float = 0
    queue_error: float = 0
    queue_lost: float = 0
    """The call has worked, its answer is lost."""
    delete_lost: float = 0
    """What Lambda deletes comes back (SQS-15)."""
    duplicate: float = 0
    """A message in flight is handed out once more (SQS-11)."""
    start: float = 0
    """An environment fails to start."""
    throttle: float = 0
    """Lambda refuses a batch until its visibility would end (ESM-18)."""
    post_error: float = 0
    post_lost: float = 0
    false_gone: float = 0
    model_error: float = 0
    model_cut: float = 0
    model_silent: float = 0
    blocked: float = 0
    denied: float = 0
    newer: float = 0
    """A handler of a later release sends a request that this main can't read."""


CALM = Faults()


@dataclass
class Connection:
    """A client's end: when it leaves, and when it takes nothing."""

    id: str
    leaves_at: float = float("inf")
    deaf: tuple[float, float] = (0, 0)
    doubted: bool = False


class Response:
    """What an HTTP client gets: a status, headers, and a body in chunks that take their time."""

    def __init__(
        self, status: int, body: bytes | Iterator[bytes] = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.headers = HTTPHeaderDict(headers or {})
        self._chunks = iter([body]) if isinstance(body, bytes) else body
        self.interrupted = False
        self.interrupt: Callable[[], None] = lambda: None

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        return self._chunks

    def read(self, *_: object, **__: object) -> bytes:
        return b"".join(self._chunks)

    def close(self) -> None:
        pass

    def shutdown(self) -> None:
        self.interrupted = True
        self.interrupt()


class Network(Transport):
    """Carries requests to the services of the simulation that runs."""

    services: "Services"

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Any, *, read_seconds: float
    ) -> Any:  # a Response, which is as much of urllib3's as is used
        return self.services.answer(urlsplit(url), headers, body, read_seconds)

    def channel_to(self, url: str, *, read_seconds: float) -> Any:  # a Channel
        return Channel(self, url, read_seconds)


class Channel:
    """Carries posts as Network carries requests."""

    def __init__(self, network: Network, url: str, read_seconds: float) -> None:
        self._network = network
        self._url = url
        self._read_seconds = read_seconds

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        return self._network.services.answer(urlsplit(urljoin(self._url, path)), headers, body, self._read_seconds)


@dataclass
class Services:
    """The services of one simulation."""

    scheduler: Scheduler
    waiting: SimulatedWaiting
    records: Records
    faults: Faults
    source: Any
    connections: dict[str, Connection] = field(default_factory=dict)
    throttled: tuple[float, float] = (0, 0)
    not_ready: tuple[float, float] = (0, 0)
    answer_seconds: tuple[float, float] = (1, 40)

    def __post_init__(self) -> None:
        self.queue = MessageStore("queue")
        self.arrived = SimulatedCondition(self.scheduler)
        self._message_ids = 0

    def happens(self, probability: float) -> bool:
        return bool(self.source.random() < probability)

    def strikes(self, fault: str) -> bool:
        """Whether a fault, by its name among `Faults`, happens now; each is counted."""
        struck = self.happens(getattr(self.faults, fault))
        self.records.faults[fault] += struck
        return struck

    def answer(self, url: SplitResult, headers: Mapping[str, str], body: Any, read_seconds: float) -> Response:
        self.step()
        match url.hostname:
            case "queue.sim":
                return self._queue(headers, json.loads(body), read_seconds)
            case "connections.sim":
                return self._post(unquote(url.path.rpartition("/")[2]), json.loads(body), read_seconds)
            case _:
                return self._model(url.path, json.loads(body))

    def step(self) -> None:
        """Something may happen to the process that takes a step."""
        process = self.scheduler.current.process
        if process is None or not process.name.startswith("main"):
            return
        if self.strikes("kill"):
            self.harm(process, "killed")
            self.scheduler.kill(process)
        if self.strikes("freeze"):
            seconds = self.source.uniform(20, 120)
            self.harm(process, f"frozen for {seconds:.0f} s")
            process.frozen_until = self.scheduler.now + seconds
            self.scheduler.sleep(0)

    def harm(self, process: Process, how: str) -> None:
        """Note a fault that may let a message be answered twice."""
        for request_id in process.request_ids:
            self.records.of(request_id).harm(self.scheduler.now, how)

    # -- SQS

    def send_message(self, content: Content, sent_at: int | None = None) -> str:
        self._message_ids += 1
        now = self.waiting.epoch_ms()
        message = Message(f"m-{self._message_ids}", content, sent_at or now)
        self.queue.put(message, now)
        self._changed()
        return message.id

    def _queue(self, headers: Mapping[str, str], call: Mapping[str, Any], read_seconds: float) -> Response:
        target: Any = headers["X-Amz-Target"]  # bytes where botocore has signed it
        action = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        self.scheduler.sleep(self.source.uniform(0.002, 0.03))
        if self.strikes("queue_error"):
            self._harm_current(f"{action} failed")
            return _json(500, {"__type": "com.amazonaws.sqs#InternalFailure", "message": ""})
        lost = self.strikes("queue_lost")
        answer: Response
        try:
            answer = self._act(action, call)
        except NotInflightError:
            answer = _json(400, {"__type": "com.amazonaws.sqs#MessageNotInflight", "message": ""})
        except InvalidReceiptHandleError:
            answer = _json(400, {"__type": "com.amazonaws.sqs#ReceiptHandleIsInvalid", "message": ""})
        self._changed()
        self.step()
        if lost:
            self._harm_current(f"the answer to {action} was lost")
            self.scheduler.sleep(read_seconds)
            raise ReadTimeoutError(None, QUEUE_URL, "lost")  # type: ignore[arg-type]
        return answer

    def _act(self, action: str, call: Mapping[str, Any]) -> Response:
        now = self.waiting.epoch_ms()
        match action:
            case "SendMessage":
                body = call["MessageBody"]
                if self.strikes("newer"):
                    body = body.replace('"action": "invoke"', '"action": "dance"')
                    self.records.of(json.loads(body)["requestId"]).unreadable = True
                content = Content(body, call["MessageAttributes"], call["MessageGroupId"])
                message_id = self.send_message(content)
                return _json(200, {"MessageId": message_id, "MD5OfMessageBody": ""})
            case "ChangeMessageVisibility":
                self.queue.change_visibility(call["ReceiptHandle"], now, call["VisibilityTimeout"] * 1000)
            case "DeleteMessage":
                self.queue.delete(call["ReceiptHandle"])
            case _:
                raise AssertionError(action)
        return _json(200, {})

    def _changed(self) -> None:
        self.arrived.notify_all()

    def _harm_current(self, how: str) -> None:
        if (process := self.scheduler.current.process) is not None:
            self.harm(process, how)

    # -- @connections

    def _post(self, connection_id: str, frame: dict[str, Any], read_seconds: float) -> Response:
        scheduler, record = self.scheduler, self.records.of(frame["requestId"])
        connection = self.connections[connection_id]
        scheduler.sleep(self.source.uniform(0.005, 0.05))
        if self.strikes("post_error"):
            return Response(500)
        if scheduler.now >= connection.leaves_at:
            self._gone(frame, connection)
            self.step()
            return Response(410, headers={"x-amzn-ErrorType": "GoneException"})
        if connection.deaf[0] <= scheduler.now < connection.deaf[1]:
            record.refuse(scheduler.now, frame["attempt"])
            return Response(429, headers={"x-amzn-ErrorType": "LimitExceededException"})
        connection.doubted = not connection.doubted and self.strikes("false_gone")
        if connection.doubted:  # a second look finds it
            return Response(410, headers={"x-amzn-ErrorType": "GoneException"})
        record.take(scheduler.now, connection_id, frame)
        self.step()
        if self.strikes("post_lost"):
            scheduler.sleep(read_seconds)
            raise TimeoutError
        return Response(200)

    def _gone(self, frame: Mapping[str, Any], connection: Connection) -> None:
        record = self.records.of(frame["requestId"])
        record.gone_posts += 1
        record.note(self.scheduler.now, f"410 for {frame['type']} of attempt {frame['attempt']}")
        if record.gone_posts == 2:
            record.known_gone_at = self.scheduler.now

    # -- Bedrock

    def _model(self, path: str, asked: Mapping[str, Any]) -> Response:
        scheduler = self.scheduler
        text = json.dumps(asked)
        request_id = text[text.index("<") + 1 : text.index(">")]
        record = self.records.of(request_id)
        record.note(scheduler.now, f"the model is asked: {path[:40]}")
        call = Call(scheduler.now, paid=False)
        record.calls.append(call)
        self._wait_interruptibly(self.source.uniform(0.05, 2))
        if self.throttled[0] <= scheduler.now < self.throttled[1]:
            record.note(scheduler.now, "the model is throttled")
            return _error(429, "ThrottlingException")
        if self.not_ready[0] <= scheduler.now < self.not_ready[1]:
            record.note(scheduler.now, "the model isn't ready")
            return _error(503, "ServiceUnavailableException")
        if self.strikes("denied"):
            return _error(403, "AccessDeniedException")
        if path.endswith("/retrieve"):
            passage = {"content": {"text": f"<{request_id}> passage"}, "location": {}}
            return _json(200, {"retrievalResults": [passage]})
        if self.strikes("model_error"):
            return _error(500, "InternalServerException")
        call.paid = True
        return self._stream(record.id, call, converse="converse" in path)

    def _stream(self, request_id: str, call: Call, *, converse: bool) -> Response:
        words = [f"<{request_id}> word {number} " for number in range(self.source.randint(1, 12))]
        seconds = self.source.uniform(*self.answer_seconds)
        pauses = [self.source.expovariate(len(words) / seconds) for _ in words]
        cut = self.source.randrange(len(words)) if self.strikes("model_cut") else None
        silent = self.strikes("model_silent")
        blocked = self.strikes("blocked")
        changed = SimulatedCondition(self.scheduler)

        def chunks() -> Iterator[bytes]:
            for number, word in enumerate([] if silent or blocked else words):
                with changed:
                    changed.wait_for(lambda: response.interrupted, pauses[number])
                if response.interrupted:
                    raise ProtocolError("interrupted")
                self.step()
                if number == cut:
                    yield eventstream.encode_event("output", {"text": word})[:20]
                    return
                if converse:
                    yield eventstream.encode_event(
                        "contentBlockDelta", {"delta": {"text": word}, "contentBlockIndex": 0}
                    )
                else:
                    yield eventstream.encode_event("output", {"text": word})
            if blocked and not converse:
                yield eventstream.encode_event("guardrail", {"action": "INTERVENED"})
            if converse:
                reason = "guardrail_intervened" if blocked else "end_turn"
                yield eventstream.encode_event("messageStop", {"stopReason": reason})
            call.whole = not (silent or blocked)

        def interrupt() -> None:
            with changed:
                changed.notify_all()

        headers = {"Content-Type": eventstream.CONTENT_TYPE, "x-amzn-bedrock-knowledge-base-session-id": "s-1"}
        response = Response(200, chunks(), headers)
        response.interrupt = interrupt
        return response

    def _wait_interruptibly(self, seconds: float) -> None:
        cancellation = sockets._waiting.get()
        if cancellation is None:
            self.scheduler.sleep(seconds)
            return
        changed = SimulatedCondition(self.scheduler)
        interrupted = False

        def interrupt() -> None:
            nonlocal interrupted
            interrupted = True
            with changed:
                changed.notify_all()

        with cancellation.calling(interrupt), changed:
            changed.wait_for(lambda: interrupted, seconds)
        if interrupted:
            raise ProtocolError("interrupted")


def _json(status: int, members: Mapping[str, Any]) -> Response:
    return Response(status, json.dumps(members).encode(), {"Content-Type": "application/x-amz-json-1.0"})


def _error(status: int, name: str) -> Response:
    return Response(status, b'{"message":"on demand"}', {"x-amzn-ErrorType": name, "Content-Type": "application/json"})
