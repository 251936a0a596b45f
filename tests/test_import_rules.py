"""Who may import whom: the invariants of docs/architecture.md."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def imported_modules(folder: str) -> Iterator[tuple[str, str]]:
    """Yield each imported module of our own, with the file that imports it; relative imports can't leave a package."""
    for path in sorted((PROJECT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names=names):
                    modules = [name.name for name in names]
                case ast.ImportFrom(module=str(module), level=0, names=names):
                    modules = [module, *(f"{module}.{name.name}" for name in names)]
                case _:
                    continue
            for module in modules:
                if module.startswith("selador_") or module.split(".")[0] == "benchmarks":
                    yield module, str(path.relative_to(PROJECT))


def packages(folder: str) -> set[str]:
    return {module.split(".")[0] for module, _ in imported_modules(folder)}


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("functions/shared", {"selador_shared"}),
        ("functions/authorizer", {"selador_authorizer", "selador_shared"}),
        ("functions/websocket_handler", {"selador_websocket_handler", "selador_shared"}),
        ("functions/main", {"selador_main", "selador_shared"}),
        ("packaging", {"selador_packaging"}),
        ("deploy", {"selador_deploy"}),
        ("local", {"selador_local", "selador_client"}),
        ("client", {"selador_client", "selador_shared"}),
    ],
)
def test_a_folder_imports_only_what_it_may(folder: str, allowed: set[str]) -> None:
    """The functions never import each other, shared imports no function, local no function's code."""
    found = packages(folder)

    assert found <= allowed
    assert found, f"{folder} imports nothing: is the folder's name right?"


def test_the_client_imports_the_protocol_and_nothing_else_of_the_functions() -> None:
    shared = {module for module, _ in imported_modules("client") if module.startswith("selador_shared")}

    assert shared, "the client imports no protocol?"
    assert all(module.startswith("selador_shared.protocol") for module in shared)


LAPTOP_STACK = {
    "arguments": set(),
    "bedrock": {"control_plane_client", "errors", "http"},
    "clock": set(),
    "cloudwatch": {"errors"},
    "cloudwatch_logs": {"errors"},
    "control_plane": {"clock", "cloudwatch", "cloudwatch_logs", "errors", "iam_policy"},
    "control_plane_client": {"errors"},
    "data_plane": {"clock", "cloudwatch", "control_plane_client", "errors", "http", "iam_policy", "log_files"},
    "dashboard_preview": {"arguments", "cloudwatch", "clock", "errors", "stack"},
    "drills": {"clock", "control_plane_client", "data_plane", "errors", "issuer", "stack"},
    "errors": set(),
    "http": set(),
    "iam_policy": set(),
    "log_files": set(),
    "issuer": {"errors", "http"},
    "stack": {"bedrock", "control_plane_client", "data_plane", "errors", "http", "issuer", "log_files"},
}
"""Each part of the laptop stack, and the parts that it may import. The planes talk over HTTP, as on AWS."""


def test_the_parts_of_the_laptop_stack_import_only_what_they_may() -> None:
    folder = Path("local", "selador_local")
    parts = {path.relative_to(PROJECT / folder).parts[0] for path in (PROJECT / folder).rglob("*.py")}
    found: dict[str, set[str]] = {part.removesuffix(".py"): set() for part in parts if not part.startswith("__")}
    for module, path in imported_modules(str(folder)):
        part = Path(path).relative_to(folder).parts[0].removesuffix(".py")
        if part in found and module.startswith("selador_local."):  # __main__ puts the parts together
            found[part].add(module.split(".")[1])

    assert {part: imports - {part} for part, imports in found.items()} == LAPTOP_STACK


def test_what_the_functions_need_is_what_the_lock_is_made_of() -> None:
    """requirements.in names the union of the functions' dependencies: the lock has neither more nor less."""
    needed: set[str] = set()
    for pyproject in PROJECT.glob("functions/*/pyproject.toml"):
        needed.update(tomllib.loads(pyproject.read_text())["project"]["dependencies"])
    needed = {name.partition("[")[0] for name in needed if not name.startswith("selador-")}

    named = re.findall(r"^([a-z][a-z0-9-]*)", (PROJECT / "requirements.in").read_text(), re.MULTILINE)

    assert set(named) == needed


def test_no_lock_names_an_index_or_a_folder_of_the_machine_that_made_it() -> None:
    for lock in PROJECT.glob("requirements*.txt"):
        text = lock.read_text()

        assert not re.search(r"^--(index|extra-index|find-links|trusted-host)", text, re.MULTILINE)
        assert "file:/" not in text
        assert "://" not in text
