"""The answer to a build where nothing has changed, before anything else of this program is imported.

Every build leaves a note of all files that it read and wrote, each with size, inode and time of change. When all are
still so, the artifacts are up to date. A file whose time changed alone costs a real build, which then changes nothing.
Only modules that are built in or always loaded are imported: pathlib or json would take longer than the answer.
"""

# ruff: noqa: PTH100, PTH103, PTH105, PTH109, PTH116, PTH120, PTH123
# pathlib is what must not be imported here

import os
import sys
import time
import zlib

_CLOCK_TICK = 20 * 10**6  # ns: longer than file systems take for one; within it a second change leaves the same time


def recall(project: str, arguments: list[str]) -> str | None:
    """What the last build with the same `arguments` printed, if nothing has changed since; else None."""
    try:
        with open(_note(project, arguments), encoding="utf-8", errors="surrogateescape") as file:
            head, end, printed = file.read().partition("\n\n")
        lines = head.splitlines()
        if not end or lines[:1] != [_heading(arguments)]:  # cut, damaged, or another build's
            return None
    except OSError:
        return None
    return printed if all(_state(line.partition(" ")[2]) == line for line in lines[1:]) else None


def observe(paths: list[str]) -> list[str] | None:
    """How `paths`, files and folders, are now: to be asked before they are read, so that a later change is seen.

    None where one changed so shortly before that another change might leave the same time.
    """
    now = time.time_ns()
    states = [_state(os.path.abspath(path)) for path in paths]
    return None if any(_changed_at(state) > now - _CLOCK_TICK for state in states) else states


def remember(project: str, arguments: list[str], read: list[str], written: list[str], printed: str) -> None:
    """Note that a build with `arguments` printed `printed`; `read` is what `observe` returned, `written` are paths."""
    states = read + [_state(os.path.abspath(path)) for path in written]
    note = _note(project, arguments)
    os.makedirs(os.path.dirname(note), exist_ok=True)
    part = f"{note}.{os.getpid()}"
    with open(part, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("\n".join([_heading(arguments), *states]) + "\n\n" + printed)
    os.replace(part, note)


def _note(project: str, arguments: list[str]) -> str:
    return f"{project}/build/unchanged/{zlib.crc32(_heading(arguments).encode()):08x}"


def _heading(arguments: list[str]) -> str:
    return repr((sys.version, os.getcwd(), arguments))


def _state(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return f"absent {path}"
    return f"{found.st_ctime_ns}:{found.st_mtime_ns}:{found.st_size}:{found.st_ino}:{found.st_mode} {path}"


def _changed_at(state: str) -> int:
    time_ns = state.partition(":")[0]
    return int(time_ns) if time_ns.isdecimal() else 0
