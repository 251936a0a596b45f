"""The names of modules that stand in strings: inside a text, as a file's path, or put together of several pieces.

`"a" + "." + x`, `f"{A}.{x}"`, `"%s.%s" % ("a", x)` and `".".join(["a", x])` begin with a name as far as the pieces are
written there, or in a constant of the module. A docstring names nothing.
"""

import ast
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

_NAME = r"[^\W\d]\w*"
_WITHIN = re.compile(rf"(?<![\w./-]){_NAME}(?:[./]{_NAME})+")
_DOTTED = rf"{_NAME}(?:\.{_NAME})*"
_IMPORT = re.compile(rf"\b(?:from\s+({_DOTTED})\s+import\b(?=([\w\s,()*]*))|import\s+({_DOTTED}))")
_WORD = re.compile(rf"{_NAME}(?:[./]{_NAME})*")
# `program/1.0` is how programs call themselves, so a path begins with a folder and one in it.
_BEGINNING = re.compile(rf"({_NAME}(?:\.{_NAME})*(?=\.)|{_NAME}(?:/{_NAME})+(?=/))[./]\w*")
# A string of a source, or alone in a line of one; a logger's name is no package that is loaded.
_QUOTED = re.compile(
    rb"""(?m)(?<!getLogger\()(["'])([^\W\d]\w*(?:[./]\w+)*)\1|^[ \t]*([^\W\d]\w*(?:[./]\w+)*)[ \t]*,?[ \t]*$"""
)
# In data: between quotes, or alone in a line or an item, as tables are written.
_ITEM = re.compile(rb"""(?m)(?:["']|^[ \t]*|[=:,[-][ \t]*)([^\W\d]\w*(?:[./]\w+)*)(?=["',\]:;]|[ \t]*(?:#.*)?$)""")
_MEMBER = re.compile(rf"{_NAME}|\*")
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?s")


def module_of(text: str) -> str:
    """The module that a name or a path may mean: `a.b` and `a/b.py` mean `a.b`, `a/__init__.py` means `a`."""
    return text.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def find_quoted(source: bytes) -> set[str]:
    """The names that are strings of a source, or lines of one; maybe a single word."""
    return {module_of((quoted or alone).decode(errors="replace")) for _, quoted, alone in _QUOTED.findall(source)}


def find_items(content: bytes) -> set[str]:
    """The names in data that stand as strings or items do; maybe a single word."""
    return {module_of(it.decode(errors="replace")) for it in _ITEM.findall(content)}


def find_within(texts: Iterable[str]) -> set[str]:
    """The dotted names and paths anywhere in `texts`."""
    return {module_of(name) for text in texts if "." in text or "/" in text for name in _WITHIN.findall(text)}


def find_imported(texts: Iterable[str]) -> set[str]:
    """What code in `texts` imports, as `module` or `module:name`."""
    found: set[str] = set()
    for package, names, module in chain.from_iterable(map(_IMPORT.findall, (it for it in texts if "import" in it))):
        found |= {module or package, *(f"{package}:{name}" for name in _MEMBER.findall(names))}
    return found


def find_words(texts: Iterable[str]) -> set[str]:
    """All that may be a name in `texts`, single words too."""
    return {module_of(word) for text in texts for word in _WORD.findall(text)}


def texts_in(nodes: Iterable[ast.AST]) -> list[str]:
    """The strings among the `nodes` of a module that aren't docstrings."""
    known = list(nodes)
    documentation = {id(node.value) for node in known if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in known
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]


