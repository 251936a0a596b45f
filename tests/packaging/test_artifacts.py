import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from selador_packaging import artifacts
from selador_packaging.artifacts import build_artifacts, make_artifact, publish
from selador_packaging.errors import PackagingError
from selador_packaging.target import Target
from selador_packaging.wheels import read_wheel

type WriteWheel = Callable[..., Path]

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


def test_an_artifact_knows_its_figures(write_wheel: WriteWheel) -> None:
    wheels = [read_wheel(write_wheel("a", files={"a.py": b"12345"})), read_wheel(write_wheel("b", files={}))]

    artifact = make_artifact("main", wheels, clock=map(float, count(10)).__next__)

    assert artifact.filename == "main.zip"
    assert artifact.members == 5  # a.py, and two METADATA and WHEEL
    assert artifact.unzipped == 5 + sum(m.size for w in wheels for m in w.members if m.path.endswith(("WHEEL", "DATA")))
    assert artifact.seconds == 1.0


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("SIZE_LIMIT", r"^main\.zip is [\d,]+ bytes; Lambda's limit is 10 bytes$"),
        ("UNZIPPED_LIMIT", r"^main\.zip is [\d,]+ bytes unzipped; Lambda's limit is 10 bytes$"),
    ],
)
def test_what_lambda_would_not_take_is_refused(
    write_wheel: WriteWheel, monkeypatch: pytest.MonkeyPatch, limit: str, sentence: str
) -> None:
    monkeypatch.setattr(artifacts, limit, 10)

    with pytest.raises(PackagingError, match=sentence):
        make_artifact("main", [read_wheel(write_wheel())], clock=lambda: 0.0)


def test_lambdas_limits_are_those_of_its_documentation() -> None:
    """LAM-44; Lambda's own error message gives the second as 262144000 bytes."""
    assert (artifacts.SIZE_LIMIT, artifacts.UNZIPPED_LIMIT) == (52_428_800, 262_144_000)


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


def test_an_output_that_is_no_folder_is_refused(output: Path) -> None:
    with pytest.raises(PackagingError, match=r"cannot write to .*main\.zip"):
        publish(NEW, output / "main.zip")

    assert contents(output) == OLD


def test_a_project_without_a_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"requirements\.txt does not exist; run make lock"):
        build_artifacts(tmp_path, Target("arm64"), report=lambda line: None, clock=lambda: 0.0)


def test_a_project_without_the_functions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()

    with pytest.raises(PackagingError, match="functions has the name selador-websocket-handler"):
        build_artifacts(tmp_path, Target("arm64"), report=lambda line: None, clock=lambda: 0.0)
