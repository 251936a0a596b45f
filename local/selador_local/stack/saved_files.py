"""Which files of the functions were saved since. Looking costs two milliseconds, so no watcher has to be installed."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

_LOCK = "requirements.txt"

type Seen = Mapping[str, tuple[int, int]]
"""Each file's time of change and size, by its path in the project."""


def look(project: Path) -> Seen:
    """Return what the artifacts are built from, as it is now."""
    seen = {}
    for path in (*_files(str(project / "functions")), str(project / _LOCK)):
        try:
            found = os.stat(path)  # noqa: PTH116 # a Path for each file would cost as much as the look itself
        except FileNotFoundError:
            continue  # an editor replaces a file by a rename
        seen[os.path.relpath(path, project)] = (found.st_mtime_ns, found.st_size)
    return seen


def saved(before: Seen, after: Seen) -> list[str]:
    """Return the files that differ: saved, new or removed."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def _files(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.endswith(".egg-info")]
        yield from (f"{place}/{name}" for name in names if not name.startswith("."))
