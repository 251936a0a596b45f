"""Which data an artifact holds."""

import pytest

from selador_packaging.compression import pack
from selador_packaging.data_files import find_read


def is_read(path: str, *sources: tuple[str, str], reached: tuple[str, ...] = ("pkg",), is_own: bool = False) -> bool:
    contents = {"pkg/__init__.py": b"", path: b"data"} | {name: text.encode() for name, text in sources}
    return path in find_read({name: pack(name, it) for name, it in contents.items()}, reached, is_own=is_own)


@pytest.mark.parametrize("path", ["pkg/examples/a.json", "pkg/docs/a.md", "pkg/tests/a.json", "pkg/a.c"])
def test_a_functions_own_data_is_read_whatever_its_folder_is_called(path: str) -> None:
    assert is_read(path, is_own=True)
    assert not is_read(path)


@pytest.mark.parametrize("path", ["pkg/__init__.pyi", "pkg/py.typed", "pkg/__pycache__/a.pyc"])
def test_types_are_not_read_even_if_they_are_the_projects_own(path: str) -> None:
    assert not is_read(path, is_own=True)


def test_data_beside_a_reached_module_is_read() -> None:
    assert is_read("pkg/examples/a.json", reached=("pkg", "pkg.examples"))
    assert is_read("pkg/tests/data/a.json", reached=("pkg", "pkg.tests.helper"))
    assert not is_read("pkg/tests/a.json", reached=("pkg", "pkg.tests_of_others"))


@pytest.mark.parametrize(
    ("source", "folder", "expected"),
    [
        ("files(__name__) / 'examples' / name", "examples", True),
        ("files(__name__).joinpath('examples/a.json')", "examples", True),
        ("text = 'see our examples'", "examples", False),
        ("folder = 'tests'", "tests", False),
        ("SKIPPED = ['tests', 'docs']", "tests", False),
        ("files(__name__) / 'tests' / 'a.json'", "tests", True),
        ("open('tests/a.json')", "tests", True),
        ("os.path.join(here, 'tests', 'a.json')", "tests", True),
    ],
)
def test_a_folder_that_the_code_names_is_read(source: str, folder: str, expected: bool) -> None:
    assert is_read(f"pkg/{folder}/a.json", ("pkg/__init__.py", source)) is expected


def test_a_folder_that_only_code_names_which_is_not_reached_is_not_read() -> None:
    assert not is_read("pkg/examples/a.json", ("pkg/unreached.py", "'examples'"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)", True),
        ("stub = Path(__file__).with_suffix('.pyi')", True),
        ("x = 1", False),
    ],
)
def test_a_stub_is_read_if_its_module_says_so(source: str, expected: bool) -> None:
    assert is_read("pkg/__init__.pyi", ("pkg/__init__.py", source)) is expected


def test_a_folder_among_data_is_read_whatever_it_is_called() -> None:
    """Who reads `data` may read all of it; beside modules stands what its developers use."""
    assert is_read("pkg/data/examples/a.json")
    assert is_read("pkg/data/test/a.json")
    assert not is_read("pkg/sub/examples/a.json", ("pkg/sub/__init__.py", ""))
    assert not is_read("examples/a.json")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ffi.cdef((here / 'api.h').read_text())", True),
        ("text = 'decl/api.h'", True),
        ("for place in here.glob('*.h'): ...", True),
        ("name = 'api.hpp'", False),
        ("# see api.h", False),
    ],
)
def test_a_source_of_compiled_code_is_read_if_the_code_names_it(source: str, expected: bool) -> None:
    assert is_read("pkg/decl/api.h", ("pkg/__init__.py", source)) is expected
