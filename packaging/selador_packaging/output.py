"""Put finished files into the output folder, all or none."""

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from selador_packaging.errors import PackagingError
from selador_packaging.wording import counted


def publish(files: Mapping[str, bytes], output: Path) -> list[str]:
    """Write `files` (name: content) into `output`, and return the names of those whose bytes changed.

    All are written beside their places before the first is moved there; one that is the same is not touched. They are
    moved in their order. Killed in between, a build leaves new files beside old ones; the last one, which holds digests
    of the others, is then the old one. Of two builds at once one waits for the other, so the files are those of one.
    Raises PackagingError where that isn't possible; then `output` is as it was, unless that says what was moved.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with _alone_in(output):
            return _replace(files, output)
    except OSError as error:
        raise PackagingError(f"cannot write to {output}: {error.strerror}; free it, or name another folder") from error


def _replace(files: Mapping[str, bytes], output: Path) -> list[str]:
    written: dict[Path, Path] = {}
    for name in files:
        for left in output.glob(f".{name}.*.part"):  # by a build that was killed: no other one is in here now
            left.unlink()
    try:
        for name, content in files.items():
            place, part = output / name, output / f".{name}.{os.getpid()}.part"
            if place.is_dir():
                raise PackagingError(f"{place} is a folder; move it out of the way")
            if place.exists() and place.read_bytes() == content:
                continue
            written[part] = place
            part.write_bytes(content)
        for number, (part, place) in enumerate(written.items()):
            try:
                part.replace(place)
            except OSError as error:
                moved = f"; {counted(number, 'file')} of the new build moved already" if number else ""
                fault = f"cannot replace {place}: {error.strerror}{moved}; free it, and build again"
                raise PackagingError(fault) from error
    finally:
        for part in written:
            part.unlink(missing_ok=True)
    return [place.name for place in written.values()]


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other build holds `folder`; the system lets go of it when a build ends, however that is."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
