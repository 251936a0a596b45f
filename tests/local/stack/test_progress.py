"""Progress on an output that isn't a terminal, such as a pipeline's log."""

import asyncio
import io
import re
from typing import Any

import pytest

from selador_local.stack.output import Output
from selador_local.stack.progress import Progress


def reported(*, fails: bool = False, output: Any = None) -> str:
    """Report one step that ends at once; return what was written."""
    output = output or io.StringIO()

    async def run() -> None:
        progress = Progress(Output(output, {}))
        async with progress.step("build the artifacts"):
            progress.note("main.zip 4.2 MB")
            if fails:
                raise RuntimeError

    if fails:
        with pytest.raises(RuntimeError):
            asyncio.run(run())
    else:
        asyncio.run(run())
    text: str = output.getvalue()
    return text


def test_a_step_that_succeeds_is_one_line_with_its_time_and_what_it_came_to() -> None:
    assert re.fullmatch(r"  ✓ build the artifacts {15} +\d+\.\d s   main\.zip 4\.2 MB\n", reported())


def test_a_step_that_fails_is_marked_and_the_failure_goes_on() -> None:
    assert reported(fails=True).startswith("  ✗ build the artifacts ")


def test_the_note_of_a_step_is_not_the_next_ones() -> None:
    output = io.StringIO()

    async def run() -> None:
        progress = Progress(Output(output, {}))
        async with progress.step("one"):
            progress.note("of one")
        async with progress.step("two"):
            pass

    asyncio.run(run())

    assert ["of one" in line for line in output.getvalue().splitlines()] == [True, False]


def test_without_a_terminal_there_is_no_colour_and_no_rewriting() -> None:
    assert "\x1b" not in reported()


def test_a_step_may_fail_though_the_stack_goes_on_and_the_next_one_starts_afresh() -> None:
    output = io.StringIO()

    async def run() -> None:
        progress = Progress(Output(output, {}))
        async with progress.step("start each function"):
            progress.fail("main can't start")
        async with progress.step("another"):
            pass

    asyncio.run(run())

    failed, another = output.getvalue().splitlines()
    assert failed.startswith("  ✗ start each function")
    assert failed.endswith("main can't start")
    assert another.startswith("  ✓ another")
