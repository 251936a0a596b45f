"""The commands, with a stand-in for the `terraform` executable that writes down how it was called."""

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import terraform

STAND_IN = """#!{python}
import json, os, pathlib, sys
calls = pathlib.Path({calls!r})
arguments = sys.argv[1:]
with calls.open("a") as file:
    print(json.dumps([*arguments, os.environ.get("TF_WORKSPACE")]), file=file)
if "select" in arguments:
    data_dir = pathlib.Path(os.environ["TF_DATA_DIR"])
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "environment").write_text(arguments[-1])
if status := int(os.environ["STAND_IN_STATUS"]):
    sys.exit(status)
for argument in arguments:
    if argument.startswith("-out="):
        pathlib.Path(argument[5:]).write_text("a plan")
"""

type Run = Callable[..., int]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    environments = tmp_path / "terraform/environments"
    environments.mkdir(parents=True)
    (environments / "dev.tfvars").write_text('environment = "dev"\n')
    (environments / "dev.s3.tfbackend").write_text('bucket = "a-bucket"\n')
    (tmp_path / "terraform/.terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
    )
    (tmp_path / "cli.tfrc").touch()
    return tmp_path


@pytest.fixture
def run(root: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the script's main; `status` is what Terraform ends with."""
    executable = root / "bin/terraform"
    executable.parent.mkdir()
    executable.write_text(STAND_IN.format(python=sys.executable, calls=str(root / "calls")))
    executable.chmod(0o755)
    monkeypatch.setenv("PATH", f"{executable.parent}:{os.environ['PATH']}")  # where Popen looks

    def run(*arguments: str, status: int = 0) -> int:
        environ = {**os.environ, "STAND_IN_STATUS": str(status), "TF_CLI_CONFIG_FILE": str(root / "cli.tfrc")}
        return terraform.main(arguments, root, environ)

    return run


def calls(root: Path) -> list[list[str | None]]:
    """Return Terraform's arguments in each call, without -chdir, and the workspace forced on it."""
    return [json.loads(line)[1:] for line in (root / "calls").read_text().splitlines()]


def test_init_connects_in_the_workspace_that_is_always_there_and_then_selects_the_environments(
    root: Path, run: Run
) -> None:
    assert run("init", "--env", "dev") == 0

    first, second = calls(root)
    assert first[0] == "init"
    assert f"-backend-config={root}/terraform/environments/dev.s3.tfbackend" in first
    assert first[-1] == "default"
    assert second == ["workspace", "select", "-or-create", "dev", None]


def test_a_plan_is_saved_for_its_owner_alone(root: Path, run: Run) -> None:
    run("init", "--env", "dev")
    (root / "build/dev.tfplan").write_text("an older plan, readable by all")

    assert run("plan", "--env", "dev", "--dist", str(root / "dist")) == 0

    assert (root / "build/dev.tfplan").read_text() == "a plan"
    assert stat.S_IMODE((root / "build/dev.tfplan").stat().st_mode) == 0o600
    assert calls(root)[-1] == [
        "plan",
        "-input=false",
        f"-out={root}/build/dev.tfplan",
        f"-var-file={root}/terraform/environments/dev.tfvars",
        "-var=dist_dir=../dist",
        None,
    ]


def test_apply_carries_out_the_saved_plan_once(root: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("apply", "--env", "dev") == 0
    assert calls(root)[-1] == ["apply", "-input=false", f"{root}/build/dev.tfplan", None]
    assert run("apply", "--env", "dev") == 1
    assert capsys.readouterr().err == "terraform: there is no saved plan for dev; run make plan ENV=dev\n"


def test_a_plan_whose_apply_failed_is_kept_for_another_try(root: Path, run: Run) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("apply", "--env", "dev", status=1) == 1

    assert (root / "build/dev.tfplan").exists()


def test_a_failed_plan_leaves_no_older_one_behind(root: Path, run: Run) -> None:
    run("init", "--env", "dev")
    run("plan", "--env", "dev")

    assert run("plan", "--env", "dev", status=1) == 1

    assert not (root / "build/dev.tfplan").exists()


@pytest.mark.parametrize("command", ["plan", "apply", "destroy", "outputs"])
def test_a_command_before_init_says_so_and_runs_nothing(
    root: Path, run: Run, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, "--env", "dev") == 1

    assert capsys.readouterr().err == "terraform: dev is not initialized here; run make init ENV=dev\n"
    assert not (root / "calls").exists()


@pytest.mark.parametrize("confirmation", [[], ["--confirm", "prod"]])
def test_destroy_without_the_environments_name_destroys_nothing(
    root: Path, run: Run, confirmation: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")

    assert run("destroy", "--env", "dev", *confirmation) == 1

    assert capsys.readouterr().err.startswith("terraform: nothing was destroyed")
    assert [call[0] for call in calls(root)] == ["init", "workspace"]


def test_destroy_with_the_environments_name_asks_no_more(root: Path, run: Run) -> None:
    run("init", "--env", "dev")

    assert run("destroy", "--env", "dev", "--confirm", "dev") == 0

    assert calls(root)[-1][:3] == ["destroy", "-input=false", "-auto-approve"]


def test_terraforms_exit_status_is_passed_on_without_a_word(
    root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init", "--env", "dev")

    assert run("outputs", "--env", "dev", "--json", status=3) == 3

    assert capsys.readouterr().err == ""


def test_a_machine_without_terraform_is_told_so(
    root: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert run("init", "--env", "dev") == 1

    assert capsys.readouterr().err.startswith("terraform: terraform is not on PATH; install Terraform 1.11")


def test_an_environment_is_needed(run: Run) -> None:
    with pytest.raises(SystemExit) as raised:
        run("plan")

    assert raised.value.code == 2
