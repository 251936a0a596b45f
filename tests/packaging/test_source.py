import subprocess
from pathlib import Path

import pytest

from selador_packaging.source import find_source


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "a.py").write_text("x = 1")
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_clean_tree_is_its_commit(repository: Path) -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True)

    source = find_source(repository)

    assert source is not None
    assert (source.commit, source.is_dirty) == (head.stdout.strip(), False)


@pytest.mark.parametrize(("path", "is_dirty"), [("functions/a.py", True), ("functions/new.py", True), ("notes", False)])
def test_only_what_decides_artifacts_makes_it_dirty(repository: Path, path: str, is_dirty: bool) -> None:
    (repository / path).write_text("changed")

    source = find_source(repository)

    assert source is not None
    assert source.is_dirty is is_dirty


def test_outside_of_git_there_is_no_source(tmp_path: Path) -> None:
    assert find_source(tmp_path) is None
