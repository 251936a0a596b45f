"""A request's life, from the events that functions get and the frames that they post."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Iterable
from typing import Any

import pytest

from selador_local.data_plane import journal as journal_module
from selador_local.data_plane.function_failures import FunctionFailure
from selador_local.data_plane.journal import Journal
from selador_local.data_plane.lambda_service.invocation import Invoke, InvokeResult, TooManyRequestsError
from selador_local.errors import SeladorLocalError
from selador_local.http import Request, Response

HANDLER, MAIN = "arn:aws:lambda:us-east-1:1:function:handler:live", "arn:aws:lambda:us-east-1:1:function:main:live"
SECRET = "how long is the notice period"

type Step = tuple[Any, ...]


class Stage:
    """A journal whose clock ticks once at each look, and the calls that pass through it."""

    def __init__(self) -> None:
        ticks = itertools.count(1000)
        self.failures: list[FunctionFailure] = []
        self.journal = Journal(lambda arn: arn.split(":")[6], lambda: float(next(ticks)), self.failures.append)

    def message(self, request_id: str, answer: dict[str, Any] | InvokeResult, **members: Any) -> None:
        """A client's message reaches the handler, which answers so."""
        body = {"action": "invoke", "requestId": request_id, "text": SECRET, **members}
        event = {
            "requestContext": {"eventType": "MESSAGE", "connectionId": "c-1"},
            "body": json.dumps({name: value for name, value in body.items() if value is not None}),
        }
        proxied = {"statusCode": 200, "body": json.dumps(answer)} if isinstance(answer, dict) else answer
        self._invoke(HANDLER, event, proxied)

    def attempt(self, request_id: str, *steps: Step, receive: int = 1, result: Any = None) -> None:
        """Main gets the message of a request, posts frames and returns `result`."""
        body = {"requestId": request_id, "connectionId": "c-1", "request": {"text": SECRET}}
        record = {
            "messageId": f"m-{request_id}",
            "body": json.dumps(body),
            "attributes": {"ApproximateReceiveCount": str(receive)},
        }
        self._invoke(MAIN, {"Records": [record]}, {} if result is None else result, request_id, steps)

    async def post(self, request_id: str, kind: str, status: int = 200, **members: Any) -> None:
        frame = json.dumps({"type": kind, "requestId": request_id, "attempt": 1, "text": SECRET, **members})

        async def handle(_: Request) -> Response:
            return Response(status)

        noted = self.journal.around_posts(handle)
        await noted(Request("POST", "/api/local/@connections/c-1", {}, frame.encode()))

    def _invoke(
        self, arn: str, event: dict[str, Any], result: Any, request_id: str = "", steps: Iterable[Step] = ()
    ) -> None:
        async def invoke(_: str, __: bytes) -> InvokeResult:
            for kind, *more in steps:
                await self.post(request_id, kind, *more[:1], **(more[1] if more[1:] else {}))
            if isinstance(result, Exception):
                raise result
            return result if isinstance(result, InvokeResult) else InvokeResult(json.dumps(result).encode())

        with contextlib.suppress(SeladorLocalError):
            ran(self.journal.around_invoke(invoke), arn, event)

    def state(self, request_id: str) -> str:
        life = self.journal.find(request_id)
        assert life is not None
        return life.state


def ran(invoke: Invoke, arn: str, event: dict[str, Any]) -> InvokeResult:
    async def call() -> InvokeResult:
        return await invoke(arn, json.dumps(event).encode())

    return asyncio.run(call())


@pytest.fixture
def stage() -> Stage:
    return Stage()


def accepted(request_id: str) -> dict[str, Any]:
    return {"type": "accepted", "requestId": request_id, "messageId": f"m-{request_id}", "deadlineSeconds": 60}


FAILED = {"batchItemFailures": [{"itemIdentifier": "m-r-1"}]}
RAISED = InvokeResult(b'{"errorType": "KeyError", "errorMessage": "x"}', "Unhandled")


def test_a_requests_life_is_its_moments_in_order(stage: Stage) -> None:
    stage.message("r-1", accepted("r-1"))
    stage.attempt("r-1", ("started",), ("delta",), ("delta",), ("delta",), ("completed",))

    life = stage.journal.find("r-1")

    assert life is not None
    assert (life.state, life.attempt, life.frames) == ("completed", 1, 5)
    assert (life.connection_id, life.message_id, life.worker) == ("c-1", "m-r-1", "main")
    told = [(moment.what, moment.facts.get("type"), moment.count) for moment in life.in_order()]
    assert told == [
        ("received", None, 1),
        ("queued", None, 1),
        ("attempt began", None, 1),
        ("frame", "started", 1),
        ("frame", "delta", 3),
        ("frame", "completed", 1),
        ("attempt ended", None, 1),
    ]
    assert [moment.at for moment in life.in_order()] == sorted(moment.at for moment in life.moments)


