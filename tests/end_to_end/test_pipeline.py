"""The pipelines' own steps, read from the workflows and run against a laptop stack: each job in a checkout of its own.

`make test-pipeline` runs it. GitHub is played by the little that these workflows ask of it: job outputs, a store that
loses a file's mode, conditions. Not played are the roles, the approval and the runner. `make artifacts` is left out,
since the stack has built such zips.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
import yaml

from selador_local.stack.stack import WORK_DIR, Stack

from ..patience import COMMAND_SECONDS
from ..terraform.conftest import ARTIFACT_BUCKET, ROOT

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

ENVIRONMENT = "staging"
PYTHON = """#!/bin/sh
PYTHONPATH={checkout}/deploy exec {python} "$@"
"""
GH = """#!/bin/sh
case "$*" in *--paginate*) ;; *) cat "{checkout}/build/staging.comment.md" ;; esac
"""
_EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")


def build(dist: Path, marker: str, without: str = "nothing") -> None:
    """Make another zip of the handler's code, with a member of its own, and without what lies in a folder."""
    manifest = json.loads((dist / "manifest.json").read_text())
    artifact = manifest["artifacts"]["websocket_handler"]
    file = dist / artifact["path"]
    with ZipFile(file) as before:
        members = [(one, before.read(one)) for one in before.infolist() if not one.filename.startswith(f"{without}/")]
    with ZipFile(file, "w") as archive:
        for one, content in members:
            archive.writestr(one, content)
        archive.writestr(f"{marker}.txt", marker)
    digest = hashlib.sha256(file.read_bytes()).digest()
    artifact |= {"sha256": digest.hex(), "sha256Base64": base64.b64encode(digest).decode()}
    (dist / "manifest.json").write_text(json.dumps(manifest))


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@dataclass
class Step:
    """A step that was run: what it said, how it ended, and what it handed on."""

    said: str
    status: int
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """A job that has ended."""

    steps: dict[str, Step]
    """By the id, or else by the command."""
    expressions: dict[str, str]

    @property
    def failed(self) -> bool:
        return any(step.status for step in self.steps.values())

    @property
    def outputs(self) -> dict[str, str]:
        """What its steps hand on to the next job."""
        return {name: value for step in self.steps.values() for name, value in step.outputs.items()}

    def holds(self, condition: str) -> bool:
        """Return whether a step's condition holds: terms joined by `&&`, each of a form that is known here."""
        return all(self._term(term) for term in condition.removeprefix("${{ ").removesuffix(" }}").split(" && "))

    def _term(self, term: str) -> bool:
        if term in {"failure()", "!cancelled()"}:
            return self.failed if term == "failure()" else True
        assert term.startswith("steps."), f"this test does not know {term}"
        return bool(self.value(term))

    def value(self, expression: str) -> str:
        """Return what an expression of the workflow stands for. Raises KeyError for one that isn't known here."""
        if found := re.fullmatch(r"steps\.(\w+)\.outputs\.(\w+)", expression):
            return self.steps[found[1]].outputs.get(found[2], "") if found[1] in self.steps else ""
        return self.expressions[expression]


