"""Numbers that Terraform and the functions both hold, since neither can read the other: each is compared."""

from pathlib import Path

import hcl

from selador_main.agents.agent_core import AgentCoreAgent
from selador_main.agents.knowledge_base import KnowledgeBaseAgent

TERRAFORM = Path(__file__).parents[2] / "terraform"
LOCALS = hcl.local_values(hcl.read((TERRAFORM / "main.tf").read_text()))


def test_the_handler_takes_questions_as_long_as_each_agent_does() -> None:
    assert LOCALS["_knowledge_base_text_limit"] == KnowledgeBaseAgent.text_limit
    assert LOCALS["_agent_runtime_text_limit"] == AgentCoreAgent.text_limit
