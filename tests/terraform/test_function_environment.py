"""What Terraform tells the functions, compared with what they read."""

import re
from pathlib import Path

import pytest

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
