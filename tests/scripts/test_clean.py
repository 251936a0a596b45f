"""`make clean` in a copy: what goes, what stays, when nothing does."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BUILT = (
    ".venv/bin/python",
    ".local/logs/x.log",
    "dist/main.zip",
    "node_modules/x.js",
    "client/web/node_modules/x.js",
    "client/web/build/screenshots/x.png",
    "build/cache/x",
    "build/dev.turn",
)
PLAN = "build/dev.plan"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which everything was built and a plan was saved."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(PROJECT / "scripts" / "clean.sh", tmp_path / "scripts")
    shutil.copy(PROJECT / "Makefile", tmp_path)
    for name in (*BUILT, PLAN):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def clean(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # of make test
    return subprocess.run(
        ["make", "clean", *arguments], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def left(project: Path) -> set[str]:
    files = (path.relative_to(project) for path in project.rglob("*") if path.is_file())
    return {str(path) for path in files} - {"Makefile", "scripts/clean.sh"}


def test_what_is_built_goes_and_a_saved_plan_stays(project: Path) -> None:
    done = clean(project)

    assert done.returncode == 0
    assert left(project) == {PLAN}
    assert done.stdout == f"clean: {PLAN} is kept; make clean PLANS=1 removes it, too\n"


def test_a_saved_plan_goes_if_that_is_said(project: Path) -> None:
    done = clean(project, "PLANS=1")

    assert (done.returncode, done.stdout) == (0, "")
    assert left(project) == set()
    assert not (project / "build").exists()


def test_receipts_stay_whatever_is_said(project: Path) -> None:
    """Without them an interrupted redrive would send a request twice."""
    (project / "build/dev.receipts").touch()

    done = clean(project, "PLANS=1")

    assert left(project) == {"build/dev.receipts"}
    assert done.stdout == ("clean: build/dev.receipts is kept; without it, make redrive can't know what it has sent\n")


def test_a_second_time_there_is_nothing_to_do(project: Path) -> None:
    clean(project, "PLANS=1")

    assert clean(project).returncode == 0


def test_nothing_goes_while_a_stack_runs(project: Path) -> None:
    before = left(project) | {".local/lock"}

    with (project / ".local/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = clean(project)

    assert refused.returncode != 0
    assert "clean: the laptop stack runs here; end it first, with Ctrl-C where make local runs" in refused.stderr
    assert left(project) == before


def test_a_lock_that_a_killed_stack_left_keeps_nobody_from_cleaning(project: Path) -> None:
    (project / ".local/lock").touch()

    assert clean(project).returncode == 0
    assert left(project) == {PLAN}


def test_another_word_than_1_removes_nothing(project: Path) -> None:
    before = left(project)

    refused = clean(project, "PLANS=no")

    assert refused.returncode != 0
    assert "clean: PLANS is 'no'; give PLANS=1, or none" in refused.stderr
    assert left(project) == before
