"""`make setup` says in one sentence what is missing; real tools, and fakes where one has to be old or broken."""

import shutil
import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[2] / "scripts" / "setup.sh"
TOOLS = ("sh", "sed", "sort", "head", "env")


class Machine:
    """A PATH of its own, and a home without pyenv."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "bin"
        self._bin.mkdir()
        self._home = folder / "home"
        self._home.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None
            (self._bin / tool).symlink_to(found)

    def has(self, tool: str, script: str) -> None:
        path = self._bin / tool
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def set_up(self, make_version: str = "4.3") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SETUP, make_version],
            env={"PATH": str(self._bin), "HOME": str(self._home)},
            cwd=self._home,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.has("terraform", "echo Terraform v1.11.4")
    return machine


def test_an_old_make_is_named(machine: Machine) -> None:
    done = machine.set_up(make_version="3.80")

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "setup: GNU make 3.80 is too old; install GNU make 3.81 or newer and run make setup again"
    ]


def test_a_missing_terraform_is_named(tmp_path: Path) -> None:
    done = Machine(tmp_path).set_up()

    assert done.returncode == 1
    assert done.stderr.startswith("setup: terraform is not on PATH; install Terraform 1.11 or newer")


@pytest.mark.parametrize("version", ["1.9.8", "1.10.5", "0.15.5"])
def test_an_old_terraform_is_named(machine: Machine, version: str) -> None:
    machine.has("terraform", f"echo Terraform v{version}")

    done = machine.set_up()

    assert done.returncode == 1
    assert done.stderr.startswith(f"setup: terraform {version} is too old")


@pytest.mark.parametrize(
    "python",
    [
        pytest.param(None, id="none"),
        pytest.param("echo 'pyenv: python3.13: command not found' >&2; exit 127", id="a shim without a version"),
        pytest.param("exit 1", id="another version"),
    ],
)
def test_a_missing_python_is_named(machine: Machine, python: str | None) -> None:
    if python is not None:
        machine.has("python3.13", python)

    done = machine.set_up()

    assert done.returncode == 1
    assert done.stderr.startswith("setup: no Python 3.13 found as python3.13, under pyenv or by uv; install one")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("version", ["1.11.0", "1.11.4", "1.12.2", "2.0.0"])
def test_newer_terraforms_are_taken(machine: Machine, version: str) -> None:
    machine.has("terraform", f"echo Terraform v{version}")

    done = machine.set_up()

    assert "no Python 3.13" in done.stderr  # the next thing that is missing