def test_the_text_of_a_question_or_an_answer_is_not_kept(stage: Stage) -> None:
    stage.message("r-1", accepted("r-1"))
    stage.attempt("r-1", ("started",), ("delta",), ("error", 200, {"code": "internal", "message": SECRET}))

    assert SECRET not in repr(stage.journal.requests())


@pytest.mark.parametrize(
    ("attempts", "state"),
    [
        ([], "waiting"),
        ([{"steps": [("started",), ("completed",)]}], "completed"),
        ([{"steps": [("started",), ("retrying",)], "result": FAILED}], "retrying"),
        ([{"steps": [("retrying",)], "result": FAILED}, {"steps": [("completed",)]}], "completed"),
        ([{"result": RAISED}], "waiting"),
        ([{"result": SeladorLocalError("the function is not deployed")}], "waiting"),
        ([{"steps": [("started", 410)]}], "client gone"),
        ([{"steps": [("started",)]}], "no end was told"),
        ([{"steps": [("error", 200, {"code": "attempts_exhausted"})], "result": FAILED}], "error attempts_exhausted"),
        ([{"steps": [("completed",)], "result": RAISED}, {"steps": [("started",)]}], "completed"),
        ([{"steps": [("error", 200, {"code": "internal"})]}, {"steps": [("started",), ("completed",)]}], "completed"),
        ([{"steps": [("started", 500), ("started",), ("completed", 500)]}], "no end was told"),
    ],
    ids=[
        "not yet begun",
        "completed",
        "retrying",
        "answered at the second attempt",
        "an exception",
        "not to be invoked",
        "gone",
        "silent",
        "buried",
        "answered twice",
        "replayed",
        "posts that failed",
    ],
)
def test_a_requests_state_is_what_its_client_was_told(stage: Stage, attempts: list[dict[str, Any]], state: str) -> None:
    stage.message("r-1", accepted("r-1"))
    for number, attempt in enumerate(attempts, 1):
        stage.attempt("r-1", *attempt.get("steps", ()), receive=number, result=attempt.get("result"))

    assert stage.state("r-1") == state


def test_an_attempt_under_way_is_told_as_such(stage: Stage) -> None:
    states: list[str] = []

    async def invoke(_: str, __: bytes) -> InvokeResult:
        states.append(stage.state("r-1"))
        return InvokeResult(b"{}")

    event = {
        "Records": [{"messageId": "m", "body": '{"requestId": "r-1"}', "attributes": {"ApproximateReceiveCount": "1"}}]
    }
    ran(stage.journal.around_invoke(invoke), MAIN, event)

    assert states == ["under way"]


def test_an_attempt_that_is_throttled_has_not_begun(stage: Stage) -> None:
    stage.message("r-1", accepted("r-1"))

    for _ in range(3):
        stage.attempt("r-1", result=TooManyRequestsError("reserved concurrency 1 is used up"))

    life = stage.journal.find("r-1")
    assert life is not None
    assert [moment.what for moment in life.moments] == ["received", "queued"]
    assert life.state == "waiting"


def test_a_refusal_at_the_door_is_an_end(stage: Stage) -> None:
    stage.message("r-1", {"type": "error", "requestId": "r-1", "code": "invalid_request"})

    assert stage.state("r-1") == "refused invalid_request"


def test_a_handler_that_fails_is_told_by_request_and_as_a_failure(stage: Stage) -> None:
    stage.message("r-1", RAISED)

    assert stage.state("r-1") == "the handler failed"
    assert [str(failure) for failure in stage.failures] == ["handler: KeyError: x"]


def test_a_request_whose_id_the_handler_made_is_found_by_it(stage: Stage) -> None:
    stage.message("r-1", accepted("made"), requestId=None, workflow="compare_listings")

    life = stage.journal.find("made")

    assert life is not None
    assert life.moments[0].facts == {"kind": "compare_listings"}


def test_a_request_began_when_it_was_received_though_main_was_faster_than_the_handlers_answer(stage: Stage) -> None:
    async def invoke(_: str, __: bytes) -> InvokeResult:
        await stage.post("r-1", "started")
        return InvokeResult(json.dumps({"statusCode": 200, "body": json.dumps(accepted("r-1"))}).encode())

    event = {"requestContext": {"eventType": "MESSAGE", "connectionId": "c-1"}, "body": '{"requestId": "r-1"}'}
    ran(stage.journal.around_invoke(invoke), HANDLER, event)

    life = stage.journal.find("r-1")
    assert life is not None
    assert life.began_at == life.in_order()[0].at
    assert [moment.what for moment in life.in_order()] == ["received", "frame", "queued"]


def test_pings_and_messages_of_others_are_no_requests(stage: Stage) -> None:
    stage.message("r-1", {"type": "pong"}, requestId=None)
    asyncio.run(stage.post("", "delta", requestId=7))

    assert stage.journal.requests() == []


def test_the_oldest_requests_are_forgotten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "KEPT_REQUESTS", 2)

    for number in range(3):
        stage.message(f"r-{number}", accepted(f"r-{number}"))

    assert [life.request_id for life in stage.journal.requests()] == ["r-2", "r-1"]
