"""The circumstances that must not decide an artifact's bytes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from selador_packaging.circumstances import PLAIN, Circumstance, circumstances, copy_project, other_pythons
from selador_packaging.source import INPUTS


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The inputs of a build, the wheels it fetched, and what is neither."""
    folder = tmp_path / "project"
    for name in INPUTS:
        path = folder / name
        if path.suffix:
            path.write_text("a lock\n")
        else:
            (path / "__pycache__").mkdir(parents=True)
            (path / "module.py").write_text("x = 1\n")
    (folder / "build" / "wheels").mkdir(parents=True)
    for name in ("six-1.0-py3-none-any.whl", "selador_main-0.1.0-py3-none-any.whl", ".unfinished", "selador-main"):
        (folder / "build" / "wheels" / name).write_bytes(b"")
    (folder / "dist").mkdir()
    return folder


def test_each_has_its_own_name_and_the_last_is_all_at_once() -> None:
    *single, last = circumstances()

    names = [circumstance.name for circumstance in (*single, last)]
    assert len(set(names)) == len(names)
    assert single[0] == PLAIN
    assert last.environment.items() >= {("TZ", "Pacific/Kiritimati"), ("PYTHONHASHSEED", "4711")}
    assert (last.umask, last.is_touched) == (0o077, True)


def test_what_decides_the_artifacts_is_copied_and_nothing_else(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"

    copy_project(project, copy, PLAIN)

    assert {path.name for path in copy.iterdir()} == {*INPUTS, "build"}
    assert not list(copy.rglob("__pycache__"))
    assert "six-1.0-py3-none-any.whl" in {path.name for path in (copy / "build" / "wheels").iterdir()}
    assert not (copy / "build" / "wheels" / ".unfinished").exists()


def test_a_touched_copy_has_other_times(project: Path, tmp_path: Path) -> None:
    copy_project(project, tmp_path / "copy", replace(PLAIN, is_touched=True))

    assert {path.stat().st_mtime for path in (tmp_path / "copy").rglob("*")} == {1_500_000_000}


def started_in(circumstance: Circumstance, folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run Python source as a Python of the build starts."""
    (folder / "sitecustomize.py").write_text(circumstance.startup)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False)


def named(name: str) -> Circumstance:
    return next(circumstance for circumstance in circumstances() if circumstance.name == name)


def test_folders_are_listed_backwards(tmp_path: Path) -> None:
    listed = tmp_path / "listed"
    listed.mkdir()
    for name in "abc":
        (listed / name).touch()
    source = f"import os; print(os.listdir({str(listed)!r}), [it.name for it in os.scandir({str(listed)!r})])"

    ran = started_in(named("folders listed backwards"), tmp_path, source)

    assert ran.stdout == "['c', 'b', 'a'] ['c', 'b', 'a']\n"


def test_whoever_compresses_is_found_out(tmp_path: Path) -> None:
    ran = started_in(named("zlib's compressor raises"), tmp_path, "import zlib; zlib.compress(b'')")

    assert "AssertionError: zlib was asked to compress" in ran.stderr


@pytest.mark.parametrize(("content", "mode"), [("#!/bin/sh\nexit 3\n", 0o755), ("garbage", 0o755), ("", 0o644)])
def test_a_python_that_does_not_run_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, mode: int
) -> None:
    """It is on PATH for something else; the artifacts are verified all the same."""
    python = tmp_path / "python3.13"
    python.write_text(content)
    python.chmod(mode)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert str(python) not in set(other_pythons())


@pytest.mark.parametrize(
    ("variable", "folder"),
    [
        ("PATH", "."),
        ("PYENV_ROOT", "versions/3.13.99/bin"),
        ("HOME", ".local/share/uv/python/cpython-3.13.99-linux-x86_64-gnu/bin"),
        ("RUNNER_TOOL_CACHE", "Python/3.13.99/x64/bin"),
    ],
)
def test_another_python_is_found_where_it_is_usually_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, folder: str
) -> None:
    python = tmp_path / folder / "python3.13"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text("#!/bin/sh\necho 3.13.99\n")
    python.chmod(0o755)
    monkeypatch.setenv(variable, str(tmp_path))

    assert str(python) in set(other_pythons())
