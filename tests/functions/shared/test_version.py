"""One release, one version."""

import tomllib
from pathlib import Path

import pytest

from selador_shared.version import VERSION

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "path", [*PROJECT.glob("*/pyproject.toml"), *PROJECT.glob("functions/*/pyproject.toml")], ids=str
)
def test_every_distribution_bears_the_version_that_the_functions_say(path: Path) -> None:
    assert tomllib.loads(path.read_text())["project"]["version"] == VERSION
