"""The state as JSON: what it tells, and whom."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from selador_local.bedrock.faults import FaultKind, Faults
from selador_local.data_plane import faults
from selador_local.data_plane.journal import Journal
from selador_local.data_plane.lambda_service.invocation import InvokeResult
from selador_local.http import Request, Response
from selador_local.stack import state_api
from selador_local.stack.state import StackState
from selador_local.stack.state_api import FAULTS, StateApi

from .states import BUSY

HOST = "127.0.0.1:8787"


class Stage:
    """The API over a state made by hand, and what it hands on."""

    def __init__(self, logs: Path) -> None:
        self.journal = Journal(lambda arn: arn, lambda: 1_800_000_000.0)
        self.faults = Faults()
        self.handed_on: list[str] = []
        api = StateApi(self._look, self.journal, self.faults, logs)
        self._handle = api.around(self._next)

    async def _look(self) -> StackState:
        return BUSY

    async def _next(self, request: Request) -> Response:
        self.handed_on.append(request.target)
        return Response(418)

    def ask(self, method: str, target: str, body: object = None, **headers: str) -> tuple[int, Any]:
        sent = {"host": HOST, **headers}

        async def ask() -> Response:
            return await self._handle(Request(method, target, sent, b"" if body is None else json.dumps(body).encode()))

        response = asyncio.run(ask())
        assert isinstance(response.body, bytes)
        return response.status, json.loads(response.body or b"null")

    def asked(self, request_id: str) -> None:
        """A client's request comes and is queued."""
        event = {
            "requestContext": {"eventType": "MESSAGE", "connectionId": "c-1"},
            "body": json.dumps({"requestId": request_id}),
        }
        accepted = json.dumps({"type": "accepted", "requestId": request_id, "messageId": "m-1"})

        async def invoke(_: str, __: bytes) -> InvokeResult:
            return InvokeResult(json.dumps({"statusCode": 200, "body": accepted}).encode())

        async def call() -> InvokeResult:
            return await self.journal.around_invoke(invoke)("handler", json.dumps(event).encode())

        asyncio.run(call())


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_the_state_is_told_whole(stage: Stage) -> None:
    status, state = stage.ask("GET", "/_control/state")

    assert status == 200
    assert state.keys() == {
        "url",
        "startedAt",
        "at",
        "connections",
        "queues",
        "alarms",
        "requests",
        "failures",
    }
    assert state["alarms"][0]["reason"] == "Threshold Crossed: 1 datapoint"
    assert state["queues"][1]["messages"][0]["requestId"] == "r-3"
    assert state["queues"][1]["messages"][0]["sentAt"] == "2027-01-15T08:00:30.000Z"
    assert [request["state"] for request in state["requests"]] == ["error attempts_exhausted", "waiting", "completed"]
    assert state["failures"][1]["lookAt"] == ["functions/main/x.py, line 7", ".local/logs/main.log"]


def test_a_requests_timeline_is_told_by_its_id(stage: Stage) -> None:
    stage.asked("r/1")

    status, life = stage.ask("GET", "/_control/requests/r%2F1")

    assert status == 200
    assert (life["requestId"], life["state"], life["messageId"]) == ("r/1", "waiting", "m-1")
    assert life["timeline"] == [
        {"at": "2027-01-15T08:00:00.000Z", "what": "received", "kind": "query"},
        {"at": "2027-01-15T08:00:00.000Z", "what": "queued", "messageId": "m-1"},
    ]


def test_a_request_that_nobody_saw_is_not_found(stage: Stage) -> None:
    assert stage.ask("GET", "/_control/requests/r-9") == (
        404,
        {"message": "no request 'r-9' was seen since the stack started"},
    )


def test_the_last_lines_of_a_log_are_told(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "main.log").write_text("one\ntwo\nthree\n")

    assert stage.ask("GET", "/_control/logs/main?lines=2") == (200, {"function": "main", "lines": ["two", "three"]})
    assert len(stage.ask("GET", "/_control/logs/main")[1]["lines"]) == 3


def test_the_logs_are_listed(stage: Stage, tmp_path: Path) -> None:
    for name in ("main.log", "handler.log", "no-log.txt"):
        (tmp_path / name).touch()

    assert stage.ask("GET", "/_control/logs") == (200, {"logs": ["handler", "main"]})


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        ("/_control/logs/other", 404, "no log 'other'; there are main"),
        ("/_control/logs/..%2F..%2Fetc%2Fpasswd", 404, "no log '../../etc/passwd'; there are main"),
        ("/_control/logs/main?lines=0", 400, "lines is '0'; it must be a number from 1 to 10000"),
        ("/_control/logs/main?lines=all", 400, "lines is 'all'; it must be a number from 1 to 10000"),
    ],
    ids=["unknown", "outside", "none", "no number"],
)
def test_a_log_that_cannot_be_told_is_refused(
    stage: Stage, tmp_path: Path, target: str, status: int, message: str
) -> None:
    (tmp_path / "main.log").touch()

    assert stage.ask("GET", target) == (status, {"message": message})


def test_a_fault_of_bedrock_can_be_asked_for_and_taken_back(stage: Stage) -> None:
    assert stage.ask("POST", "/_control/faults", {"fault": "throttle", "times": 2})[0] == 204
    fault = stage.faults.take("any")
    assert stage.ask("DELETE", "/_control/faults")[0] == 204

    assert fault is not None
    assert fault.kind is FaultKind.THROTTLE
    assert stage.faults.take("any") is None
    assert stage.ask("POST", "/_control/faults", {"fault": "dance"})[0] == 400


def test_the_faults_are_listed_with_their_paths(stage: Stage) -> None:
    assert stage.ask("GET", "/_control/faults") == (200, {"faults": FAULTS})
    paths = re.findall(r"`POST (/_control/\S+)`", f"{faults.__doc__}{state_api.__doc__}")
    assert {fault["request"] for fault in FAULTS} == {f"POST {path}" for path in paths}


def test_other_paths_are_handed_on(stage: Stage) -> None:
    others = ["/_control/workers", "/abc/local/@connections/c-1", "/abc/local"]

    assert [stage.ask("POST", path)[0] for path in others] == [418, 418, 418]
    assert stage.handed_on == others


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8787"}, 200),
        ({"host": "localhost:8787", "origin": "http://localhost:8787"}, 200),
        ({"origin": f"http://{HOST}"}, 200),
        ({"host": "evil.example:8787"}, 403),
        ({"host": "127.0.0.1.evil.example:8787"}, 403),
        ({"host": ""}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "null"}, 403),
    ],
    ids=[
        "a program",
        "by name",
        "its own page",
        "its own page by number",
        "another name",
        "a name that looks alike",
        "no name",
        "a page of another site",
        "a page of another port",
        "a page without an origin",
    ],
)
@pytest.mark.parametrize("target", ["/_control/state", "/_control/faults"])
def test_a_page_of_another_site_is_refused(stage: Stage, target: str, headers: dict[str, str], status: int) -> None:
    assert stage.ask("GET", target, **headers)[0] == status


@pytest.mark.parametrize("path", ["workers", "posts", "time-limits", "faults"])
def test_a_page_of_another_site_causes_no_fault(stage: Stage, path: str) -> None:
    assert stage.ask("POST", f"/_control/{path}", {"fault": "throttle"}, origin="https://evil.example")[0] == 403

    assert stage.handed_on == []
    assert stage.faults.take("any") is None
