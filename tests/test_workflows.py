"""The workflows, beside what their schema and zizmor check: what is run, with which rights, and of whom."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[1]
WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))
DEPLOYING = ("deploy", "drift", "plan")
"""Those that a repository turns on."""

_MAKE = re.compile(r"make( [a-z-]+)+( [A-Z]+=(1|\"\$[A-Z_]+\"))*")
_PINNED = re.compile(
    r"uses: (?P<action>[\w./-]+)@(?P<commit>[0-9a-f]{40}) # (?P<version>v\d+\.\d+\.\d+)$", re.MULTILINE
)


@cache
def read(workflow: str) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load((PROJECT / f".github/workflows/{workflow}.yml").read_text())
    return document


def jobs(*workflows: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for workflow in workflows:
        for name, job in read(workflow)["jobs"].items():
            yield f"{workflow}: {name}", job


def targets() -> set[str]:
    text = (PROJECT / "Makefile").read_text()
    (commands,) = re.findall(r"^COMMANDS := (.+)$", text, re.MULTILINE)
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.MULTILINE)) | set(commands.split())


@pytest.mark.parametrize("workflow", [file.stem for file in WORKFLOWS])
def test_a_workflow_may_do_nothing_but_what_its_jobs_name(workflow: str) -> None:
    assert read(workflow)["permissions"] == {}
    assert all("permissions" in job for _, job in jobs(workflow))


def test_every_action_is_a_commit_and_the_same_one_everywhere() -> None:
    text = "".join(file.read_text() for file in WORKFLOWS)
    pinned = [found.groups() for found in _PINNED.finditer(text)]

    assert len(pinned) == text.count("uses: ")
    assert len({action for action, *_ in pinned}) == len(set(pinned))


@pytest.mark.parametrize("workflow", DEPLOYING)
def test_every_step_is_a_make_target(workflow: str) -> None:
    commands = [step["run"] for _, job in jobs(workflow) for step in job["steps"] if "run" in step]

    assert commands
    for command in commands:
        assert _MAKE.fullmatch(command), command
        assert {word for word in command.split()[1:] if "=" not in word} <= targets()


def test_a_repository_without_the_variables_skips_every_job() -> None:
    """A job without the condition is begun by the result of one that has it."""
    for name, job in jobs(*DEPLOYING):
        assert job["if"].startswith("vars.DEPLOY_ENVIRONMENTS") or "needs.plan.result == 'success'" in job["if"], name


def test_no_fork_gets_a_role() -> None:
    triggers = {file.stem: set(read(file.stem)[True]) for file in WORKFLOWS}  # YAML 1.1 reads `on` as true
    (plan,) = (job for _, job in jobs("plan"))

    assert not [name for name, events in triggers.items() if events & {"pull_request_target", "workflow_run"}]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in plan["if"]
    identities = {name for name, job in jobs(*triggers) if "id-token" in job["permissions"]}
    assert identities == {
        "artifacts: sign",
        "deploy: release",
        "deploy: plan",
        "deploy: apply",
        "drift: drift",
        "plan: plan",
    }
    assert "pull_request" not in triggers["deploy"] | triggers["drift"]


def test_a_saved_plan_is_no_file_of_a_public_repositorys_run() -> None:
    saving = [job for _, job in jobs(*DEPLOYING) if "build/${{ env.ENV }}.plan" in str(job)]

    assert len(saving) == 1
    assert "github.event.repository.private" in saving[0]["if"]


def test_a_release_is_taken_back_only_for_what_the_smoke_test_saw() -> None:
    """Its failure alone may be that of its token, which says nothing of the release."""
    (goes_back,) = (
        step for step in read("deploy")["jobs"]["apply"]["steps"] if step.get("run") == "make plan apply smoke"
    )

    assert goes_back["if"] == "failure() && steps.smoke.outputs.failed && steps.apply.outputs.before"


def test_each_role_is_taken_only_where_it_is_needed() -> None:
    roles = {name: re.findall(r"\[env\.ENV\]\.(\w+)", str(job)) for name, job in jobs(*DEPLOYING)}

    assert roles == {
        "deploy: release": ["publish"],
        "deploy: plan": ["plan"],
        "deploy: apply": ["deploy"],
        "drift: drift": ["plan"],
        "plan: plan": ["plan"],
    }
    (apply,) = (job for name, job in jobs("deploy") if name == "deploy: apply")
    assert apply["environment"] == "${{ needs.plan.outputs.environment }}", "its reviewers are asked"


def folder_of(lock: Path) -> str:
    """Return a lock's folder as Dependabot names it."""
    return "/" + "/".join(lock.parent.relative_to(PROJECT).parts)


def test_dependabot_looks_at_every_lock() -> None:
    updates = yaml.safe_load((PROJECT / ".github/dependabot.yml").read_text())["updates"]
    looked_at = {
        (update["package-ecosystem"], folder)
        for update in updates
        for folder in update.get("directories", [update.get("directory")])
    }
    npm = {
        ("npm", folder_of(lock))
        for pattern in ("", "client/*/")
        for lock in PROJECT.glob(f"{pattern}package-lock.json")
    }
    terraform = {("terraform", folder_of(lock)) for lock in PROJECT.glob("terraform/**/.terraform.lock.hcl")}

    assert looked_at == npm | terraform | {("github-actions", "/"), ("pip", "/")}
