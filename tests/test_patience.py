"""A wait for what doesn't come ends in a failure that names it."""

import asyncio
import subprocess
import sys

import pytest

from .conftest import STUCK_SECONDS, event_loop
from .patience import first_line, in_loop, output_until

SOON = 0.2
"""How long to wait for what never comes."""


def test_work_that_never_ends_is_named_and_cancelled() -> None:
    cancelled: list[bool] = []

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    with event_loop() as loop, pytest.raises(pytest.fail.Exception, match="in vain until the stack is up"):
        in_loop(loop, never(), "the stack is up", SOON)

    assert cancelled == [True]


def test_work_s_own_timeout_is_its_own_error() -> None:
    async def times_out() -> None:
        raise TimeoutError("the queue said nothing")

    with event_loop() as loop, pytest.raises(TimeoutError, match="the queue said nothing"):
        in_loop(loop, times_out(), "the queue answers")


@pytest.mark.parametrize(
    ("source", "failure"),
    [
        ("import time; time.sleep(300)", "in vain for a line of"),
        ("raise SystemExit(3)", "has ended without a line, with exit status 3"),
    ],
    ids=["says-nothing", "ends"],
)
def test_a_process_without_its_first_line_is_named(source: str, failure: str) -> None:
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) as process:
        with pytest.raises(pytest.fail.Exception, match=failure):
            first_line(process, SOON if "sleep" in source else STUCK_SECONDS)
        process.kill()


def test_the_first_line_is_returned() -> None:
    command = [sys.executable, "-c", "print('ready')\nprint('steady')"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert first_line(process) == "ready\n"


def test_a_line_that_never_comes_is_named_with_what_came() -> None:
    command = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(300)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert output_until(process, "ready") == "ready\n"
        with pytest.raises(pytest.fail.Exception, match="in vain for 'steady'"):
            output_until(process, "steady", SOON)
        process.kill()
