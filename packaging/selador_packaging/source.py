"""Which commit the artifacts are made from, as git tells it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

INPUTS = ("functions", "packaging", "requirements.txt")
"""All of the project that decides the artifacts."""


@dataclass(frozen=True)
class Source:
    """`is_dirty`: INPUTS hold something that `commit` doesn't."""

    commit: str
    is_dirty: bool


def find_source(project: Path) -> Source | None:
    """The commit that `project` is at; None where it is no git repository, or git is not installed."""
    commit = _git(project, "rev-parse", "HEAD")
    if commit is None:
        return None
    return Source(commit, _git(project, "status", "--porcelain", "--untracked-files=normal", "--", *INPUTS) != "")


def _git(project: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(project), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
