"""What is given to `make` is a value and never code, and its targets are the commands that there are.

It holds for whatever stands behind `NAME=`, on the command line or in the environment. It can't hold for
`make 'NAME:=…'`, which asks make to expand at once: there the caller writes the operator, not only the value.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from selador_deploy.cli import COMMANDS, DIST, ENV

from .conftest import STUCK_SECONDS

PROJECT = Path(__file__).parents[1]
FLAGS = (
    "ADOPT",
    "ALARM",
    "ALLOW_DESTROY",
    "API",
    "CONFIRM",
    "DAYS_LEFT",
    "ENV",
    "FIRST",
    "HEARTBEAT",
    "JSON",
    "LEVEL",
    "LOCK",
    "PLAN",
    "PR",
    "PURGE_GONE",
    "PURGE_MALFORMED",
    "RATE",
    "RELEASE",
    "REQUEST",
    "RESULTS",
    "SHOW_TEXT",
    "SINCE",
    "TOKEN",
    "URL",
    "YES",
)
COST_FLAGS = (
    "ANSWER_SECONDS",
    "ARCHITECTURE",
    "AUTH",
    "CONNECTION_MINUTES",
    "FIRST_WORDS_SECONDS",
    "JSON",
    "KMS",
    "MEMORY_MB",
    "MODEL",
    "REQUESTS",
    "REQUESTS_A_DAY",
    "TOKENS_IN",
    "TOKENS_OUT",
)
SWITCHES = {"artifacts": "RELEASE", "token": "EXPIRED", "local": "FRESH", "verify-artifacts": "SIGNED"}
"""What make itself turns into an option, each by a target that has it."""
GIVEN = (
    *{*FLAGS, *COST_FLAGS},
    "AGAINST",
    "CASE",
    "EXPIRED",
    "FOLDERS",
    "FRESH",
    "MINUTES",
    "ONLY",
    "PLAIN",
    "PLANS",
    "PORT",
    "Q",
    "SEEDS",
    "SIGNED",
    "SUB",
    "TF",
)
HOSTILE = {
    "semicolon": "dev;touch x",
    "quote": "'; touch x; '",
    "double-quote": '"; touch x; "',
    "substitution": "$(touch x)",
    "backticks": "`touch x`",
    "function-of-make": "$(shell touch x)",
    "braces-of-make": "${shell touch x}",
    "newline": "dev\ntouch x\n\ttouch x",
    "target-of-make": "dev\nall: ; touch x",
    "comment": "dev # && touch x",
    "dollar": "$$(touch x) $ENV $$ENV",
    "option": "--help",
}
# Stands for .venv/bin/python: writes down its arguments, its environment and whose child it is.
RECORDER = """#!/bin/sh
env -0 >environment
ps -o comm= -p $PPID >parent
: >arguments
for argument; do printf '%s\\0' "$argument" >>arguments; done
"""


# These tests may be run by a `make test` that was given something itself.
_OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"}
INHERITED = {name: value for name, value in os.environ.items() if name not in {*GIVEN, *_OF_MAKE}}


class Makefile:
    """A copy of the Makefile in a folder of its own, with a recorder for its Python."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "Makefile").write_text((PROJECT / "Makefile").read_text())
        python = folder / ".venv/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(RECORDER)
        python.chmod(0o755)

    def make(self, *arguments: str, **environ: str) -> str:
        """Run make, for which the virtual environment is ready; return what it printed."""
        done = self.try_to_make(*arguments, **environ)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def try_to_make(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run make, for which the virtual environment is ready."""
        return subprocess.run(
            ["make", "--old-file=.venv/.demo", *arguments],
            cwd=self._folder,
            env=INHERITED | environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def has_called_python(self) -> bool:
        """Say whether Python was called."""
        return (self._folder / "arguments").exists()

    def arguments(self) -> list[str]:
        """Return the arguments that Python was called with."""
        return (self._folder / "arguments").read_text().split("\0")[:-1]

    def environment(self) -> dict[str, str]:
        """Return the environment that Python was called with."""
        lines = (self._folder / "environment").read_text().split("\0")[:-1]
        return dict(line.split("=", 1) for line in lines)

    def parent(self) -> str:
        """Return the name of the program that called Python."""
        return (self._folder / "parent").read_text().strip()

    def nothing_was_run(self) -> bool:
        """Say whether no `touch x` of a hostile value was."""
        return not (self._folder / "x").exists()


@pytest.fixture
def makefile(tmp_path: Path) -> Makefile:
    return Makefile(tmp_path)


def given(value: str, way: str, **others: str) -> tuple[list[str], dict[str, str]]:
    """Return arguments and environment that give every variable the value, or its own, by one of the two ways."""
    values = dict.fromkeys(GIVEN, value) | others
    if way == "environment":
        return [], values
    return [f"{name}={value}" for name, value in values.items()], {}


ON = dict.fromkeys(("EXPIRED", "FRESH", "PLAIN", "RELEASE", "SIGNED"), "1")
hostile = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
both_ways = pytest.mark.parametrize("way", ["command-line", "environment"])


@hostile
@both_ways
@pytest.mark.parametrize(("target", "flags"), [("plan", FLAGS), ("cost", COST_FLAGS)])
def test_a_deploy_command_gets_every_value_as_it_was_typed(
    makefile: Makefile, value: str, way: str, target: str, flags: tuple[str, ...]
) -> None:
    arguments, environ = given(value, way)

    makefile.make(target, *arguments, **environ)

    assert makefile.arguments() == ["-m", "selador_deploy", target]
    seen = makefile.environment()
    assert {name: seen[name] for name in seen if name.startswith("SELADOR_")} == {
        f"SELADOR_{flag}": value for flag in flags
    }
    assert seen["TF"] == value
    assert makefile.nothing_was_run()


@hostile
@both_ways
@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("artifacts", ["packaging/build_artifacts.py", "--architecture={}", "--release"]),
        ("verify-artifacts", ["packaging/verify_artifacts.py", "--against={}", "--signed"]),
        ("chat", ["-m", "selador_client", "chat", "--url={}"]),
        ("ask", ["-m", "selador_client", "ask", "--url={}", "--", "{}"]),
        ("misbehave", ["-m", "selador_client.misbehaving", "--port={}", "--", "{}"]),
        ("dashboard-preview", ["-m", "selador_local.dashboard_preview", "--minutes={}"]),
    ],
)
def test_a_command_gets_its_value_as_one_argument(
    makefile: Makefile, value: str, way: str, target: str, command: list[str]
) -> None:
    arguments, environ = given(value, way, **ON)

    makefile.make(target, *arguments, **environ)

    assert makefile.arguments() == [argument.format(value) for argument in command]
    assert makefile.nothing_was_run()


@hostile
@both_ways
@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("local", ["up", "--port={}", "--auth={}", "--fresh", "--plain"]),
        ("token", ["token", "--subject={}", "--expired"]),
    ],
)
def test_the_stack_gets_each_value_as_one_argument(
    makefile: Makefile, value: str, way: str, target: str, command: list[str]
) -> None:
    arguments, environ = given(value, way, **ON)

    makefile.make(target, *arguments, **environ)

    assert makefile.arguments() == ["-m", "selador_local", *(argument.format(value) for argument in command)]
    assert makefile.nothing_was_run()


@hostile
@both_ways
def test_folders_are_words_and_no_more(makefile: Makefile, value: str, way: str) -> None:
    arguments, environ = given(value, way)

    makefile.make("compare-artifacts", *arguments, **environ)

    assert makefile.arguments() == ["packaging/verify_artifacts.py", "--same", *value.split()]
    assert makefile.nothing_was_run()


@hostile
@both_ways
@pytest.mark.parametrize("target", ["plan", "artifacts", "verify-artifacts", "compare-artifacts", "local"])
def test_a_rehearsal_runs_nothing(makefile: Makefile, value: str, way: str, target: str) -> None:
    arguments, environ = given(value, way, **ON)

    makefile.make("--just-print", target, *arguments, **environ)

    assert makefile.nothing_was_run()


@pytest.mark.parametrize("target", ["apply", "destroy", "logs", "local", "demo", "drill", "bench-stack"])
def test_no_shell_stands_between_make_and_what_starts_terraform_or_a_stack(makefile: Makefile, target: str) -> None:
    """A SIGTERM for make ends its child. It must be the command, which ends what it has started."""
    makefile.make(target, "--old-file=.venv/.ready")

    assert makefile.parent() == "make"


def test_without_a_word_it_is_dev_on_arm64_and_nothing_else_is_given(makefile: Makefile) -> None:
    makefile.make("plan")

    seen = makefile.environment()
    assert {name: seen[f"SELADOR_{name}"] for name in FLAGS} == dict.fromkeys(FLAGS, "") | {"ENV": "dev"}


def test_without_a_word_the_costs_are_those_of_arm64(makefile: Makefile) -> None:
    makefile.make("cost")

    seen = makefile.environment()
    assert {name: seen[f"SELADOR_{name}"] for name in COST_FLAGS} == dict.fromkeys(COST_FLAGS, "") | {
        "ARCHITECTURE": "arm64"
    }


@pytest.mark.parametrize(
    ("given", "named"), [("URL", "--url=there"), ("ENV", "--env=there")], ids=["by its URL", "by its environment"]
)
def test_a_question_goes_to_whom_one_names_with_the_token_that_one_gives(
    makefile: Makefile, given: str, named: str
) -> None:
    makefile.make("ask", "Q=Pets?", f"{given}=there", "TOKEN=a.b.c")

    assert makefile.arguments() == ["-m", "selador_client", "ask", named, "--", "Pets?"]
    assert makefile.environment()["SELADOR_TOKEN"] == "a.b.c"


def test_a_question_takes_the_token_of_the_shell_if_make_is_given_none(makefile: Makefile) -> None:
    makefile.make("ask", "Q=Pets?", SELADOR_TOKEN="a.b.c")

    assert makefile.environment()["SELADOR_TOKEN"] == "a.b.c"


@hostile
def test_a_switch_runs_nothing_of_its_value(makefile: Makefile, value: str) -> None:
    ended = makefile.try_to_make("local", f"FRESH={value}")

    assert ended.returncode == 2
    assert f"FRESH is '{value.splitlines()[0]}" in ended.stderr
    assert makefile.nothing_was_run()


@pytest.mark.parametrize(("target", "switch"), SWITCHES.items())
def test_a_switch_is_on_with_1_alone(makefile: Makefile, target: str, switch: str) -> None:
    """A stack's memory was forgotten with FRESH=0."""
    ended = makefile.try_to_make(target, f"{switch}=0")

    assert ended.returncode == 2
    assert f"{switch} is '0'; give {switch}=1, or none" in ended.stderr
    assert not makefile.has_called_python()


def test_a_misspelt_variable_is_refused_before_anything_runs(makefile: Makefile) -> None:
    ended = makefile.try_to_make("plan", "RELAESE=4be1c2a90f3d")

    assert ended.returncode == 2
    assert "no target takes RELAESE; make help names what each takes" in ended.stderr
    assert not makefile.has_called_python()


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "TF_LOG", "SELADOR_TOKEN", "PIP_INDEX_URL", "NO_COLOR", "HOME"])
def test_what_programs_read_may_stand_among_makes_variables(makefile: Makefile, variable: str) -> None:
    makefile.make("plan", f"{variable}=theirs")

    assert makefile.environment()[variable] == "theirs"