def find_composed(nodes: Iterable[ast.AST], name: str, package: str) -> tuple[set[str], set[str]]:
    """What `nodes` of the module `name` put together: names that are whole, and packages that names begin with."""
    known = list(nodes)
    constants = _constants(known) | {"__name__": name, "__package__": package}
    whole, begun = set(), set()
    inside: set[int] = set()
    for node in known:
        if id(node) in inside or (pieces := _pieces(node)) is None:
            continue
        inside |= {id(inner) for inner in ast.walk(node) if inner is not node}
        text, is_all = _beginning(pieces, constants)
        if is_all and _WITHIN.fullmatch(text):
            whole.add(module_of(text))
        elif not is_all and (found := _BEGINNING.fullmatch(text)):
            begun.add(module_of(found[1]))
    return whole, begun


def _constants(nodes: Iterable[ast.AST]) -> dict[str, str]:
    """The strings that names stand for, in a module or a class; a name with two of them stands for none."""
    found: dict[str, set[str]] = {}
    for node in nodes:
        match node:
            case ast.Assign([ast.Name(name)], ast.Constant(str(text))):
                found.setdefault(name, set()).add(text)
            case ast.AnnAssign(ast.Name(name), value=ast.Constant(str(text))):
                found.setdefault(name, set()).add(text)
    return {name: texts.pop() for name, texts in found.items() if len(texts) == 1}


def _beginning(pieces: Iterable[ast.expr], constants: Mapping[str, str]) -> tuple[str, bool]:
    """The text that `pieces` begin with, and whether that is all of it."""
    text = ""
    for piece in pieces:
        match piece:
            case ast.Constant(str(more)):
                is_known = True
            case ast.Name(name) | ast.Attribute(attr=name) if is_known := name in constants:
                more = constants[name]
            case _ if (inner := _pieces(piece)) is not None:
                more, is_known = _beginning(inner, constants)
            case _:
                return text, False
        text += more
        if not is_known:
            return text, False
    return text, True


def _pieces(node: ast.AST) -> Iterable[ast.expr] | None:
    """What an expression puts together into a string; None if it does nothing of the kind."""
    found: Iterable[ast.expr] | None = None
    match node:
        case ast.BinOp(op=ast.Add()):
            found = _added(node)
        case ast.JoinedStr(values):
            found = values
        case ast.FormattedValue(value, -1, None):
            found = (value,)
        case ast.BinOp(ast.Constant(str(template)), ast.Mod(), values):
            found = _filled(_PLACEHOLDER.split(template), values.elts if isinstance(values, ast.Tuple) else [values])
        case ast.Call(ast.Attribute(ast.Constant(str(template)), "format"), given, keywords):
            found = _formatted(template, given, {it.arg: it.value for it in keywords})
        case ast.Call(ast.Attribute(ast.Constant(str(separator)), "join"), [ast.List(items) | ast.Tuple(items)]):
            found = _joined(separator, items)
        case ast.Call(ast.Attribute(attr="join" | "joinpath") | ast.Name("Path" | "PurePath"), [_, _, *_] as items):
            found = _joined("/", items)
    return found


def _added(node: ast.expr) -> list[ast.expr]:
    """The operands of `a + b + c`, of which there may be more than Python's stack has frames."""
    operands = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        operands.append(node.right)
        node = node.left
    return [node, *reversed(operands)]


def _joined(separator: str, items: list[ast.expr]) -> list[ast.expr]:
    return [piece for item in items for piece in (ast.Constant(separator), item)][1:]


def _filled(texts: list[str], given: list[ast.expr]) -> Iterator[ast.expr]:
    unknown = ast.Constant(None)
    values = chain(given, [unknown] * len(texts))
    yield ast.Constant(texts[0])
    for text in texts[1:]:
        yield next(values)
        yield ast.Constant(text)


def _formatted(template: str, given: list[ast.expr], keywords: Mapping[str | None, ast.expr]) -> Iterator[ast.expr]:
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError:  # it fails at run time, too
        return
    for number, (text, field, _, _) in enumerate(fields):
        yield ast.Constant(text)
        if field is None:
            continue
        at = int(field) if field.isdecimal() else number
        yield keywords.get(field) or (given[at] if at < len(given) else ast.Constant(None))
