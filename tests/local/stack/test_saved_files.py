"""Which files were saved."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from selador_local.stack.saved_files import look, saved

MODULE = "functions/main/selador_main/lease.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (MODULE, "functions/main/pyproject.toml", "requirements.txt", "docs/protocol.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("as it was\n")
        os.utime(tmp_path / name, ns=(0, 0))
    return tmp_path


def write(name: str, text: str = "saved\n") -> Callable[[Path], object]:
    def act(project: Path) -> None:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)

    return act


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (write(MODULE), [MODULE]),
        (write(MODULE, "as it was\n"), [MODULE]),
        (write("requirements.txt"), ["requirements.txt"]),
        (write("functions/main/selador_main/workflows/new.toml"), ["functions/main/selador_main/workflows/new.toml"]),
        (lambda project: (project / MODULE).unlink(), [MODULE]),
        (lambda project: (project / "requirements.txt").unlink(), ["requirements.txt"]),
        (write("docs/protocol.md"), []),
        (write("functions/main/selador_main/__pycache__/lease.pyc"), []),
        (write("functions/main/selador_main/.lease.py.swp"), []),
    ],
    ids=["changed", "same size", "lock", "new", "removed", "lock removed", "document", "bytecode", "editor's own"],
)
def test_what_was_saved_is_found(project: Path, act: Callable[[Path], object], found: list[str]) -> None:
    before = look(project)

    act(project)

    assert saved(before, look(project)) == found
    assert saved(before, before) == []
