"""What happened to each client's request, told by the events that functions get and by the frames that they post.

The data plane passes its invocations and its posts through here, and nothing else is looked at. So a request's life is
what crossed the wires: received, queued, attempts, frames, its end. No text of a question or an answer is kept.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from selador_local.data_plane.api_gateway.connections_api import target_of
from selador_local.data_plane.function_failures import FunctionFailure, function_failure
from selador_local.data_plane.json_members import members_of
from selador_local.data_plane.lambda_service.invocation import Invoke, InvokeResult, TooManyRequestsError
from selador_local.errors import SeladorLocalError
from selador_local.http import Handler, Request, Response

KEPT_REQUESTS = 500
KEPT_MOMENTS = 300  # of a request; deltas in a row are one
_GONE = 410


@dataclass
class Moment:
    """Something that happened to a request; `at` and `until` are in seconds since the epoch.

    Deltas in a row are one moment: `count` of them, the last one `until` then.
    """

    at: float
    what: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    until: float | None = None


@dataclass
class RequestLife:
    """A request and its moments, in order."""

    request_id: str
    connection_id: str | None
    began_at: float
    message_id: str | None = None
    worker: str | None = None
    """The function that works on it, or did so last."""
    moments: deque[Moment] = field(default_factory=lambda: deque(maxlen=KEPT_MOMENTS))

    @property
    def attempt(self) -> int:
        """The highest attempt whose frames were posted; 0 before any."""
        return max((moment.facts.get("attempt") or 0 for moment in self.moments if moment.what == "frame"), default=0)

    @property
    def frames(self) -> int:
        """The frames that its client was sent."""
        return sum(moment.count for moment in self.moments if moment.what == "frame" and moment.facts["status"] == 200)

    @property
    def last_at(self) -> float:
        last = self.moments[-1] if self.moments else None
        return self.began_at if last is None else last.until or last.at

    @property
    def state(self) -> str:
        """How it ended, in a word or two, or how it stands."""
        state, gone = "received", False
        for moment in self.in_order():
            match moment.what, state:
                case "queued", "received":
                    state = "waiting"
                case "refused", _:
                    state = f"refused {moment.facts['code']}"
                case "handler failed", _:
                    state = "the handler failed"
                case "attempt began", "received" | "waiting" | "retrying":
                    state = "under way"
                case "attempt ended", "under way":
                    state = "client gone" if gone else "no end was told"
                case "attempt failed" | "worker failed", "under way":
                    state = "waiting"
                case "frame", _:
                    state, gone = _after_frame(moment.facts, state), moment.facts["status"] == _GONE
        return state

    def in_order(self) -> list[Moment]:
        """Return the moments by their time: main may post before the handler's answer is known."""
        return sorted(self.moments, key=lambda moment: moment.at)


def _after_frame(frame: Mapping[str, Any], state: str) -> str:
    """Return a request's state after that post. A client keeps to `completed`; after an error it hears a replay."""
    if frame["status"] != 200 or state == "completed":
        return state
    match frame["type"]:
        case "completed":
            return "completed"
        case "error":
            return f"error {frame.get('code')}"
        case "started":
            return "under way"
        case "retrying":
            return "retrying"
    return state


