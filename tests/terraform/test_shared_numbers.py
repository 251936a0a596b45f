"""Numbers that Terraform and the functions both hold, since neither can read the other: each is compared."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from selador_authorizer.key_set import FETCH_SECONDS
from selador_deploy import hcl
from selador_main.agents.agent_core import AgentCoreAgent
from selador_main.agents.knowledge_base import KnowledgeBaseAgent
from selador_main.agents.managed_knowledge_base import ManagedKnowledgeBaseAgent
from selador_main.lease import LEASE_SECONDS
from selador_main.outcomes import RETRY_CAP_SECONDS
from selador_main.reserve import RESERVED_SECONDS
from selador_shared.settings import Generation

TERRAFORM = Path(__file__).parents[2] / "terraform"
LOCALS = hcl.local_values(hcl.read((TERRAFORM / "main.tf").read_text()))
RUNS = hcl.labelled(hcl.read((TERRAFORM / "tests/variables.tftest.hcl").read_text()), "run")


def generations(verb: str) -> dict[str, Any]:
    """Return the values of `generation` that Terraform's own tests see accepted, or refused, by the run's name."""
    values = {
        name: run.get("variables", [{}])[0].get("generation")
        for name, run in RUNS.items()
        if name.startswith(verb) and ("expect_failures" not in run or "${var.generation}" in run["expect_failures"])
    }
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize(
    ("name", "in_the_code"),
    [
        ("_agent_runtime_text_limit", AgentCoreAgent.text_limit),
        ("_backoff_cap_seconds", RETRY_CAP_SECONDS),
        ("_key_set_fetch_seconds", FETCH_SECONDS),
        ("_knowledge_base_text_limit", KnowledgeBaseAgent.text_limit),
        ("_lease_seconds", LEASE_SECONDS),
        ("_managed_knowledge_base_text_limit", ManagedKnowledgeBaseAgent.text_limit),
        ("_reserved_seconds", RESERVED_SECONDS),
    ],
)
def test_a_number_is_the_same_in_terraform_and_in_the_functions(name: str, in_the_code: int) -> None:
    assert LOCALS[name] == in_the_code


@pytest.mark.parametrize("generation", generations("accepts").values(), ids=generations("accepts"))
def test_main_takes_every_generation_that_terraform_accepts(generation: dict[str, Any]) -> None:
    Generation.model_validate(generation)


@pytest.mark.parametrize("generation", generations("refuses").values(), ids=generations("refuses"))
def test_main_refuses_every_generation_that_terraform_refuses(generation: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Generation.model_validate(generation)


def test_the_longest_answer_is_the_same_by_default() -> None:
    variables = hcl.labelled(hcl.read((TERRAFORM / "variables.tf").read_text()), "variable")

    assert f"max_tokens = optional(number, {Generation().max_tokens})" in variables["generation"]["type"]


@pytest.mark.parametrize(("given", "taken"), [("alarm_thresholds", "thresholds"), ("objectives", "objectives")])
def test_the_root_takes_each_threshold_and_objective_that_the_alarms_have(given: str, taken: str) -> None:
    def members(file: str, name: str) -> list[str]:
        variable = hcl.labelled(hcl.read((TERRAFORM / file).read_text()), "variable")[name]
        return re.findall(r"(\w+) = optional", variable["type"])

    assert len(members("variables.tf", given)) >= 4
    assert members("variables.tf", given) == members("modules/alarms/variables.tf", taken)
