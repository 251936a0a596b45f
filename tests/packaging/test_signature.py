"""What is made of gh's answers. They are written by hand after its manual and source: no gh is here to ask."""

import json
import subprocess
from pathlib import Path

import pytest

from selador_packaging.signature import Verdict, find_signature, judge

WORKFLOW = "an/owner/.github/workflows/artifacts.yml"
GH = """#!/bin/sh
for argument; do printf '%s\\n' "$argument"; done >{folder}/called
echo '[{{"verificationResult": {{}}}}]'
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of a repository on GitHub, and a stand-in for gh, which finds everything signed."""
    project = tmp_path / "project"
    subprocess.run(["git", "init", "--quiet", str(project)], check=True)
    clone_of("git@github.com:team/selador.git", project)
    (tmp_path / "gh").write_text(GH.format(folder=tmp_path))
    (tmp_path / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return project


def clone_of(url: str, project: Path) -> None:
    subprocess.run(["git", "-C", str(project), "config", "remote.origin.url", url], check=True)


@pytest.mark.parametrize(
    "url",
    [
        "git@github.com:team/selador.git",
        "https://github.com/team/selador",
        "https://token@github.com/team/selador.git",
        "ssh://git@github.com/team/selador.git",
    ],
)
def test_the_signer_is_this_repositorys_own_workflow(project: Path, tmp_path: Path, url: str) -> None:
    clone_of(url, project)

    signature = find_signature(tmp_path / "manifest.json", project)

    assert signature.verdict is Verdict.SIGNED
    assert (tmp_path / "called").read_text().splitlines() == [
        *("attestation", "verify", str(tmp_path / "manifest.json"), "--repo", "team/selador"),
        *("--signer-workflow", "team/selador/.github/workflows/artifacts.yml", "--format", "json"),
    ]


@pytest.mark.parametrize(
    "url", ["https://git.example.org/team/selador.git", "https://github.com.evil.org/a/b", "/srv/x"]
)
def test_a_repository_elsewhere_is_not_asked_of_github(project: Path, tmp_path: Path, url: str) -> None:
    clone_of(url, project)

    signature = find_signature(tmp_path / "manifest.json", project)

    assert signature.verdict is Verdict.UNCHECKED
    assert "this checkout's origin is no repository on GitHub" in str(signature)
    assert not (tmp_path / "called").exists()


def test_without_gh_it_is_not_checked_and_says_so(project: Path, tmp_path: Path) -> None:
    (tmp_path / "gh").unlink()

    signature = find_signature(tmp_path / "manifest.json", project)

    assert str(signature) == "signature: not checked: gh is not on PATH; install GitHub's command line"


@pytest.mark.parametrize(
    ("status", "out", "error", "verdict"),
    [
        pytest.param(0, json.dumps([{"verificationResult": {}}]), "", Verdict.SIGNED, id="signed"),
        pytest.param(0, "[]", "", Verdict.UNCHECKED, id="status-0-without-an-attestation"),
        pytest.param(0, "", "", Verdict.UNCHECKED, id="status-0-without-an-answer"),
        pytest.param(1, "", "Error: no attestations found for subject: sha256:ab", Verdict.UNSIGNED, id="none"),
        pytest.param(1, "", "HTTP 404: Not Found (https://api.github.com/…)", Verdict.UNSIGNED, id="none-as-404"),
        pytest.param(
            4, "", "To get started with GitHub CLI, please run: gh auth login", Verdict.UNCHECKED, id="no-token"
        ),
        pytest.param(1, "", "error connecting to api.github.com", Verdict.UNCHECKED, id="offline"),
        pytest.param(1, "", "✗ Policy verification failed", Verdict.WRONG, id="another-signer"),
        pytest.param(1, "", "", Verdict.WRONG, id="what-nobody-knows"),
    ],
)
def test_gh_is_believed_only_if_it_names_an_attestation(status: int, out: str, error: str, verdict: Verdict) -> None:
    assert judge(status, out, error, WORKFLOW).verdict is verdict
