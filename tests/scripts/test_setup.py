"""Set-up says all that is missing, a sentence for each thing; real tools, and fakes where one must be old or broken."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

SETUP = Path(__file__).parents[2] / "scripts" / "setup.sh"
TOOLS = ("sh", "sed", "sort", "head", "env", "awk", "grep", "rm", "tail", "tee", "touch")


class Machine:
    """A PATH of its own, and a home without pyenv."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "bin"
        self._bin.mkdir()
        self.home = folder / "home"
        self.home.mkdir()
        for tool in TOOLS:
            self.links_to(tool)

    def links_to(self, tool: str) -> None:
        found = shutil.which(tool)
        assert found is not None
        (self._bin / tool).symlink_to(found)

    def has(self, tool: str, script: str) -> None:
        path = self._bin / tool
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def set_up(
        self, make_version: str = "4.3", stage: str = "dev", environment: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SETUP, make_version, stage],
            env={"PATH": str(self._bin), "HOME": str(self.home), **environment},
            cwd=self.home,
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
    assert done.stderr.splitlines()[0] == "setup: GNU make 3.80 is too old; install GNU make 3.81 or newer"


def test_a_missing_terraform_is_named(tmp_path: Path) -> None:
    done = Machine(tmp_path).set_up()

    assert done.returncode == 1
    assert done.stderr.startswith("setup: terraform is not on PATH; install Terraform 1.11 or newer")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("Terraform v1.9.8", "terraform 1.9.8 is too old"),
        ("Terraform v1.10.5", "terraform 1.10.5 is too old"),
        ("Terraform v0.15.5", "terraform 0.15.5 is too old"),
        ("OpenTofu v1.12.0", "terraform is not Terraform"),
    ],
)
def test_another_terraform_than_is_needed_is_named(machine: Machine, version: str, said: str) -> None:
    machine.has("terraform", f"echo {version}")

    done = machine.set_up()

    assert done.returncode == 1
    assert done.stderr.startswith(f"setup: {said}; install Terraform 1.11 or newer")


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
    assert done.stderr.splitlines()[1:] == ["setup: run make again with that in place"]


@pytest.mark.parametrize("version", ["1.11.0", "1.11.4", "1.12.2", "2.0.0"])
def test_newer_terraforms_are_taken(machine: Machine, version: str) -> None:
    machine.has("terraform", f"echo Terraform v{version}")

    done = machine.set_up()

    assert "no Python 3.13" in done.stderr  # the next thing that is missing


def test_everything_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    done = Machine(tmp_path).set_up(make_version="3.80")

    assert done.returncode == 1
    assert [line.split(";")[0] for line in done.stderr.splitlines()] == [
        "setup: GNU make 3.80 is too old",
        "setup: terraform is not on PATH",
        "setup: no Python 3.13 found as python3.13, under pyenv or by uv",
        "setup: run make again with that in place",
    ]


# Stands for pip: it notes which Python's it is and what it is asked, and says what says.log holds.
PIP = 'echo "$0 $@" >> pip.log; env > pip.env; cat says.log; [ ! -s says.log ]'

# A Python that makes a .venv. It has a pip of its own if the file has-pip is there, and no ensurepip if lacks-ensurepip
# is.
PYTHON = f"""
case "$*" in
"-c import ensurepip") [ ! -e lacks-ensurepip ] ;;
-c*) exit 0 ;;
-V) echo Python 3.13.0 ;;
"-m pip --version") [ -e has-pip ] ;;
"-m pip"*) {PIP} ;;
"-m venv"*)
    case "$*" in *--clear*) rm -rf .venv ;; esac
    mkdir -p .venv/bin
    case "$*" in *--without-pip*) pip='exit 1' ;; *) pip='{PIP}' ;; esac
    printf '#!/bin/sh\\n[ "$1" != -c ] || exit 0\\n%s\\n' "$pip" > .venv/bin/python
    chmod +x .venv/bin/python ;;
esac
"""