class Journal:
    """Keeps the newest requests, and tells `on_failure` of each function's failure."""

    def __init__(
        self,
        name_of: Callable[[str], str],
        clock: Callable[[], float],
        on_failure: Callable[[FunctionFailure], None] = lambda _: None,
    ) -> None:
        self._name_of = name_of
        self._clock = clock
        self.on_failure = on_failure
        self._requests: OrderedDict[str, RequestLife] = OrderedDict()

    def requests(self) -> list[RequestLife]:
        """Return the requests, the newest first."""
        return list(reversed(self._requests.values()))

    def find(self, request_id: str) -> RequestLife | None:
        return self._requests.get(request_id)

    def around_invoke(self, invoke: Invoke) -> Invoke:
        """Return `invoke`, with each of its calls written down."""

        async def noted(function_arn: str, event: bytes) -> InvokeResult:
            began_at, members = self._clock(), members_of(event)
            records = list(self._records(members, began_at))
            for life, _ in records:
                life.worker = self._name_of(function_arn)
            self._note_all(records, "attempt began")
            try:
                result = await invoke(function_arn, event)
            except TooManyRequestsError:
                self._unsay_beginning(records)
                raise
            except SeladorLocalError as error:
                self._note_all(records, "worker failed", reason=str(error))
                raise
            failure = None
            if result.function_error is not None:
                failure = function_failure(self._name_of(function_arn), result)
                self.on_failure(failure)
            if "requestContext" in members:
                self._message(members, result, failure, began_at)
            elif failure is not None:
                self._note_all(records, "worker failed", reason=failure.reason)
            else:
                failed = _failed_items(result.payload)
                self._note_all((record for record in records if record[1]["messageId"] in failed), "attempt failed")
                self._note_all((record for record in records if record[1]["messageId"] not in failed), "attempt ended")
            return result

        return noted

    def around_posts(self, handle: Handler) -> Handler:
        """Return `handle`, with each frame that is posted to a connection written down."""

        async def noted(request: Request) -> Response:
            response = await handle(request)
            if request.method == "POST" and (target := target_of(request.target)) is not None:
                self._frame(members_of(request.body), target.connection_id, response.status)
            return response

        return noted

    def _message(
        self, event: Mapping[str, Any], result: InvokeResult, failure: FunctionFailure | None, began_at: float
    ) -> None:
        context = event["requestContext"]
        if context.get("eventType") != "MESSAGE":
            return
        asked, answer = members_of(event.get("body") or ""), members_of(members_of(result.payload).get("body") or "")
        request_id = answer.get("requestId") or asked.get("requestId")
        if not isinstance(request_id, str):
            return  # a ping, or nothing that can be told apart
        life = self._life(request_id, context.get("connectionId"), began_at)
        life.began_at = min(life.began_at, began_at)  # main may have been faster than the handler's answer
        kind = asked.get("workflow") or asked.get("type") or "query"
        life.moments.append(Moment(began_at, "received", {"kind": str(kind)}))
        if failure is not None:
            self._note(life, "handler failed", {"reason": failure.reason})
        elif answer.get("type") == "accepted":
            life.message_id = answer.get("messageId")
            self._note(life, "queued", {"messageId": life.message_id})
        elif answer.get("type") == "error":
            self._note(life, "refused", {"code": answer.get("code")})

    def _frame(self, frame: Mapping[str, Any], connection_id: str, status: int) -> None:
        request_id = frame.get("requestId")
        if not isinstance(request_id, str):
            return
        life = self._life(request_id, connection_id, self._clock())
        facts = {"type": frame.get("type"), "attempt": frame.get("attempt"), "status": status}
        for name in ("code", "delaySeconds", "waitingFor", "stopReason", "name"):
            if name in frame:
                facts[name] = frame[name]
        last = life.moments[-1] if life.moments else None
        if facts["type"] == "delta" and last is not None and last.what == "frame" and last.facts == facts:
            last.count, last.until = last.count + 1, self._clock()
        else:
            self._note(life, "frame", facts)

    def _life(self, request_id: str, connection_id: str | None, began_at: float) -> RequestLife:
        life = self._requests.get(request_id)
        if life is None:
            life = self._requests[request_id] = RequestLife(request_id, connection_id, began_at)
            if len(self._requests) > KEPT_REQUESTS:
                self._requests.popitem(last=False)
        return life

    def _records(self, event: Mapping[str, Any], at: float) -> Iterator[tuple[RequestLife, Mapping[str, Any]]]:
        """Yield the requests of a batch from the queue, each with its message's id and how often that was received."""
        for record in event.get("Records", ()):
            envelope = members_of(record["body"])
            request_id = envelope.get("requestId")
            if isinstance(request_id, str):
                life = self._life(request_id, envelope.get("connectionId"), at)
                life.message_id = record["messageId"]
                received = int(record["attributes"]["ApproximateReceiveCount"])
                yield life, {"messageId": record["messageId"], "receive": received}

    def _unsay_beginning(self, records: Iterable[tuple[RequestLife, Mapping[str, Any]]]) -> None:
        """Forget that an attempt began: the mapping tries a throttled call again each second."""
        for life, _ in records:
            if life.moments and life.moments[-1].what == "attempt began":
                life.moments.pop()

    def _note_all(self, records: Iterable[tuple[RequestLife, Mapping[str, Any]]], what: str, **facts: Any) -> None:
        for life, of_record in records:
            self._note(life, what, {**of_record, **facts})

    def _note(self, life: RequestLife, what: str, facts: Mapping[str, Any]) -> None:
        life.moments.append(Moment(self._clock(), what, facts))


def _failed_items(payload: bytes) -> set[str]:
    failures = members_of(payload).get("batchItemFailures") or ()
    return {str(failure.get("itemIdentifier")) for failure in failures if isinstance(failure, dict)}
