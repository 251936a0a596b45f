"""A plan's summary as a comment: what is in it, and where it is put."""

import json
import os
from pathlib import Path

import pytest

from selador_deploy.plan.comment import markdown

from ..conftest import Run, plan_of, resource_change

# Stands for gh: writes down how it was called, and answers as GitHub would.
GH = """#!/bin/sh
for argument; do printf '%s\\n' "$argument"; done >>{folder}/called
case "$*" in
  *--paginate*) cat {folder}/comments ;;
  *) echo https://github.com/an/answer ;;
esac
[ ! -e {folder}/fails ] || {{ echo "HTTP 403: Resource not accessible by integration" >&2; exit 1; }}
"""


@pytest.fixture
def gh(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """The folder of a stand-in for GitHub's command line; its pull request has no comment of ours yet."""
    folder = tmp_path_factory.mktemp("gh")
    (folder / "comments").touch()
    (folder / "gh").write_text(GH.format(folder=folder))
    (folder / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def called(gh: Path) -> list[str]:
    return (gh / "called").read_text().splitlines()


@pytest.fixture
def planned(root: Path, run: Run) -> str:
    """The comment about a plan that changes a secret."""
    secret = {"variables": {"PASSWORD": "hunter2"}}
    change = resource_change("aws_lambda_function.this", "update", before={"environment": []}, after=secret)
    (root / "plan.json").write_text(plan_of(change))
    run("init", "--env", "dev")
    assert run("plan", "--env", "dev") == 0
    return (root / "build/dev.comment.md").read_text()


def test_the_comment_has_the_summary_and_no_value(planned: str) -> None:
    assert planned.startswith("<!-- selador plan of dev -->\n### Plan of dev\n")
    assert "aws_lambda_function.this: variables" in planned
    assert "hunter2" not in planned


def test_a_refused_plan_is_told_with_its_refusal(root: Path, run: Run) -> None:
    lost = resource_change("aws_sqs_queue.this", "delete", reason="delete_because_no_resource_config")
    (root / "plan.json").write_text(plan_of(lost))
    run("init", "--env", "dev")

    assert run("plan", "--env", "dev") == 3

    comment = (root / "build/dev.comment.md").read_text()
    assert "STATEFUL aws_sqs_queue.this" in comment
    assert "**Refused**: no plan was saved: aws_sqs_queue.this would be lost" in comment


def test_the_first_plan_is_a_new_comment(root: Path, planned: str, gh: Path, run: Run) -> None:
    assert run("comment", "--env", "dev", "--pr", "12") == 0

    assert called(gh)[-3:] == [
        "--field",
        f"body=@{root}/build/dev.comment.md",
        "repos/{owner}/{repo}/issues/12/comments",
    ]


def test_the_next_plan_takes_the_place_of_our_comment_and_of_no_others(planned: str, gh: Path, run: Run) -> None:
    (gh / "comments").write_text("77\n")

    run("comment", "--env", "dev", "--pr", "12")

    assert called(gh)[-3:] == ["--method", "PATCH", "repos/{owner}/{repo}/issues/comments/77"]
    asked = next(argument for argument in called(gh) if argument.startswith(".[]"))
    assert 'user.login == "github-actions[bot]"' in asked
    assert 'startswith("<!-- selador plan of dev -->")' in asked


def test_a_plan_that_failed_takes_the_place_of_an_older_one_without_what_terraform_said(
    root: Path, planned: str, gh: Path, run: Run
) -> None:
    (root / "failure").write_text("hunter2 is no valid password")
    run("plan", "--env", "dev", status=1, fails="plan")

    run("comment", "--env", "dev", "--pr", "12")

    comment = (root / "build/dev.comment.md").read_text()
    assert "### dev could not be planned" in comment
    assert "hunter2" not in comment


@pytest.mark.parametrize(
    ("pr", "status", "said"),
    [
        ("x/../..", 2, "PR is 'x/../..'; give the pull request's number"),
        ("12", 1, "gh could not comment: HTTP 403: Resource not accessible by integration; check GH_TOKEN"),
    ],
)
def test_what_can_not_be_commented_is_told(
    gh: Path, run: Run, capsys: pytest.CaptureFixture[str], pr: str, status: int, said: str
) -> None:
    (gh / "fails").touch()

    assert run("comment", "--env", "dev", "--pr", pr) == status

    assert said in capsys.readouterr().err


def test_without_gh_nothing_is_commented(
    root: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(root / "bin"))

    assert run("comment", "--env", "dev", "--pr", "12") == 1

    assert "gh is not on PATH" in capsys.readouterr().err


def test_the_comment_names_the_commit_that_was_planned() -> None:
    assert "\n### Plan of dev at 0123456789ab\n" in markdown("dev", "0123456789abcdef", "No changes.")


def test_a_summary_with_a_fence_stays_inside_of_its_own() -> None:
    assert "````text\na ``` b\n````\n" in markdown("dev", "", "a ``` b")


def test_a_summary_that_is_too_long_for_github_is_cut_and_says_so() -> None:
    comment = markdown("dev", "", json.dumps("a" * 70_000), "no plan was saved")

    assert len(comment) < 65_536
    assert "… the rest is in the job's log\n```\n" in comment
    assert comment.endswith("**Refused**: no plan was saved\n")
