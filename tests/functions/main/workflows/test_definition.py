"""Workflow files are checked whole: every fault with its file, line and field."""

import subprocess
import sys
from pathlib import Path

import pytest

from selador_main.workflows.definition import WorkflowFilesError, load_definitions, parse_definition

GOOD = '''description = "Answer"

[inputs.question]
description = "the question"

[[steps]]
name = "find"
kind = "retrieve"
query = "${inputs.question}"

[[steps]]
name = "answer"
kind = "generate"
prompt = """
${steps.find}
name = "not a field, but text"
[[steps]]
"""
model = "fast"
'''


def faults(text: str, models: list[str] | None = None, file: str = "brief.toml") -> list[str]:
    with pytest.raises(WorkflowFilesError) as raised:
        parse_definition(file, text, models=models)
    return str(raised.value).splitlines()


def test_what_ships_leaves_the_temperature_to_the_deployment() -> None:
    """Newer models refuse one with a ValidationException."""
    steps = [step for definition in load_definitions().values() for step in definition.steps]

    assert [step.name for step in steps if getattr(step, "temperature", None) is not None] == []


def test_a_good_file_is_read() -> None:
    definition = parse_definition("brief.toml", GOOD, models=["fast"])

    assert [step.name for step in definition.steps] == ["find", "answer"]
    assert definition.inputs["question"].required


def test_the_shipped_files_are_good() -> None:
    assert set(load_definitions(models=[])) == {
        "compare_listings",
        "draft_reply",
        "long_question",
        "neighbourhood_brief",
    }


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "${inputs.question}",
            "${inputs.qestion}",
            "brief.toml:9: steps.0.query: ${inputs.qestion}: there is no such input",
        ),
        (
            "${steps.find}",
            "${steps.answer}",
            "brief.toml:14: steps.1.prompt: ${steps.answer}: there is no earlier step of",
        ),
        ("${steps.find}", "$find", "brief.toml:14: steps.1.prompt: '$find"),
        ('name = "answer"', 'name = "find"', "brief.toml:12: steps.1.name: find is the name of step 0 too"),
        (
            'kind = "generate"',
            'kind = "dance"',
            "brief.toml:11: steps.1: its kind is none of retrieve, generate and query",
        ),
        ('kind = "retrieve"\n', "", "brief.toml:6: steps.0: has no kind"),
        (
            'model = "fast"',
            "max_tokens = 0",
            "brief.toml:19: steps.1.max_tokens: Input should be greater than or equal to 1",
        ),
        ('model = "fast"', "colour = 1", "brief.toml:19: steps.1.colour: is not a field here"),
        ('description = "the question"', "", "brief.toml:3: inputs.question.description: is missing"),
        ('query = "${inputs.question}"', 'query = "notice"', "brief.toml:3: inputs.question: no step uses it"),
        ("${steps.find}", "x", "brief.toml:6: steps.0: no later step uses its result"),
        ('description = "Answer"', 'description = "Answer', "brief.toml:1: file: is no TOML"),
    ],
)
def test_a_fault_is_told_with_its_place(old: str, new: str, fault: str) -> None:
    assert any(line.startswith(fault) for line in faults(GOOD.replace(old, new))), faults(GOOD.replace(old, new))


def test_all_faults_of_a_file_are_told_at_once() -> None:
    broken = GOOD.replace('model = "fast"', 'temperature = 2\nservice_tier = "fast"').replace(
        'kind = "retrieve"', 'kind = "retrieve"\nx = 1'
    )

    assert len(faults(broken)) == 3


def test_a_model_that_the_deployment_does_not_have_is_a_fault_of_the_deployment() -> None:
    assert parse_definition("brief.toml", GOOD, models=None).steps
    assert faults(GOOD, models=["slow"]) == [
        "brief.toml:19: steps.1.model: fast is no model of this deployment, which has slow"
    ]


def test_a_file_whose_name_no_client_could_send_is_a_fault() -> None:
    assert faults(GOOD, file="My Brief.toml")[0].startswith("My Brief.toml:1: file: its name is the workflow's")


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(GOOD.replace("${steps.find}", "x"))

    with pytest.raises(WorkflowFilesError) as raised:
        load_definitions(tmp_path)

    assert [line.partition(":")[0] for line in str(raised.value).splitlines()] == ["a.toml", "b.toml"]


def test_the_check_can_be_run_by_itself() -> None:
    done = subprocess.run([sys.executable, "-m", "selador_main.workflows"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
