"""What the handler knows of the workflows is what their files say, or no artifact is built."""

import json
from pathlib import Path

import pytest

from selador_main.workflows.__main__ import main
from selador_main.workflows.definition import load_definitions
from selador_shared.workflow_inputs import load_workflows

BRIEF = """
description = "Brief somebody"

[inputs.place]
description = "the place"
max_characters = 90

[inputs.reader]
description = "who reads it"
required = false

[[steps]]
name = "answer"
kind = "query"
text = "${inputs.place} ${inputs.reader}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "brief.toml").write_text(BRIEF)
    return tmp_path


def test_the_handler_knows_the_inputs_of_every_workflow() -> None:
    definitions = load_definitions()

    workflows = load_workflows()

    assert {
        workflow: {name: (rule.description, rule.required, rule.max_characters) for name, rule in inputs.items()}
        for workflow, inputs in workflows.items()
    } == {
        workflow: {
            name: (rule.description, rule.required, rule.max_characters) for name, rule in definition.inputs.items()
        }
        for workflow, definition in definitions.items()
    }


def test_what_is_written_has_the_inputs_and_nothing_of_the_steps(folder: Path) -> None:
    path = folder / "inputs.json"

    assert main(["--write"], folder, path) is None
    assert json.loads(path.read_text()) == {
        "brief": {
            "place": {"description": "the place", "required": True, "max_characters": 90},
            "reader": {"description": "who reads it", "required": False, "max_characters": 2_000},
        }
    }
    assert main([], folder, path) is None


@pytest.mark.parametrize("text", [None, "{}", "no JSON"])
def test_what_the_handler_does_not_know_is_a_fault_that_says_what_to_run(folder: Path, text: str | None) -> None:
    path = folder / "inputs.json"
    if text is not None:
        path.write_text(text)

    assert main([], folder, path) == "inputs.json doesn't say what the workflows take; run make workflows"
