"""Tests lie where their modules lie: tests/README.md names the modules that are tested through others."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PACKAGES = ("functions/*/selador_*", "deploy/selador_*", "packaging", "local/selador_*", "client/selador_*")

_ROW = re.compile(r"^\| (?P<modules>.+?) \| .+ \|$", re.MULTILINE)
_PATH = re.compile(r"`([^`]+\.py)`")


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        for folder in PROJECT.glob(package):
            for path in folder.rglob("*.py"):
                if path.name != "__init__.py":
                    yield path.relative_to(PROJECT)


def place_of_tests(module: Path) -> Path:
    """Return where a module's tests belong: `a/selador_a/b.py` is tested by `tests/a/test_b.py`."""
    folders = [part for part in module.parts[:-1] if not part.startswith("selador_")]
    return Path("tests", *folders, f"test_{module.stem.replace('__', '')}.py")


def exceptions() -> set[Path]:
    """Return the modules in the first column of the table, in which `a/{b,c}.py` stands for two."""
    table = (PROJECT / "tests" / "README.md").read_text()
    return {
        Path("".join(pieces))
        for row in _ROW.finditer(table)
        for pattern in _PATH.findall(row["modules"])
        for pieces in product(*(choice.split(",") for choice in re.split(r"[{}]", pattern)))
    }


def test_every_module_has_a_test_file_of_its_name_or_a_line_in_the_readme() -> None:
    without = {module for module in modules() if not (PROJECT / place_of_tests(module)).exists()}

    assert without, "every module has its test file? then the table can go"
    assert sorted(map(str, without - exceptions())) == [], "write its tests, or say in tests/README.md where they are"


def test_the_readme_names_only_modules_without_a_test_file_of_their_name() -> None:
    listed = exceptions()

    assert listed
    assert sorted(str(module) for module in listed if not (PROJECT / module).exists()) == []
    assert sorted(str(module) for module in listed if (PROJECT / place_of_tests(module)).exists()) == []
