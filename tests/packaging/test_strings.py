"""The names of modules that strings hold, whole or in pieces."""

import ast

import pytest

from selador_packaging.strings import (
    find_composed,
    find_imported,
    find_items,
    find_quoted,
    find_within,
    module_of,
    texts_in,
)


def composed(source: str) -> tuple[set[str], set[str]]:
    return find_composed(list(ast.walk(ast.parse(source))), "pkg.module", "pkg")


@pytest.mark.parametrize(
    ("source", "begun"),
    [
        ("'plug' + '.' + x", "plug"),
        ("'plug.' + 'sub.' + x", "plug.sub"),
        ("'plug.plugin_' + x", "plug"),
        ("P = 'plug.sub'\nf'{P}.{x}'", "plug.sub"),
        ("P: Final = 'plug'\nP + '.' + x", "plug"),
        ("class A:\n  P = 'plug'\n  def f(self): return f'{self.P}.{x}'", "plug"),
        ("f'plug.plugin_{x}'", "plug"),
        ("f'{__name__}.{x}'", "pkg.module"),
        ("__package__ + '.plugins.' + x", "pkg.plugins"),
        ("'.'.join(['plug', x])", "plug"),
        ("'.'.join(('plug', 'sub', x))", "plug.sub"),
        ("'%s.%s' % ('plug', x)", "plug"),
        ("'plug.%s' % x", "plug"),
        ("'{}.{}'.format('plug', x)", "plug"),
        ("'{1}.{0}'.format(x, 'plug')", "plug"),
        ("'{p}.{n}'.format(p='plug', n=x)", "plug"),
        ("os.path.join('plug', 'sub', x)", "plug.sub"),
        ("'plug' + '.' + x" + " + y" * 2000, "plug"),
        ("'plug/sub/' + x + '.py'", "plug.sub"),
    ],
)
def test_pieces_that_begin_a_name_give_its_package(source: str, begun: str) -> None:
    assert composed(source) == (set(), {begun})


@pytest.mark.parametrize(
    ("source", "whole"),
    [
        ("'plug' + '.' + 'a'", "plug.a"),
        ("P = 'plug'\nf'{P}.a'", "plug.a"),
        ("'.'.join(['plug', 'sub', 'a'])", "plug.sub.a"),
        ("'{}.{}'.format('plug', 'a')", "plug.a"),
        ("f'{__name__}.data'", "pkg.module.data"),
        ("os.path.join('plug', 'sub', 'a.py')", "plug.sub.a"),
    ],
)
def test_pieces_that_are_all_known_give_a_name(source: str, whole: str) -> None:
    assert composed(source) == ({whole}, set())


@pytest.mark.parametrize(
    "source",
    [
        "a + b",
        "f'{x!r}.{y}'",
        "'see plug.' + x",
        "'program/' + version",
        "'%d.%s' % (1, x)",
        "'{}.{'.format(a)",
        "P = 'a'\nP = 'b'\nf'{P}.{x}'",
        "separator.join(['plug', x])",
    ],
)
def test_other_pieces_give_none(source: str) -> None:
    assert composed(source) == (set(), set())


def test_names_and_paths_are_found_anywhere_in_a_text() -> None:
    text = "x = plug.a, plug/sub/b.py\n  plug.c:Class; word, 1.2, http://host-name.example"

    assert find_within([text]) >= {"plug.a", "plug.sub.b", "plug.c"}
    assert find_within(["word", "a sentence. And another"]) == set()


@pytest.mark.parametrize(
    ("text", "imported"),
    [
        ("import plug", {"plug"}),
        ("from plug import a", {"plug", "plug:a"}),
        ("x = 1\nfrom plug.sub import (\n  a,\n  b,\n)\n", {"plug.sub", "plug.sub:a", "plug.sub:b"}),
        ("from plug import *; import a.b", {"plug", "plug:*", "a.b"}),
        ("an important thing", set()),
    ],
)
def test_code_in_a_text_may_run(text: str, imported: set[str]) -> None:
    """By another module of the package, or by another Python."""
    assert find_imported([text]) == imported


def test_a_docstring_names_nothing() -> None:
    source = "'about plug.a'\ndef f():\n  'about plug.b'\n  return 'plug.c'\nclass A:\n  'about plug.d'\n"

    assert texts_in(ast.walk(ast.parse(source))) == ["plug.c"]


@pytest.mark.parametrize(
    "line", ["plug", "  plug  # as a line", "- plug", "key: plug", "key = plug", '["x", "plug"]', "'plug'", "plug:"]
)
def test_a_word_that_stands_as_an_item_may_be_a_name(line: str) -> None:
    assert "plug" in find_items(f"first\n{line}\nlast".encode())


@pytest.mark.parametrize(
    "code", ["load('plug', x)", 'T = {"plug": 1}', "T = '''\nplug\n  other\n'''", "T = (\n  plug,\n)"]
)
def test_a_word_that_is_a_string_or_a_line_of_a_source_may_be_a_name(code: str) -> None:
    assert "plug" in find_quoted(code.encode())


@pytest.mark.parametrize("code", ["getLogger('plug')", "# plug's own", "x = plug", "error('no plug')"])
def test_a_word_that_is_said_in_a_source_is_none(code: str) -> None:
    assert "plug" not in find_quoted(code.encode())


def test_a_word_in_a_sentence_is_none() -> None:
    assert "plug" not in find_items(b"this has a plug in it")


@pytest.mark.parametrize(
    ("text", "module"), [("a.b", "a.b"), ("a/b.py", "a.b"), ("a/b", "a.b"), ("a/__init__.py", "a"), ("a.py", "a")]
)
def test_a_path_means_its_module(text: str, module: str) -> None:
    assert module_of(text) == module