def test_what_another_makefile_was_given_is_its_own(makefile: Makefile) -> None:
    makefile.make("plan", "STAGE=theirs", MAKELEVEL="1")

    assert makefile.has_called_python()


@pytest.mark.parametrize(
    ("target", "variable", "said"),
    [
        ("plan", "ENV", "there is no environment {!r}"),
        ("plan", "JSON", "JSON is {!r}; give JSON=1, or none"),
        ("bootstrap", "YES", "YES is {!r}; give YES=1, or none"),
        ("artifacts", "ARCHITECTURE", "invalid choice: {!r}"),
        ("local", "AUTH", "argument --auth: invalid choice: {!r} (choose from 'none', 'jwt', 'iam')"),
        ("local", "PORT", "argument --port: {!r} is no whole number from 1 to 65,532"),
        ("misbehave", "PORT", "argument --port: {!r} is no port: 0 to 65,535"),
        ("dashboard-preview", "MINUTES", "argument --minutes: {!r} is no whole number from 1 to 10,080"),
        ("verify-artifacts", "AGAINST", "verify_artifacts: {} does not exist"),
        ("compare-artifacts", "FOLDERS", "verify_artifacts: dev;touch does not exist"),
    ],
)
def test_a_value_that_means_nothing_is_refused_by_name(tmp_path: Path, target: str, variable: str, said: str) -> None:
    value = f"dev;touch {tmp_path}/x"

    done = subprocess.run(
        ["make", "--old-file=.venv/.demo", target, f"PYTHON={sys.executable}", f"{variable}={value}"],
        cwd=PROJECT,
        env=INHERITED,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert said.format(value) in done.stderr
    assert not (tmp_path / "x").exists()


def test_the_dashboard_decides_itself_how_far_it_looks_back_if_nobody_says(makefile: Makefile) -> None:
    makefile.make("dashboard-preview")

    assert makefile.arguments() == ["-m", "selador_local.dashboard_preview"]


def test_a_case_is_served_no_longer_than_make_lives() -> None:
    command = ["make", "--old-file=.venv/.demo", "misbehave", f"PYTHON={sys.executable}", "CASE=answer", "PORT=0"]

    with subprocess.Popen(
        command, cwd=PROJECT, env=INHERITED, stdout=subprocess.PIPE, text=True, process_group=0
    ) as make:
        assert make.stdout is not None
        assert "An answer is its deltas" in make.stdout.readline()
        make.terminate()
        try:
            make.communicate(timeout=STUCK_SECONDS)  # whoever serves holds the pipe
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(make.pid, signal.SIGKILL)


def test_every_flag_of_a_command_is_given_by_make() -> None:
    """But --dist: make builds the artifacts in dist/."""
    commands = [command for command in COMMANDS if command.name != "cost"]
    assert {flag.variable for command in commands for flag in command.flags if flag is not DIST} == set(FLAGS)
    (cost,) = (command for command in COMMANDS if command.name == "cost")
    assert {flag.variable for flag in cost.flags} == set(COST_FLAGS)


def test_make_has_a_target_for_each_command_with_an_environment(makefile: Makefile) -> None:
    printed = [line.split(maxsplit=2) for line in makefile.make("help").splitlines() if line.startswith("  make ")]
    targets = {name: text for _, name, text in printed}

    for command in (command for command in COMMANDS if ENV in command.flags):
        assert targets[command.name] == command.help
        makefile.make(command.name)
        assert makefile.arguments() == ["-m", "selador_deploy", command.name]


def test_help_says_how_long_a_target_takes_that_runs_by_night_because_it_is_slow(makefile: Makefile) -> None:
    workflow = yaml.safe_load((PROJECT / ".github/workflows/slow.yml").read_text())
    slow = workflow["jobs"]["slow"]["strategy"]["matrix"]["target"]
    printed = [line.split(maxsplit=2) for line in makefile.make("help").splitlines() if line.startswith("  make ")]
    targets = {name: text for _, name, text in printed}

    silent = {target for target in slow if not re.search(r"(minutes|hour)[;)]|MINUTES=", targets[target])}

    assert silent == set()


@pytest.mark.parametrize(("python", "sets_up"), [(sys.executable, False), ("/gone/bin/python3.13", True)])
def test_set_up_runs_again_if_the_python_behind_it_is_gone(tmp_path: Path, python: str, *, sets_up: bool) -> None:
    manifests = [*PROJECT.glob("*/pyproject.toml"), *PROJECT.glob("functions/*/pyproject.toml")]
    for path in (*(PROJECT / name for name in ("Makefile", "requirements-demo.txt", "scripts/setup.sh")), *manifests):
        there = tmp_path / path.relative_to(PROJECT)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, there)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(python)
    (tmp_path / ".venv/.demo").touch()

    done = subprocess.run(
        ["make", "--dry-run", "cost"], cwd=tmp_path, env=INHERITED, capture_output=True, text=True, check=True
    )

    assert ("scripts/setup.sh" in done.stdout) is sets_up


def test_what_help_shows_can_be_typed_in_a_shell(makefile: Makefile) -> None:
    """In a recipe a dollar is written twice; in a shell that is the number of its process."""
    assert 'eval "$(make -s local-env)"' in makefile.make("help")
    assert "$$" not in makefile.make("help")


def test_make_has_a_target_for_the_estimate_of_costs(makefile: Makefile) -> None:
    (command,) = (command for command in COMMANDS if command.name == "cost")

    makefile.make("cost")

    assert makefile.arguments() == ["-m", "selador_deploy", "cost"]
    assert f"make cost               {command.help}" in makefile.make("help")


def test_make_has_no_deploy_target_without_a_command() -> None:
    text = (PROJECT / "Makefile").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith("COMMANDS := "))

    assert line.split()[2:] == [command.name for command in COMMANDS if ENV in command.flags]
