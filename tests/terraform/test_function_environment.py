"""What Terraform runs and tells the functions, compared with their artifacts and with what they read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from selador_deploy import hcl
from selador_packaging.artifacts import FUNCTIONS
from selador_shared.settings import AuthorizerSettings, FunctionSettings, MainSettings, WebsocketHandlerSettings

ROOT = Path(__file__).parents[2]


def arguments(module: str) -> Mapping[str, Any]:
    """Return what the root module passes to a function's module."""
    document = hcl.read((ROOT / "terraform/main.tf").read_text())
    found: Mapping[str, Any] = hcl.labelled(document, "module")[module]
    return found


@pytest.mark.parametrize(
    ("module", "settings"),
    [("authorizer", AuthorizerSettings), ("websocket_handler", WebsocketHandlerSettings), ("main", MainSettings)],
)
def test_terraform_sets_exactly_the_variables_that_the_function_reads(
    module: str, settings: type[FunctionSettings]
) -> None:
    assert set(arguments(module)["environment_variables"]) == {name.upper() for name in settings.model_fields}


@pytest.mark.parametrize("artifact", FUNCTIONS)
def test_a_function_runs_its_own_artifact_by_the_entry_point_in_it(artifact: str) -> None:
    found = arguments(artifact)

    assert found["artifact"] == f'${{local.artifacts["{artifact}"]}}'
    assert found["handler"] == f"{FUNCTIONS[artifact].replace('-', '_')}.handler.handle"
    entry_point = ROOT / "functions" / artifact / f"selador_{artifact}" / "handler.py"
    assert "def handle(" in entry_point.read_text()
