"""A function's clocks in a stack that goes faster than the machine: real processes, run by the real awslambdaric."""

import asyncio
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from selador_local.clock import StackClock
from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service.invocation import InvokeResult
from selador_local.data_plane.lambda_service.service import LambdaService

MakeFunction = Callable[..., Function]
MakeService = Callable[..., LambdaService]

CLOCKS = """
import threading, time

def seconds_of(wait):
    began = time.monotonic(), time.perf_counter()
    wait()
    return time.monotonic() - began[0], time.perf_counter() - began[1]

def handle(event, context):
    return {
        "time": time.time(),
        "time_ns": time.time_ns() / 1e9,
        "remaining": context.get_remaining_time_in_millis() / 1000,
        "sleep": seconds_of(lambda: time.sleep(180)),
        "event": seconds_of(lambda: threading.Event().wait(180)),
        "timer": seconds_of(lambda: threading.Timer(180, lambda: None).run()),
    }
"""


def invoke(make_service: Callable[[], LambdaService], function: Function) -> InvokeResult:
    async def run() -> InvokeResult:
        service = make_service()
        await service.deploy({function.arn: function})
        try:
            return await service.invoke(function.arn, b"{}")
        finally:
            await service.stop()

    return asyncio.run(run())


def told(result: InvokeResult) -> Any:
    assert result.function_error is None, result.payload
    return json.loads(result.payload)


def test_a_function_reads_the_stack_s_time_and_waits_by_it(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    clock = StackClock(scale=3600, origin=time.time())
    before = clock.time()

    clocks = told(invoke(partial(make_service, clock), make_function(CLOCKS)))

    assert before < clocks["time"] <= clocks["time_ns"] < clock.time()
    for name in ("sleep", "event", "timer"):
        stack_seconds, machine_seconds = clocks[name]
        assert stack_seconds >= 180
        assert machine_seconds < 180


def test_a_function_s_timeout_bounds_work_so_it_lasts_as_long_as_ever(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    """A machine computes no faster: in stack time the same timeout is longer."""
    function = make_function(CLOCKS, timeout_seconds=30)

    remaining = told(invoke(partial(make_service, StackClock(60, time.time())), function))["remaining"]

    assert 30 < remaining <= 30 * 60


def test_the_function_s_code_is_found_and_nothing_of_the_stack_s(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    source = (
        "import sys\ndef handle(event, context):\n    return sys.argv[1:], [p for p in sys.path if 'selador' in p]\n"
    )

    assert told(invoke(partial(make_service, StackClock(60)), make_function(source))) == [["handler.handle"], []]
