"""Names: a class's says which one it is, an exception's base says which distribution raised it."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def classes(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each public class of a folder's modules with its bases, in the order of files and lines."""
    for path in sorted((PROJECT / folder).rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, [ast.unparse(base) for base in node.bases]


@pytest.mark.parametrize("folder", ["client", "deploy", "local", "packaging"])
def test_no_two_classes_of_a_distribution_share_a_name(folder: str) -> None:
    """A traceback, a search and a reader's guess then lead to one place."""
    names = Counter(name for name, _ in classes(folder))

    assert names, f"{folder} has no class: is the folder's name right?"
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    ("folder", "base", "others"),
    [
        ("client", "SeladorClientError", set()),
        ("deploy", "DeployError", set()),
        ("functions/authorizer", "SeladorAuthorizerError", set()),
        ("functions/main", "SeladorMainError", set()),
        # Two frames of the protocol are named after errors.
        ("functions/shared", "SeladorSharedError", {"_Frame"}),
        # moto answers with its own exceptions and would turn any other one into a 500.
        ("local", "SeladorLocalError", {"APIGatewayV2Error"}),
    ],
)
def test_the_exceptions_of_a_distribution_have_one_base(folder: str, base: str, others: set[str]) -> None:
    exceptions = {name: set(bases) for name, bases in classes(folder) if name.endswith("Error")}
    ours = {base}
    while more := {name for name, bases in exceptions.items() if bases & ours} - ours:
        ours |= more

    assert exceptions.pop(base) == {"Exception"}
    assert ours > {base}
    assert {name for name, bases in exceptions.items() if not bases & (ours | others)} == set()