@pytest.fixture
def project(machine: Machine) -> Machine:
    for tool in ("mkdir", "chmod", "cat"):
        machine.links_to(tool)
    machine.has("python3.13", PYTHON)
    for name in ("demo", "dev"):
        (machine.home / f"requirements-{name}.txt").write_text("six==1.17.0\n")
    (machine.home / "says.log").touch()
    return machine


@pytest.mark.parametrize("has_pip", [True, False])
def test_a_demo_installs_what_runs_and_nothing_of_what_checks(project: Machine, *, has_pip: bool) -> None:
    if has_pip:
        (project.home / "has-pip").touch()

    done = project.set_up(stage="demo")

    assert done.returncode == 0, done.stderr
    first, own = (project.home / "pip.log").read_text().splitlines()
    assert first.endswith("--require-hashes -r requirements-demo.txt")
    assert "-e local" in own
    for asked in (first, own):
        whose, _, arguments = asked.partition(" ")
        assert Path(whose).name == ("python3.13" if has_pip else "python")
        assert arguments.startswith("-m pip --python .venv/bin/python " if has_pip else "-m pip --disable")
    assert (project.home / ".venv" / ".demo").exists()
    assert not (project.home / ".venv" / ".ready").exists()


def test_a_python_that_can_install_nothing_is_named(project: Machine) -> None:
    (project.home / "lacks-ensurepip").touch()

    done = project.set_up(stage="demo")

    assert done.returncode == 1
    assert done.stderr.startswith("setup: python3.13 has neither pip nor ensurepip; install one of them")
    assert not (project.home / ".venv").exists()


@pytest.mark.parametrize(("python", "is_kept"), [("exit 0", True), ("exit 1", False)])
def test_only_what_another_python_or_none_left_is_made_anew(project: Machine, python: str, *, is_kept: bool) -> None:
    left = project.home / ".venv" / "bin" / "python"
    left.parent.mkdir(parents=True)
    left.write_text(f"#!/bin/sh\n{python}\n")
    left.chmod(0o755)
    content = project.home / ".venv" / "content"
    content.touch()

    done = project.set_up(stage="demo")

    assert done.returncode == 0, done.stderr
    assert content.exists() == is_kept


def test_what_is_set_for_other_installs_leads_nothing_elsewhere(project: Machine) -> None:
    (project.home / "has-pip").touch()
    places = dict.fromkeys(("PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PYTHONHOME", "PYTHONPATH"), "/elsewhere")

    done = project.set_up(stage="demo", environment={**places, "PIP_USER": "1", "PIP_INDEX_URL": "https://a.mirror"})

    assert done.returncode == 0, done.stderr
    seen = dict(line.partition("=")[::2] for line in (project.home / "pip.env").read_text().splitlines())
    assert seen.keys().isdisjoint(places)
    assert seen["PIP_USER"] == "0"
    assert seen["PIP_INDEX_URL"] == "https://a.mirror"


def test_checks_add_to_what_runs(project: Machine) -> None:
    project.set_up(stage="demo")

    done = project.set_up(stage="dev")

    assert done.returncode == 0, done.stderr
    asked = (project.home / "pip.log").read_text().splitlines()
    assert len(asked) == 3
    assert asked[2].endswith("--require-hashes -r requirements-dev.txt")
    assert (project.home / ".venv" / ".ready").exists()


def test_offline_the_networks_own_error_is_shown(project: Machine) -> None:
    warning = "WARNING: Retrying (Retry(total=%d)) after connection broken by 'Temporary failure in name resolution'"
    errors = ["ERROR: Could not find a version that satisfies the requirement six==1.17.0", "ERROR: No matching"]
    (project.home / "says.log").write_text("\n".join(["Collecting six", warning % 1, warning % 0, *errors]) + "\n")

    done = project.set_up(stage="demo")

    assert done.returncode == 1
    assert done.stderr.splitlines()[:3] == [warning % 0, *errors]
    assert done.stderr.splitlines()[3].startswith("setup: pip could not install the locked requirements")
    assert not (project.home / ".venv" / ".demo").exists()
