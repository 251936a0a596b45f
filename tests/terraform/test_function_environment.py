"""What Terraform tells the functions, compared with what they read."""

from pathlib import Path

import pytest

from selador_deploy import hcl
from selador_shared.settings import AuthorizerSettings, FunctionSettings, MainSettings, WebsocketHandlerSettings

ROOT = Path(__file__).parents[2]


def environment_variables(module: str) -> set[str]:
    """Return the names of the environment variables that the root module sets for a function's module."""
    document = hcl.read((ROOT / "terraform/main.tf").read_text())
    return set(hcl.labelled(document, "module")[module]["environment_variables"])


@pytest.mark.parametrize(
    ("module", "settings"),
    [("authorizer", AuthorizerSettings), ("websocket_handler", WebsocketHandlerSettings), ("main", MainSettings)],
)
def test_terraform_sets_exactly_the_variables_that_the_function_reads(
    module: str, settings: type[FunctionSettings]
) -> None:
    assert environment_variables(module) == {name.upper() for name in settings.model_fields}
