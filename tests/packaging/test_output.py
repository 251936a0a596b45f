import errno
import fcntl
import os
import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from selador_packaging.errors import PackagingError
from selador_packaging.output import publish

OLD = {"main.zip": b"old zip", "manifest.json": b"old manifest"}
NEW = {"main.zip": b"new zip", "manifest.json": b"new manifest"}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    publish(OLD, tmp_path / "dist")
    return tmp_path / "dist"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """No file may grow past `size` bytes: what a full disk looks like to whoever writes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_files_are_published_into_a_new_folder(tmp_path: Path) -> None:
    changed = publish(NEW, tmp_path / "a" / "dist")

    assert changed == ["main.zip", "manifest.json"]
    assert contents(tmp_path / "a" / "dist") == NEW


def test_only_what_changed_is_touched(output: Path) -> None:
    before = (output / "main.zip").stat()

    changed = publish(OLD | {"manifest.json": b"new manifest"}, output)

    assert changed == ["manifest.json"]
    after = (output / "main.zip").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_full_disk_leaves_the_old_files_and_nothing_half_written(output: Path) -> None:
    with disk_full_after(1000), pytest.raises(PackagingError, match=r"cannot write to .*dist: File too large"):
        publish({"main.zip": b"new", "manifest.json": bytes(2000)}, output)

    assert contents(output) == OLD


def test_a_folder_in_the_way_leaves_the_old_files(output: Path) -> None:
    (output / "other.zip").mkdir()

    with pytest.raises(PackagingError, match=r"other\.zip is a folder; move it out of the way"):
        publish(NEW | {"other.zip": b"new"}, output)

    assert contents(output) == OLD


def test_a_file_that_cannot_be_replaced_is_told_with_what_was_moved_before(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that a person has made immutable."""
    replace = Path.replace

    def refuse_manifest(part: Path, place: Path) -> Path:
        if place.name == "manifest.json":
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        return replace(part, place)

    monkeypatch.setattr(Path, "replace", refuse_manifest)

    with pytest.raises(PackagingError) as raised:
        publish(NEW, output)

    said = f"cannot replace {output}/manifest.json: Operation not permitted; 1 file of the new build moved already"
    assert str(raised.value) == f"{said}; free it, and build again"
    assert contents(output) == NEW | {"manifest.json": OLD["manifest.json"]}


def test_what_a_killed_build_left_half_written_goes(output: Path) -> None:
    (output / ".main.zip.4711.part").write_bytes(b"half")
    (output / ".other.part").write_bytes(b"another program's")

    publish(NEW, output)

    assert contents(output) == NEW | {".other.part": b"another program's"}


def test_an_output_that_is_no_folder_is_refused(output: Path) -> None:
    with pytest.raises(PackagingError, match=r"cannot write to .*main\.zip"):
        publish(NEW, output / "main.zip")

    assert contents(output) == OLD


def test_of_two_builds_at_once_one_waits_for_the_other(output: Path) -> None:
    """Else one's manifest may come to lie beside the other's zip."""
    other = os.open(output, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    build = threading.Thread(target=publish, args=(NEW, output))

    build.start()
    build.join(0.2)
    before = contents(output)
    os.close(other)
    build.join()

    assert before == OLD
    assert contents(output) == NEW
