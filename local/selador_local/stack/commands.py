"""Runs the project's own commands, each with its output in a log and its latest line as progress."""

import asyncio
import errno
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from selador_local import log_files
from selador_local.errors import SeladorLocalError
from selador_local.stack.process_group import end

_TAIL_LINES = 15
_LONGEST_LINE_BYTES = 64 * 2**20  # a plan in JSON is one line


class StackError(SeladorLocalError):
    """The stack can't be brought up, or can't go on. The message says what failed and where to look."""


def explained(error: OSError) -> str:
    """Return what the system refused, for which file, and what to do."""
    where = f"{error.filename}: " if error.filename else ""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"{where}the disk is full; free some space and start again, or name another disk with --work-dir"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"{where}writing there is not allowed; name a folder of your own with --work-dir"
    return f"{where}{error.strerror or error}"


async def run(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, on_line: Callable[[str], None]
) -> str:
    """Run `command`, append its output to `log`, and return what it wrote to stdout.

    It has its own process group, so that Ctrl-C doesn't reach it directly: if this call is cancelled, it is ended.
    Raises StackError if it fails, OSError if the log can't be written.
    """
    log_files.rotate(log)
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE_BYTES,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    errors: list[str] = []
    written: list[str] = []
    try:
        with log.open("a", encoding="utf-8") as file:
            async with asyncio.TaskGroup() as readers:
                for stream, lines in ((process.stdout, written), (process.stderr, errors)):
                    readers.create_task(_copy(stream, lines, file.write, on_line))
        status = await process.wait()
    except BaseException as error:
        await end(process)
        # A reader's failure comes in a group: the log can't be written.
        raise error.exceptions[0] if isinstance(error, ExceptionGroup) else error from None
    if status != 0:
        tail = "".join((errors or written)[-_TAIL_LINES:]).rstrip()
        raise StackError(f"{' '.join(command)} failed with status {status}; all of its output is in {log}\n{tail}")
    return "".join(written)


async def _copy(
    stream: asyncio.StreamReader, lines: list[str], write: Callable[[str], object], on_line: Callable[[str], None]
) -> None:
    while data := await stream.readline():
        line = data.decode(errors="replace")
        lines.append(line)
        write(line)
        if line.strip():
            on_line(line.strip())
