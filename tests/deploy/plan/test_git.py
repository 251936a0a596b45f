import subprocess
from pathlib import Path

import pytest

from selador_deploy.plan import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    call = ("git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run([*call, "init", "--quiet"], check=True)
    (tmp_path / "tracked").write_text("1")
    subprocess.run([*call, "add", "."], check=True)
    subprocess.run([*call, "commit", "--quiet", "--message", "first"], check=True)
    return tmp_path


@pytest.mark.parametrize("name", ["tracked", "untracked"])
def test_what_is_not_committed_differs_by_its_content(repository: Path, name: str) -> None:
    assert git.uncommitted(repository) == ""

    (repository / name).write_text("2")
    second = git.uncommitted(repository)
    (repository / name).write_text("3")
    third = git.uncommitted(repository)

    assert len({"", second, third}) == 3


def test_a_folder_that_is_no_repository_has_no_commit(tmp_path: Path) -> None:
    assert (git.commit(tmp_path), git.uncommitted(tmp_path)) == ("", "")


def test_a_commit_is_known_by_its_hash(repository: Path) -> None:
    assert len(git.commit(repository)) == 40


def test_a_machine_without_git_has_no_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert git.commit(repository) == ""
