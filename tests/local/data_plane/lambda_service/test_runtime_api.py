"""The Runtime API's conversation, without a process or a socket."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from selador_local.data_plane.lambda_service.invocation import InvokeResult
from selador_local.data_plane.lambda_service.runtime_api import Invocation, RuntimeApi
from selador_local.http import Request, Response

INVOCATION = Invocation("r1", "arn:function", "Root=1-2-3", 1_800_000_000_000, b'{"a": 1}')
PREFIX = "/2018-06-01/runtime"


async def ask(api: RuntimeApi, method: str, path: str, body: bytes = b"") -> Response:
    return await api.handle(Request(method, PREFIX + path, {}, body))


def run[T](scenario: Callable[[RuntimeApi], Awaitable[T]], on_idle: Callable[[], None] = lambda: None) -> T:
    async def run_it() -> T:
        return await scenario(RuntimeApi(on_idle))

    return asyncio.run(run_it())


def test_a_runtime_gets_an_invocation_with_its_headers_and_answers_it() -> None:
    async def scenario(api: RuntimeApi) -> tuple[Response, Response, InvokeResult]:
        result = api.give(INVOCATION)
        given = await ask(api, "GET", "/invocation/next")
        accepted = await ask(api, "POST", "/invocation/r1/response", b'"done"')
        return given, accepted, await result

    given, accepted, result = run(scenario)

    assert (given.status, given.body) == (200, b'{"a": 1}')
    assert given.headers["Lambda-Runtime-Aws-Request-Id"] == "r1"
    assert given.headers["Lambda-Runtime-Deadline-Ms"] == "1800000000000"
    assert accepted.status == 202
    assert result == InvokeResult(b'"done"')


def test_a_runtime_that_asks_for_work_waits_until_there_is_some() -> None:
    async def scenario(api: RuntimeApi) -> tuple[bool, Response]:
        asking = asyncio.ensure_future(ask(api, "GET", "/invocation/next"))
        initialised = await api.initialised
        assert not asking.done()
        api.give(INVOCATION)
        return initialised is None, await asking

    assert run(scenario)[0]


def test_a_runtime_is_idle_when_it_asks_and_there_is_no_work() -> None:
    idle: list[str] = []

    async def scenario(api: RuntimeApi) -> list[int]:
        asking = asyncio.ensure_future(ask(api, "GET", "/invocation/next"))
        await api.initialised
        counts = [len(idle)]
        api.give(INVOCATION)
        await asking
        await ask(api, "POST", "/invocation/r1/response")
        api.give(INVOCATION)
        await ask(api, "GET", "/invocation/next")
        return [*counts, len(idle)]

    assert run(scenario, lambda: idle.append("idle")) == [1, 1]


def test_an_error_is_the_invocations_result() -> None:
    async def scenario(api: RuntimeApi) -> InvokeResult:
        result = api.give(INVOCATION)
        await ask(api, "POST", "/invocation/r1/error", b'{"errorType": "KeyError"}')
        return await result

    assert run(scenario) == InvokeResult(b'{"errorType": "KeyError"}', "Unhandled")


def test_an_init_that_fails_is_known_before_any_invocation() -> None:
    async def scenario(api: RuntimeApi) -> tuple[Response, InvokeResult | None, Response]:
        accepted = await ask(api, "POST", "/init/error", b"{}")
        return accepted, await api.initialised, await ask(api, "POST", "/init/error", b"{}")

    accepted, error, again = run(scenario)

    assert (accepted.status, error) == (202, InvokeResult(b"{}", "Unhandled"))
    assert (again.status, b"InvalidStateTransition" in bytes(again.body)) == (403, True)  # type: ignore[arg-type]  # no stream


def test_an_answer_that_is_too_large_is_an_error_to_both_sides() -> None:
    async def scenario(api: RuntimeApi) -> tuple[Response, InvokeResult]:
        result = api.give(INVOCATION)
        refused = await ask(api, "POST", "/invocation/r1/response", b"x" * (6 * 2**20 + 1))
        return refused, await result

    refused, result = run(scenario)

    assert refused.status == 413
    assert b"Function.ResponseSizeTooLarge" in result.payload


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("POST", "/invocation/r2/response", 400, id="another request's id"),
        pytest.param("GET", "/invocation/later", 404, id="no such path"),
        pytest.param("GET", "/invocation/r1/response", 404, id="no such method"),
    ],
)
def test_what_a_runtime_may_not_ask_is_refused(method: str, path: str, status: int) -> None:
    async def scenario(api: RuntimeApi) -> Response:
        api.give(INVOCATION)
        return await ask(api, method, path)

    assert run(scenario).status == status


def test_a_request_is_answered_once() -> None:
    async def scenario(api: RuntimeApi) -> list[int]:
        api.give(INVOCATION)
        return [(await ask(api, "POST", "/invocation/r1/response", b"1")).status for _ in range(2)]

    assert run(scenario) == [202, 400]
