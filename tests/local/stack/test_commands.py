"""Commands of the project's own: what they say, how they fail, how they end."""

import asyncio
import errno
import os
import select
import sys
from pathlib import Path

import pytest

from selador_local.stack.commands import StackError, explained, run

from ...conftest import STUCK_SECONDS


def ran(log: Path, source: str) -> tuple[str, list[str]]:
    """Run Python source; return its output, and the lines that were shown as progress."""
    shown: list[str] = []
    output = asyncio.run(run([sys.executable, "-c", source], environment={}, log=log, on_line=shown.append))
    return output, shown


def test_output_is_returned_logged_and_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of an earlier command\n")

    output, shown = ran(log, "print('one')\nprint()\nprint('two')")

    assert output == "one\n\ntwo\n"
    assert log.read_text() == "of an earlier command\none\n\ntwo\n"
    assert shown == ["one", "two"]


def test_a_line_may_be_as_long_as_a_plan_in_json(tmp_path: Path) -> None:
    output, _ = ran(tmp_path / "log", "print('x' * 3_000_000)")

    assert len(output) == 3_000_001


def test_a_command_that_fails_shows_the_end_of_its_errors_and_where_the_rest_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    source = "import sys\nprint('output')\nfor number in range(20): print('line', number, file=sys.stderr)\nsys.exit(3)"

    with pytest.raises(StackError) as failed:
        ran(log, source)

    message = str(failed.value)
    assert f"failed with status 3; all of its output is in {log}\n" in message
    assert [line for line in message.splitlines() if line.startswith("line")] == [f"line {n}" for n in range(5, 20)]
    assert "output\n" in log.read_text()


def test_a_command_that_is_cancelled_is_ended_with_its_children(tmp_path: Path) -> None:
    source = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()"
    )

    async def scenario() -> int:
        started = asyncio.get_running_loop().create_future()
        command = [sys.executable, "-c", source]
        running = asyncio.create_task(run(command, environment={}, log=tmp_path / "log", on_line=started.set_result))
        handle = os.pidfd_open(int(await started))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return handle

    handle = asyncio.run(scenario())

    # A process's descriptor is readable once it has ended.
    assert select.select([handle], [], [], STUCK_SECONDS)[0] == [handle]
    os.close(handle)


def test_a_full_disk_ends_the_command_and_is_told_as_what_it_is(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left") as failed:
        ran(log, "while True: print('output', flush=True)")

    assert explained(failed.value) == (
        "the disk is full; free some space and start again, or name another disk with --work-dir"
    )


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/srv/logs"),
            "/srv/logs: writing there is not allowed; name a folder of your own with --work-dir",
        ),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/etc/hosts/x"), "/etc/hosts/x: Not a directory"),
        (TimeoutError("the answer took too long"), "the answer took too long"),
    ],
    ids=["not allowed", "something else", "without a number"],
)
def test_what_the_system_refuses_is_a_sentence(error: OSError, sentence: str) -> None:
    assert explained(error) == sentence
