"""Lambda's Invoke, with real processes: statuses and headers of each kind of invocation (LAM-38)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from selador_local.data_plane.deployment import DeploymentError, Function
from selador_local.data_plane.lambda_service.invoke_api import PATH, InvokeApi
from selador_local.http import Request, Response

from ....conftest import STUCK_SECONDS
from .conftest import MakeFunction, MakeService

DOUBLES = "def handle(event, context):\n    print('doubling')\n    return event['n'] * 2\n"
SECRET = "the secret"


def ask(function: Function, body: bytes = b'{"n": 2}', kind: str = "RequestResponse", secret: str = SECRET) -> Request:
    headers = {
        "authorization": f"Bearer {secret}",
        "x-amz-invocation-type": kind,
        "x-function-arn": function.arn,
    }
    return Request("POST", PATH, headers, body)


def answers(make_service: MakeService, function: Function, *requests: Request) -> list[Response]:
    """Answer one after another, by a service to which nothing was deployed."""

    async def scenario(api: InvokeApi) -> list[Response]:
        return [await api.handle(request) for request in requests]

    return run(make_service, function, scenario)


def run[T](make_service: MakeService, function: Function, scenario: Callable[[InvokeApi], Awaitable[T]]) -> T:
    async def read(arn: str) -> Function:
        if arn != function.arn:
            raise DeploymentError(f"{arn} is unknown")
        return function

    async def run_it() -> T:
        service = make_service()
        api = InvokeApi(service, SECRET, read)
        try:
            return await asyncio.wait_for(scenario(api), STUCK_SECONDS)
        finally:
            await api.stop()
            await service.stop()

    return asyncio.run(run_it())


def error_of(response: Response) -> tuple[int, str, str]:
    assert isinstance(response.body, bytes)
    return response.status, response.headers["x-amzn-ErrorType"], json.loads(response.body)["message"]


def test_a_synchronous_invocation_returns_the_functions_answer(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    function = make_function(DOUBLES)

    [response] = answers(make_service, function, ask(function))

    assert (response.status, response.body) == (200, b"4")
    assert response.headers["X-Amz-Executed-Version"] == "7"
    assert "X-Amz-Function-Error" not in response.headers


def test_a_functions_error_is_a_200_with_a_header(make_service: MakeService, make_function: MakeFunction) -> None:
    function = make_function(DOUBLES)

    [response] = answers(make_service, function, ask(function, b"{}"))

    assert isinstance(response.body, bytes)
    assert (response.status, response.headers["X-Amz-Function-Error"]) == (200, "Unhandled")
    assert json.loads(response.body)["errorType"] == "KeyError"


def test_an_asynchronous_invocation_is_answered_before_it_ends(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path
) -> None:
    function = make_function(DOUBLES)

    async def scenario(api: InvokeApi) -> Response:
        response = await api.handle(ask(function, kind="Event"))
        log = tmp_path / "work/logs/echo.log"
        while not (log.exists() and "doubling" in log.read_text()):
            await asyncio.sleep(0.02)
        return response

    response = run(make_service, function, scenario)

    assert (response.status, response.body) == (202, b"")


def test_a_dry_run_runs_nothing(make_service: MakeService, make_function: MakeFunction, tmp_path: Path) -> None:
    function = make_function(DOUBLES)

    [response] = answers(make_service, function, ask(function, kind="DryRun"))

    assert response.status == 204
    assert not (tmp_path / "work/logs/echo.log").exists()


@pytest.mark.parametrize(
    ("kind", "most"), [("RequestResponse", 6_291_556), ("Event", 1_048_576)], ids=["synchronous", "asynchronous"]
)
def test_a_payload_has_its_limit(make_service: MakeService, make_function: MakeFunction, kind: str, most: int) -> None:
    """6 MB, or 1 MB if nobody waits for the answer (LAM-39)."""
    function = make_function("def handle(event, context):\n    return None\n")
    largest = b'"' + b"x" * (most - 2) + b'"'

    taken, refused = answers(make_service, function, ask(function, largest, kind), ask(function, largest + b" ", kind))

    assert taken.status in {200, 202}
    assert error_of(refused) == (
        413,
        "RequestTooLargeException",
        f"Request must be smaller than {most} bytes for the InvokeFunction operation",
    )


def test_what_cannot_be_invoked_is_named(make_service: MakeService, make_function: MakeFunction) -> None:
    function = make_function(DOUBLES)
    reserved = make_function(DOUBLES, reserved_concurrency=0)
    elsewhere = make_function(DOUBLES, arn="arn:aws:lambda:us-east-1:123456789012:function:other")

    def refusal(asked: Any, present: Function = function) -> tuple[int, str, str]:
        return error_of(answers(make_service, present, asked)[0])

    assert refusal(ask(function, b"{")) == (
        400,
        "InvalidRequestContentException",
        "Could not parse request body into json",
    )
    assert refusal(ask(reserved), reserved) == (429, "TooManyRequestsException", "Rate Exceeded.")
    assert refusal(ask(elsewhere)) == (400, "LocalDataPlaneFailure", f"{elsewhere.arn} is unknown")
    assert refusal(ask(function, secret="another"))[:2] == (403, "AccessDeniedException")


def test_functions_invoked_at_the_same_time_are_all_served(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    prefix = "arn:aws:lambda:us-east-1:123456789012:function:"
    functions = {f"{prefix}{name}": make_function(DOUBLES, arn=f"{prefix}{name}", name=name) for name in "abc"}

    async def read(arn: str) -> Function:
        return functions[arn]

    async def run_it() -> list[Response]:
        service = make_service()
        api = InvokeApi(service, SECRET, read)
        try:
            return await asyncio.gather(*(api.handle(ask(function)) for function in functions.values()))
        finally:
            await service.stop()

    assert [response.status for response in asyncio.run(run_it())] == [200, 200, 200]
