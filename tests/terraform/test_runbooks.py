"""The alarms' runbooks, compared with the alarms, and with what they name."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from selador_deploy import hcl
from selador_local.drills.catalogue import read_catalogue
from selador_shared import metrics, protocol

from .deployed_alarms import Definition
from .runbooks import FOLDER, PARTS, Runbook, commands, read_runbooks, shell

ROOT = Path(__file__).parents[2]
RUNBOOKS = read_runbooks()
OWN_METRICS = set(get_args(metrics.Count) + get_args(metrics.Milliseconds)) | {"Heartbeat", "Maintenance"}
LAMBDA_METRICS = {"ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles"}
SOURCES = "".join(path.read_text() for path in sorted((ROOT / "functions").rglob("*.py")))
PROGRAMS = {"aws", "curl", "make"}

each = pytest.mark.parametrize("runbook", RUNBOOKS.values(), ids=RUNBOOKS.keys())


def functions() -> set[str]:
    """Return the shell's own functions."""
    return {match[1] for line in shell() if (match := re.match(r"(\w+)\(\) \{", line))}


def variables() -> set[str]:
    """Return the shell's variables, and what a person fills in."""
    return {name for line in shell() for name in re.findall(r"\b([A-Z_]+)=", line)} | {"REQUEST"}


def configurable() -> Iterator[str]:
    """Yield each variable of Terraform, and each member of one, as `main_function.memory_mb`."""
    text = (ROOT / "terraform/variables.tf").read_text()
    for block in re.split(r"^variable ", text, flags=re.MULTILINE)[1:]:
        name = block.split('"')[1]
        yield name
        yield from (f"{name}.{member}" for member in re.findall(r"^\s+(\w+)\s*=", block, re.MULTILINE))


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm(definitions: dict[str, Definition]) -> None:
    named = {
        key
        for key, definition in definitions.items()
        if f"Runbook: docs/runbooks/{key}.md" in definition["AlarmDescription"]
    }

    assert len(RUNBOOKS) >= 35
    assert named == set(RUNBOOKS)


def test_every_alarm_has_a_drill_or_a_reason_for_none(definitions: dict[str, Definition]) -> None:
    catalogue = read_catalogue()
    drilled = {drill.alarm for drill in catalogue.drills}
    beside = {also for drill in catalogue.drills for also in drill.also}

    assert not drilled & catalogue.not_drilled.keys()
    assert drilled | catalogue.not_drilled.keys() | {"answers-are-not-coming"} == set(RUNBOOKS)
    assert beside <= set(definitions)


@each
def test_a_runbook_has_the_one_form(runbook: Runbook) -> None:
    assert tuple(runbook.parts) == PARTS
    assert all(text.strip() for text in runbook.parts.values())
    assert commands(runbook.parts["Is it real"])
    assert commands(runbook.parts["Who is hurt"])
    assert re.findall(r"^(\d)\.", runbook.parts["First actions"], re.MULTILINE) == ["1", "2", "3"]
    causes = re.split(r"^\d\. ", runbook.parts["Causes"], flags=re.MULTILINE)[1:]
    assert len(causes) >= 2
    assert all(commands(cause) for cause in causes), "a cause without the command that tells it from the others"
    assert f"state {runbook.key}" in commands(runbook.parts["It is over when"])


@pytest.mark.skipif(shutil.which("jq") is None, reason="the shell of the runbooks needs jq")
@pytest.mark.parametrize(
    ("versions", "told"),
    [(["$LATEST"], ""), (["$LATEST", "1"], ""), (["$LATEST", "9", "10"], "9"), (["$LATEST", "8", "9", "10"], "9")],
)
def test_the_version_before_is_never_code_without_a_version(versions: list[str], told: str) -> None:
    (before,) = (line for line in shell() if line.startswith("before()"))
    listed = json.dumps({"Versions": [{"Version": version} for version in versions]})
    script = f"aws() {{ printf %s '{listed}'; }}; {before}; before main"

    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)

    assert done.stdout.strip() == told
    assert (done.returncode == 0) == bool(told)
    assert told or "there is no version before" in done.stderr


@each
def test_a_runbook_s_commands_are_programs_or_functions_of_the_shell(runbook: Runbook) -> None:
    for command in runbook.commands:
        assert command.split()[0] in PROGRAMS | functions(), command
        assert set(re.findall(r"\$\{?([A-Z_]+)", command)) <= variables(), command


@each
def test_a_runbook_names_metrics_alarms_and_variables_that_exist(
    runbook: Runbook, definitions: dict[str, Definition]
) -> None:
    for command in runbook.commands:
        match command.split():
            case ["metric", "Selador", name, *_]:
                assert name in OWN_METRICS, command
            case ["metric", "AWS/Lambda", name, *_]:
                assert name in LAMBDA_METRICS, command
            case ["metric", *_]:
                pytest.fail(f"no namespace of ours: {command}")
            case ["state" | "history", key]:
                assert key in definitions, command
    named = {name for text in runbook.parts.values() for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", text)}
    assert named <= set(configurable())


@each
def test_a_runbook_s_patterns_look_for_lines_that_the_functions_write(runbook: Runbook) -> None:
    """Or that Lambda or API Gateway write, whose words are few."""
    for command in runbook.commands:
        for member, word in re.findall(r'\$\.([\w.]+) !?= "([^"]+)"', command):
            if member in {"message", "outcome"}:
                assert f'"{word}"' in SOURCES, command
            elif member == "ending":
                assert f"{word.upper()} = auto()" in SOURCES, command
            elif member == "code":
                assert word in get_args(protocol.ErrorCode.__value__), command
            else:
                assert word in {
                    "-",
                    "$disconnect",
                    "error",
                    "platform.initReport",
                    "platform.report",
                    "success",
                    "warning",
                }


@each
def test_a_runbook_names_the_drill_that_proves_its_alarm(runbook: Runbook) -> None:
    drilled = {drill.alarm for drill in read_catalogue().drills}
    asked = set(re.findall(r"make drill ONLY=(\S+)", runbook.parts["Drill"]))

    assert asked <= drilled
    if runbook.key != "answers-are-not-coming":
        assert asked == {runbook.key} & drilled


def test_the_shell_reads_outputs_that_exist() -> None:
    outputs = set(re.findall(r'^output "(\w+)"', (ROOT / "terraform/outputs.tf").read_text(), re.MULTILINE))
    asked = {name for line in shell() for name in re.findall(r"output (\w+)\.", line)} - {"alarms"}
    groups = {name for line in shell() for name in re.findall(r"log_group_names\.value\.(\w+)", line)}
    document = hcl.read((ROOT / "terraform/outputs.tf").read_text())
    known = next(output["log_group_names"] for output in document["output"] if "log_group_names" in output)

    assert len(asked) >= 8
    assert asked <= outputs
    assert groups <= set(known["value"])


def test_runbooks_link_to_runbooks_that_exist() -> None:
    for runbook in FOLDER.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", runbook.read_text()):
            assert (runbook.parent / link).is_file(), f"{runbook.name} links to {link}"
