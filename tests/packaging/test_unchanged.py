import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from selador_packaging.unchanged import observe, recall, remember


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.py"
    path.write_text("x = 1")
    time.sleep(0.05)  # past the clock tick that observe() guards against
    return path


def note(tmp_path: Path, source: Path) -> None:
    read = observe([str(source)])
    assert read is not None
    (tmp_path / "zip").write_text("zip")
    remember(str(tmp_path), ["--json"], read, [str(tmp_path / "zip")], "table\n\nmore\n")


def test_an_unchanged_build_is_answered_with_what_it_printed(tmp_path: Path, source: Path) -> None:
    note(tmp_path, source)

    assert recall(str(tmp_path), ["--json"]) == "table\n\nmore\n"


def test_other_arguments_are_another_build(tmp_path: Path, source: Path) -> None:
    note(tmp_path, source)

    assert recall(str(tmp_path), []) is None


@pytest.mark.parametrize("name", ["source.py", "zip"])
def test_a_change_of_what_was_read_or_written_is_seen(tmp_path: Path, source: Path, name: str) -> None:
    note(tmp_path, source)

    (tmp_path / name).write_text("x = 2")

    assert recall(str(tmp_path), ["--json"]) is None


def test_a_file_that_is_gone_or_touched_is_seen(tmp_path: Path, source: Path) -> None:
    note(tmp_path, source)
    os.utime(source, (1, 1))

    assert recall(str(tmp_path), ["--json"]) is None

    source.unlink()
    assert recall(str(tmp_path), ["--json"]) is None


def test_a_file_that_changed_this_very_moment_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "source.py"
    path.write_text("x = 1")

    assert observe([str(path)]) is None


def test_the_answer_imports_nothing_that_takes_time(project_folder: Path) -> None:
    script = (
        "import sys; before = set(sys.modules); import selador_packaging.unchanged; print(*set(sys.modules) - before)"
    )

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    imported = set(run.stdout.split()) - set(sys.builtin_module_names)
    assert imported <= {"selador_packaging", "selador_packaging.unchanged", "zlib"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"\xff\xfe",
        lambda content: content.splitlines(keepends=True)[0],
        lambda content: content.partition(b"\n\n")[0],
        lambda content: b"\n\n" + content,
    ],
    ids=["empty", "no text", "cut behind its heading", "cut before the table", "shifted"],
)
def test_a_damaged_note_counts_as_none(tmp_path: Path, source: Path, damage: Callable[[bytes], bytes]) -> None:
    note(tmp_path, source)
    [path] = (tmp_path / "build" / "unchanged").iterdir()

    path.write_bytes(damage(path.read_bytes()))

    assert recall(str(tmp_path), ["--json"]) is None


def test_a_name_that_is_no_utf_8_can_be_noted(tmp_path: Path, source: Path) -> None:
    renamed = source.rename(tmp_path / "d\udce9j\udce0.log")
    time.sleep(0.05)

    note(tmp_path, renamed)

    assert recall(str(tmp_path), ["--json"]) is not None
