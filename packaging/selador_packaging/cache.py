"""What was built before, below build/: found by the hash of all that went into it, so an entry is right or absent.

Two builds may use it at once: an entry appears whole, by a rename, and never changes. The oldest go when it grows past
its limit; an entry that is gone, cut or altered is made again.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from selador_packaging.tools import tool_versions

LIMIT = 256 * 2**20  # bytes, of each of the two folders: wheels, and what was made of them
_DIGEST_SIZE = hashlib.sha256().digest_size


def key_of(*decisive: str) -> str:
    """The key of something that `decisive` decides, and nothing else."""
    return hashlib.sha256("\0".join(decisive).encode()).hexdigest()


class Cache:
    """Contents in `folder` by all that decides them; `program` stands for who makes them."""

    def __init__(self, folder: Path, program: str) -> None:
        self._folder = folder
        self._program = program

    def get(self, *decisive: str) -> bytes | None:
        entry = self._entry(decisive)
        try:
            digest, content = (whole := entry.read_bytes())[:_DIGEST_SIZE], whole[_DIGEST_SIZE:]
        except FileNotFoundError:
            return None
        if hashlib.sha256(content).digest() != digest:
            return None
        touch(entry)
        return content

    def put(self, content: bytes, *decisive: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".", delete=False) as part:
            try:
                part.write(hashlib.sha256(content).digest() + content)
                part.close()
                Path(part.name).replace(self._entry(decisive))
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise

    def _entry(self, decisive: Sequence[str]) -> Path:
        return self._folder / key_of(self._program, *decisive)


def open_cache(project: Path, interpreter: str) -> Cache:
    """The cache of what this very program, run by `interpreter`, makes for `project`.

    After an edit nothing counts, nor after another version of a tool is installed: provenance names those that are.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    tools = (f"{tool} {version}" for tool, version in tool_versions().items())
    program = key_of(interpreter, *tools, *(source.read_text(encoding="utf-8") for source in sources))
    return Cache(project / "build" / "cache", program)


def touch(entry: Path) -> None:
    """Note that `entry` was used: the least recently used are the first that `trim` removes."""
    with contextlib.suppress(FileNotFoundError):  # another build has just trimmed it; what was read is still right
        os.utime(entry)


def trim(folder: Path, limit: int = LIMIT) -> None:
    """Remove the files below `folder` that were used longest ago, until the rest has at most `limit` bytes."""
    found = sorted(((status.st_mtime_ns, path, status.st_size) for path, status in _files(folder)), reverse=True)
    kept = 0
    for _, path, size in found:
        kept += size
        if kept > limit:
            path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterable[tuple[Path, os.stat_result]]:
    for parent, _, names in folder.walk():
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # another build trims as well
                yield parent / name, (parent / name).stat()
