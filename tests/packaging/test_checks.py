"""A distribution's own check stops the build with each of its faults."""

from pathlib import Path

import pytest

from selador_packaging.checks import check_own
from selador_packaging.errors import PackagingError


def test_a_check_that_finds_nothing_passes(tmp_path: Path) -> None:
    (tmp_path / "own_check.py").touch()

    check_own("own_check", [tmp_path])


def test_each_line_of_a_failed_check_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "own_check.py").write_text('import sys\nsys.exit("a.toml:1: x\\nb.toml:2: y")\n')

    with pytest.raises(PackagingError) as raised:
        check_own("own_check", [tmp_path])

    assert raised.value.faults == ("own_check: a.toml:1: x", "own_check: b.toml:2: y")


def test_a_check_finds_what_the_builder_was_told_where_to_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter without packages of its own is given those of another by PYTHONPATH."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own_check.py").write_text("import elsewhere")
    (tmp_path / "lent").mkdir()
    (tmp_path / "lent" / "elsewhere.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lent"))

    check_own("own_check", [tmp_path / "own"])


def test_modules_in_the_callers_directory_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "checked.py").write_text("import json")
    (tmp_path / "json.py").write_text("raise SystemExit('of the caller')")
    monkeypatch.chdir(tmp_path)

    check_own("checked", [tmp_path / "own"])
