"""What Terraform tells the functions, compared with what they read."""

import re
from pathlib import Path

import pytest

from selador_main.agents.agent_core import AgentCoreAgent
from selador_main.agents.knowledge_base import KnowledgeBaseAgent
from selador_shared.settings import AuthorizerSettings, FunctionSettings, MainSettings, WebsocketHandlerSettings

ROOT_MODULE = Path(__file__).parents[2] / "terraform/main.tf"


def environment_variables(module: str) -> set[str]:
    """Return the names of the environment variables that the root module sets for a function's module."""
    block = re.search(rf'^module "{module}" {{$(.*?)^}}$', ROOT_MODULE.read_text(), re.MULTILINE | re.DOTALL)
    assert block is not None
    variables = re.search(r"^  environment_variables = {$(.*?)^  }$", block[1], re.MULTILINE | re.DOTALL)
    assert variables is not None
    return set(re.findall(r"^    ([A-Z_]+) +=", variables[1], re.MULTILINE))


@pytest.mark.parametrize(
    ("module", "settings"),
    [("authorizer", AuthorizerSettings), ("websocket_handler", WebsocketHandlerSettings), ("main", MainSettings)],
)
def test_terraform_sets_exactly_the_variables_that_the_function_reads(
    module: str, settings: type[FunctionSettings]
) -> None:
    assert environment_variables(module) == {name.upper() for name in settings.model_fields}


def test_the_handlers_limit_for_a_question_is_the_agents() -> None:
    """BR-02 for a knowledge base: what the handler lets through, no agent may find too long."""
    limits = re.search(r"query_text_limit = var\.agent_runtime_arn == null \? (\d+) : (\d+)", ROOT_MODULE.read_text())

    assert limits is not None
    assert (int(limits[1]), int(limits[2])) == (KnowledgeBaseAgent.text_limit, AgentCoreAgent.text_limit)
