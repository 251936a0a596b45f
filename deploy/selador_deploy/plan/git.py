"""The commit that a plan is made from, and what lies in the working tree beside it."""

import hashlib
import subprocess
from pathlib import Path


def commit(root: Path) -> str:
    """Return the commit that is checked out in `root`, empty outside a git repository."""
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD").decode().strip()


def uncommitted(root: Path) -> str:
    """Return the hash of what differs from the commit, untracked files with their content; empty if nothing does."""
    status = _git(root, "status", "--porcelain", "-z", "--untracked-files=all")
    if not status:
        return ""
    digest = hashlib.sha256(status + _git(root, "diff", "HEAD", "--binary"))
    for entry in status.decode(errors="surrogateescape").split("\0"):
        if entry.startswith("?? ") and (root / entry[3:]).is_file():
            digest.update((root / entry[3:]).read_bytes())
    return digest.hexdigest()


def _git(root: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    except FileNotFoundError:  # no git at all
        return b""
    return done.stdout if done.returncode == 0 else b""
