"""Whether GitHub has signed that a workflow of this repository built the artifacts; `gh attestation verify` says so.

One signature covers all of them: the manifest's, which has the hash of each artifact and its bill of materials. The
provenance is outside of it. The repository is the one that this checkout was cloned from, and the workflow the one that
signs here. Neither is taken from what was handed over.
"""

import json
import re
import subprocess
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from selador_packaging.source import find_repository

WORKFLOW = ".github/workflows/artifacts.yml"
_AUTHENTICATION_REQUIRED = 4  # gh's exit status
_OFFLINE = re.compile(r"error connecting|no such host", re.IGNORECASE)
_NONE = re.compile(r"no attestations found|HTTP 404", re.IGNORECASE)
_ON_GITHUB = re.compile(r"(?:https://github\.com/|git@github\.com:|ssh://github\.com/)([\w.-]+/[\w.-]+?)(?:\.git)?/?")


class Verdict(Enum):
    """What is known of a signature."""

    SIGNED = "signed"
    UNSIGNED = "not signed"
    UNCHECKED = "not checked"
    WRONG = "wrong"


@dataclass(frozen=True)
class Signature:
    """A verdict, and what it rests on."""

    verdict: Verdict
    detail: str

    def __str__(self) -> str:
        return f"signature: {self.verdict.value}: {self.detail}"


def find_signature(manifest: Path, project: Path) -> Signature:
    """Ask gh about a manifest's signature. Whatever gh says that isn't known here counts as a wrong one."""
    origin = find_repository(project) or ""
    found = _ON_GITHUB.fullmatch(origin)
    if found is None:
        return Signature(Verdict.UNCHECKED, f"this checkout's origin is no repository on GitHub ({origin or 'none'})")
    workflow = f"{found[1]}/{WORKFLOW}"
    command = ["gh", "attestation", "verify", str(manifest), "--repo", found[1], "--signer-workflow", workflow]
    try:
        done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return Signature(Verdict.UNCHECKED, "gh is not on PATH; install GitHub's command line")
    return judge(done.returncode, done.stdout, done.stderr, workflow)


def judge(status: int, out: str, error: str, workflow: str) -> Signature:
    """Return what gh's answer means.

    Status 0 alone is no proof: some versions of gh end with it if there is no attestation at all (GO-2025-3467).
    """
    if status == 0:
        return _judge_verified(out, workflow)
    last = (error.strip().splitlines() or ["it said nothing"])[-1]
    if status == _AUTHENTICATION_REQUIRED:
        return Signature(Verdict.UNCHECKED, "gh is not signed in; run gh auth login, or set GH_TOKEN")
    if _OFFLINE.search(error):
        return Signature(Verdict.UNCHECKED, f"gh can't reach GitHub: {last}")
    if _NONE.search(error):
        return Signature(Verdict.UNSIGNED, f"GitHub has no attestation of this manifest by {workflow}")
    return Signature(Verdict.WRONG, f"gh attestation verify ended with status {status}: {last}")


def _judge_verified(out: str, workflow: str) -> Signature:
    try:
        verified = json.loads(out)
    except ValueError:
        verified = None
    if isinstance(verified, list) and verified:
        return Signature(Verdict.SIGNED, f"built by {workflow}")
    return Signature(Verdict.UNCHECKED, "gh ended with status 0 and named no attestation; update gh")