class GitHub:
    """A repository with the pipelines turned on for one environment, whose state and account the stack holds."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._folder, self.store = folder, folder / "store"
        self.store.mkdir(parents=True)
        plane = stack.control_plane
        self._environ = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("AWS_", "TF_VAR_", "SELADOR_"))
            },
            "AWS_ACCESS_KEY_ID": plane.access_key_id,
            "AWS_SECRET_ACCESS_KEY": plane.secret_access_key,
            "AWS_ENDPOINT_URL": plane.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.dist = folder / "dist"
        shutil.copytree(WORK_DIR / "dist", self.dist)
        self._checkouts = 0
        self._fork()

    def _fork(self) -> None:
        """Make what a fork commits: its account and its knowledge base in the place of the zeros."""
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(self._folder / "fork")], check=True)
        environments = self._folder / "fork/terraform/environments"
        for name in (f"{ENVIRONMENT}.tfvars", f"{ENVIRONMENT}.s3.tfbackend"):
            text = (environments / name).read_text().replace("000000000000", "123456789012")
            (environments / name).write_text(text.replace('"0000000000"', '"LOCALDOCS1"'))
        with (environments / f"{ENVIRONMENT}.s3.tfbackend").open("a") as file:
            file.write("use_path_style = true\n")  # the control plane has one host name for all buckets
        git(self._folder / "fork", "commit", "--quiet", "--all", "--message", "Fill in staging")

    def checkout(self) -> Path:
        """Return a new checkout, whose Python is this one's."""
        self._checkouts += 1
        folder = self._folder / f"checkout-{self._checkouts}"
        subprocess.run(["git", "clone", "--quiet", str(self._folder / "fork"), str(folder)], check=True)
        for file in folder.rglob("*"):
            if file.is_file() and ".git" not in file.parts:
                os.utime(file, (0, 0))  # else make would install what is here already
        (folder / ".venv/bin").mkdir(parents=True)
        for name, text in (("python", PYTHON), ("gh", GH)):
            file = folder / ".venv/bin" / name
            file.write_text(text.format(checkout=folder, python=ROOT / ".venv/bin/python"))
            file.chmod(0o755)
        for name in (".demo", ".ready"):
            (folder / ".venv" / name).touch()
        return folder

    def run(self, workflow: str, job: str, **expressions: str) -> Job:
        """Run a job of a workflow; `expressions` are by their last part, such as `plan` for needs.plan.outputs.plan."""
        text = yaml.safe_load((ROOT / f".github/workflows/{workflow}.yml").read_text())["jobs"][job]
        done = Job({}, self._known(expressions))
        folder = self.checkout()
        job_environ = self._resolved(done, text["env"])
        for step in text["steps"]:
            if not done.holds(step["if"]) if "if" in step else done.failed:
                continue
            if "run" not in step:
                self._action(step, folder)
                continue
            environ = {**job_environ, **self._resolved(done, step.get("env", {}))}
            done.steps[step.get("id", step["run"])] = self.step(step["run"], folder, environ)
        return done

    def _known(self, given: dict[str, str]) -> dict[str, str]:
        return {
            "fromJSON(vars.DEPLOY_ENVIRONMENTS)[0]": ENVIRONMENT,
            "inputs.environment || fromJSON(vars.DEPLOY_ENVIRONMENTS)[0]": ENVIRONMENT,
            "matrix.environment": ENVIRONMENT,
            "needs.plan.outputs.environment": ENVIRONMENT,
            "needs.plan.outputs.plan": given.get("plan", ""),
            "inputs.release || needs.release.outputs.release": given.get("release", ""),
            "secrets.SMOKE_TOKEN": "",
            "github.token": "a token",
            "github.event.pull_request.number": "12",
        }

    def _resolved(self, job: Job, environ: dict[str, str]) -> dict[str, str]:
        return {name: _EXPRESSION.sub(lambda found: job.value(found[1]), value) for name, value in environ.items()}

    def _action(self, step: dict[str, Any], folder: Path) -> None:
        """Do what an action does that carries a file; the others prepare what is here already."""
        if step["uses"].startswith("actions/upload-artifact@"):
            file = folder / step["with"]["path"].replace("${{ env.ENV }}", ENVIRONMENT)
            shutil.copyfile(file, self.store / file.name)  # and not its mode
        if step["uses"].startswith("actions/download-artifact@"):
            (folder / step["with"]["path"]).mkdir()
            for file in self.store.iterdir():
                shutil.copyfile(file, folder / step["with"]["path"] / file.name)

    def step(self, command: str, folder: Path, environ: dict[str, str]) -> Step:
        """Run a step's command in a checkout; only `make artifacts` is replaced."""
        if command == "make artifacts RELEASE=1":
            shutil.copytree(self.dist, folder / "dist")
            return Step("", 0)
        output = folder / ".venv/output"
        output.write_text("")
        done = subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=folder,
            env={
                **self._environ,
                **environ,
                "GITHUB_OUTPUT": str(output),
                "PATH": f"{folder}/.venv/bin:{self._environ['PATH']}",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        sys.stderr.write(f"$ {command}\n{done.stdout}")
        return Step(done.stdout, done.returncode, dict(line.split("=", 1) for line in output.read_text().splitlines()))

    def deploy(self) -> tuple[Job, Job]:
        """Run the workflow deploy as a push to main does, up to the plan; return the jobs release and plan."""
        release = self.run("deploy", "release")
        assert not release.failed
        plan = self.run("deploy", "plan", **release.outputs)
        assert not plan.failed
        return release, plan


@pytest.fixture(scope="module")
def github(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> GitHub:
    boto3.client("s3", **stack.control_plane.client_arguments).create_bucket(Bucket=ARTIFACT_BUCKET)
    return GitHub(stack, tmp_path_factory.mktemp("github"))


@pytest.fixture(scope="module")
def first(github: GitHub) -> str:
    """The first release, which the pipeline has deployed: nothing served before it."""
    release, plan = github.deploy()
    apply = github.run("deploy", "apply", **plan.outputs)

    assert not apply.failed
    assert apply.outputs == {"before": ""}
    return release.outputs["release"]


def serving(github: GitHub) -> str:
    """Return the release that the state names."""
    folder = github.checkout()
    done = github.step("make --silent init outputs JSON=1", folder, {"ENV": ENVIRONMENT})
    found = re.search(r'"release": \{.*?"value": "([0-9a-f]{64})"', done.said, re.DOTALL)
    assert found, done.said
    return found[1]


def test_what_one_checkout_plans_another_applies_and_a_client_is_answered(github: GitHub, first: str) -> None:
    assert serving(github) == first


def test_a_pull_request_is_planned_with_what_serves_and_told(github: GitHub, first: str) -> None:
    job = github.run("plan", "plan")

    assert not job.failed
    assert "### Plan of staging at " in job.steps["make comment"].said
    assert "No changes." in job.steps["make comment"].said


def test_nothing_has_drifted(github: GitHub, first: str) -> None:
    job = github.run("drift", "drift")

    assert not job.failed
    assert "staging is as Terraform left it" in job.steps["make init drift"].said


def test_a_plan_that_another_apply_has_overtaken_is_refused(github: GitHub, first: str) -> None:
    build(github.dist, "second")
    _, overtaken = github.deploy()
    stale = (github.store / "staging.plan").read_bytes()
    _, newer = github.deploy()
    assert not github.run("deploy", "apply", **newer.outputs).failed
    (github.store / "staging.plan").write_bytes(stale)

    job = github.run("deploy", "apply", **overtaken.outputs)

    assert "nothing was applied: the state's serial was" in job.steps["apply"].said
    assert list(job.steps) == ["apply"], "nothing is asked or gone back to after a refusal"


def test_another_file_than_the_one_that_was_planned_is_refused(github: GitHub, first: str) -> None:
    _, plan = github.deploy()
    (github.store / "staging.plan").write_bytes(b"another")

    job = github.run("deploy", "apply", **plan.outputs)

    assert f"not {plan.outputs['plan']}" in job.steps["apply"].said
    assert list(job.steps) == ["apply"]


def test_if_no_client_is_answered_the_release_before_serves_again_and_the_job_fails(github: GitHub, first: str) -> None:
    before = serving(github)
    build(github.dist, "broken", without="selador_websocket_handler")
    broken, plan = github.deploy()

    job = github.run("deploy", "apply", **plan.outputs)

    assert job.failed
    assert job.steps["smoke"].status != 0
    assert job.outputs == {"before": before, "failed": "1"}
    assert job.steps["make plan apply smoke"].status == 0, "the release before answers"
    assert serving(github) == before != broken.outputs["release"]
