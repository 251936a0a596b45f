"""Faults on demand: what the control requests reach, and what they refuse."""

import asyncio
import json
from typing import Any, cast

import pytest

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.api_gateway.connections_api import ConnectionsApi
from selador_local.data_plane.api_gateway.gateway import ApiGateway
from selador_local.data_plane.api_gateway.post_faults import PostFault
from selador_local.data_plane.faults import FaultEndpoint
from selador_local.data_plane.lambda_service.execution_environment import ExecutionEnvironment
from selador_local.data_plane.lambda_service.service import LambdaService
from selador_local.http import Request, Response, Server


class Worker:
    """An environment that notes what was done to it."""

    def __init__(self) -> None:
        self.done: list[object] = []

    def signal(self, number: object) -> None:
        self.done.append(number)

    def limit_memory(self, megabytes: int) -> None:
        self.done.append(megabytes)

    def time_out(self) -> None:
        self.done.append("timed out")


class FakeControlPlane:
    """Notes what it was asked."""

    def __init__(self, asked: list[tuple[str, Any]]) -> None:
        self._asked = asked

    def ask(self, question: str, facts: Any) -> dict[str, Any]:
        self._asked.append((question, facts))
        return {}


class FakeServer:
    """Notes that it lost its idle connections."""

    def __init__(self, lost: list[int], number: int) -> None:
        self._lost, self._number = lost, number

    def lose_idle_connections(self) -> None:
        self._lost.append(self._number)


class Stage:
    """Gateway and Lambda service as far as they are reached."""

    def __init__(self) -> None:
        self.worker = Worker()
        self.connections_api = ConnectionsApi({}, cast("Any", None), "arn:", lambda _: None)
        self.time_limits: dict[str, int] = {}
        self.asked: list[tuple[str, Any]] = []
        self.control = FaultEndpoint(
            cast("ApiGateway", self), cast("LambdaService", self), cast("ControlPlane", FakeControlPlane(self.asked))
        )

    def working_on(self, request_id: str) -> list[ExecutionEnvironment]:
        return [cast("ExecutionEnvironment", self.worker)] if request_id == "r-1" else []

    async def handle(self, request: Request) -> Response:
        return Response(299)

    async def recycle(self) -> None:
        self.worker.done.append("recycled")

    def ask(self, target: str, body: bytes) -> tuple[int, Any]:
        response = asyncio.run(self.control.handle(Request("POST", target, {}, body)))
        return response.status, json.loads(cast("bytes", response.body) or b"null")


@pytest.mark.parametrize(
    ("members", "done"),
    [
        ({"do": "kill"}, 9),
        ({"do": "stop"}, 19),
        ({"do": "continue"}, 18),
        ({"do": "starve", "megabytes": 20}, 20),
        ({"do": "time_out"}, "timed out"),
    ],
)
def test_a_worker_is_met_by_what_it_works_on(members: dict[str, Any], done: object) -> None:
    stage = Stage()

    met = stage.ask("/_control/workers", json.dumps({"requestId": "r-1", **members}).encode())
    missed = stage.ask("/_control/workers", json.dumps({"requestId": "r-2", **members}).encode())

    assert (met, missed) == ((200, {"workers": 1}), (200, {"workers": 0}))
    assert stage.worker.done == [done]


def test_posts_fail_and_time_is_limited_on_demand() -> None:
    stage = Stage()

    stage.ask("/_control/posts", b'{"requestId": "r-1", "status": 429, "errorType": "X", "times": 2}')
    stage.ask("/_control/time-limits", b'{"requestId": "r-1", "seconds": 12}')

    faults = stage.connections_api.faults
    assert [faults.take("r-1") for _ in range(3)] == [PostFault(429, "X"), PostFault(429, "X"), None]
    assert stage.time_limits == {"r-1": 12}


def test_the_queues_are_disturbed_by_a_seed_until_it_is_taken_back() -> None:
    stage = Stage()

    answers = [stage.ask("/_control/disorder", body)[0] for body in (b'{"seed": "7"}', b'{"seed": null}', b"{}")]

    assert answers == [204, 204, 400]
    assert stage.asked == [("disorder", {"seed": "7"}), ("disorder", {"seed": None})]


def test_environments_are_recycled() -> None:
    stage = Stage()

    assert stage.ask("/_control/environments", b"{}") == (204, None)
    assert stage.worker.done == ["recycled"]


def test_idle_connections_are_lost_at_every_server_that_functions_reach() -> None:
    stage = Stage()
    lost: list[int] = []
    stage.control.servers_of_functions = [cast("Server", FakeServer(lost, number)) for number in (1, 2)]

    assert stage.ask("/_control/idle-connections", b"{}") == (204, None)
    assert lost == [1, 2]


@pytest.mark.parametrize(
    ("target", "body", "status"),
    [
        ("/_control/workers", b"no JSON", 400),
        ("/_control/workers", b"{}", 400),
        ("/_control/workers", b'{"requestId": "r-1", "do": "dance"}', 400),
        ("/_control/posts", b'{"status": 500}', 400),
        ("/_control/nothing", b"{}", 404),
    ],
)
def test_a_request_that_is_wrong_is_refused(target: str, body: bytes, status: int) -> None:
    assert Stage().ask(target, body)[0] == status


def test_all_else_goes_to_the_gateway() -> None:
    assert Stage().ask("/api/stage", b"")[0] == 299
