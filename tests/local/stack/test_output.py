"""What people read: in colour on a terminal only, and no reason to fail."""

import io
import os
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from selador_local.stack.output import Colour, Output

PRINTER = """
import os, sys
from selador_local.stack.output import Output
output = Output(sys.stdout, os.environ)
sys.stdin.readline()
for _ in range(1000):
    output.write("a line that nobody reads\\n")
sys.exit(7)
"""


@contextmanager
def terminal() -> Iterator[TextIO]:
    """The program's end of a terminal of 100 columns and 30 lines."""
    master, slave = os.openpty()
    try:
        with os.fdopen(slave, "w") as stream:
            termios.tcsetwinsize(slave, (30, 100))
            yield stream
    finally:
        os.close(master)


def test_a_terminal_has_colour_and_a_size() -> None:
    with terminal() as stream:
        output = Output(stream, {})

        assert output.is_terminal
        assert output.painted("x", Colour.RED) == "\x1b[31mx\x1b[0m"
        assert output.size() == (100, 30)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {}], ids=["NO_COLOR", "no terminal"])
def test_there_is_no_colour_if_it_is_unwanted_or_of_no_use(environment: dict[str, str]) -> None:
    with terminal() as stream:
        output = Output(stream if environment else io.StringIO(), environment)

        assert output.painted("x", Colour.RED) == "x"


def test_what_tells_no_size_has_80_columns() -> None:
    assert Output(io.StringIO(), {}).size() == (80, 24)


def test_a_reader_that_has_gone_changes_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PRINTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None

        _, errors = process.communicate(b"\n")

    assert (process.returncode, errors) == (7, b"")
