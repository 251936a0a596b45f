"""What modules import by names: a function that does so out of a zip has what it asks for."""

import ast

import pytest

from selador_packaging.loaders import find_loaded


def loaded(source: str, package: str = "pkg.sub", name: str = "pkg.sub.module") -> tuple[set[str], bool]:
    named, is_open = find_loaded(list(ast.walk(ast.parse(source))), source.encode(), name, package)
    return set(named), is_open


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("import_module('other')", {"other"}),
        ("import_module('a' '.b')", {"a.b"}),
        ("import_module('.a', 'other')", {"other.a"}),
        ("import_module('.a', package='other')", {"other.a"}),
        ("import_module('..a', __package__)", {"pkg.a"}),
        ("import_module('.a', __spec__.parent)", {"pkg.sub.a"}),
        ("import_module('.....a', __package__)", set()),
        ("importlib.util.find_spec('a.b')", {"a.b"}),
        ("pkgutil.resolve_name('a.b:c')", {"a.b"}),
        ("werkzeug.utils.import_string('a.b:c')", {"a.b"}),
        ("runpy.run_module('a')", {"a", "a.__main__"}),
        ("__import__('a')", {"a"}),
        ("__import__('a', fromlist=['b'])", {"a", "a:b"}),
        ("__import__('a', globals(), locals(), ['b'], 0)", {"a", "a:b"}),
        ("exec('x = 1')", set()),
        ("'''import this'''", set()),
    ],
)
def test_a_name_that_is_written_in_the_call_is_followed(source: str, named: set[str]) -> None:
    assert loaded(source) == (named, False)


@pytest.mark.parametrize(
    "source",
    [
        "from importlib import import_module as load\nload(name)",
        "import_module('.a', place)",
        "import_module('.a')",
        "import_module(name='a')",
        "import_module(*names)",
        "__import__('a', globals(), locals(), ['b'], 1)",
        "__import__('a', fromlist=names)",
        "for module in pkgutil.iter_modules(__path__): ...",
        "pkgutil.walk_packages(__path__, 'pkg.')",
        "importlib.util.spec_from_file_location('x', path)",
        "SourceFileLoader('x', path)",
        "finder.find_module(name).load_module(name)",
        "runpy.run_module(f'pkg.{name}')",
        "runpy.run_path(path)",
        "kombu.utils.imports.symbol_by_name(name)",
        "exec('import pkg.a')",
        "exec(f'from pkg import {name}')",
        "exec(f'from .{name} import *')",
        "exec(f'from {name} import *')",
        "text = 'x = 1; import a'\neval(compile(text, '', 'exec'))",
    ],
)
def test_whoever_loads_what_is_not_written_there_may_load_anything(source: str) -> None:
    assert loaded(source)[1]


def test_a_package_may_name_itself_for_what_lies_in_it() -> None:
    assert loaded("import_module('.a', __name__)", "pkg", "pkg") == ({"pkg.a"}, False)
