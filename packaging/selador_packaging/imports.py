"""Which modules a function's start imports: read from the sources, since they may be for another machine than this.

An import counts for the start when it stands outside every function: then it runs as its module does. `if
TYPE_CHECKING:` never runs, nor does what `sys.platform` says is for another system than Lambda's. Packages that import
names on demand (PEP 562) list in a dictionary where each comes from; of these, what a reached `from package import
name` asks for counts. A module may also be imported by a name that stands in a string: such a name may be reached.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

# A string that is a dotted name, maybe with `:attribute` behind it as entry points are written.
_NAME_IN_STRING = re.compile(rb"""["'](\.[^\W\d]\w*|[^\W\d]\w*(?=\.))((?:\.[^\W\d]\w*)*)(?::\w+)?["']""")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Imports:
    """What a module imports: `at_start` while it is imported, `later` inside its functions or by a name in a string.

    Each is `module` or `module:name`, as `import` and `from … import` say it, without relative dots. `on_demand` maps a
    name that `from package import name` may ask for to the modules that may hold it.
    """

    at_start: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    on_demand: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def module_name(path: str) -> str | None:
    """The module that the file at `path` in an artifact is: a source or an extension module; None for others."""
    parent, _, filename = path.rpartition("/")
    stem, _, ending = filename.partition(".")
    if ending != "py" and not ending.endswith("so"):
        return None
    name = parent if filename == "__init__.py" else f"{parent}/{stem}".removeprefix("/")
    parts = name.split("/")
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


def read_imports(source: bytes, path: str) -> Imports:
    """The imports of the module at `path` in an artifact; none where the source is no Python 3.13."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return Imports()
    name = module_name(path)
    assert name is not None
    is_package = path.endswith("/__init__.py")
    package = name if is_package else name.rpartition(".")[0]
    at_start, later = {}, {}  # type: dict[str, None], dict[str, None]
    for statement, inside_function in _running_statements(tree):
        found = later if inside_function else at_start
        if isinstance(statement, ast.Import):
            found |= dict.fromkeys(alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            base = _absolute(statement, package)
            found |= dict.fromkeys(f"{base}:{alias.name}" for alias in statement.names)
    for first, rest in _NAME_IN_STRING.findall(source):
        text = (first + rest).decode(errors="replace")
        later[package + text if text.startswith(".") else text] = None
    on_demand = _on_demand(tree, name) if is_package else {}
    return Imports(tuple(at_start), tuple(later), on_demand)


def reach(entries: Iterable[str], modules: Mapping[str, Imports], *, later: bool = False) -> frozenset[str]:
    """Those of `modules` that importing `entries` imports; with `later` also what their functions may import."""
    reached: set[str] = set()
    pending = [parent for entry in entries for parent in _with_parents(entry)]
    while pending:
        name = pending.pop()
        if name in reached or name not in modules:
            continue
        reached.add(name)
        imports = modules[name]
        for imported in (*imports.at_start, *(imports.later if later else ())):
            module, _, member = imported.partition(":")
            pending += _with_parents(module)
            if member and module in modules:
                pending.append(f"{module}.{member}")
                pending += [p for m in modules[module].on_demand.get(member, ()) for p in _with_parents(m)]
    return frozenset(reached)


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _running_statements(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """Statements that may run, and whether they stand inside a function."""
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, inside_function = pending.pop()
        yield node, inside_function
        if isinstance(node, ast.If) and (_is_type_checking(node.test) or _is_for_another_system(node.test)):
            pending += [(child, inside_function) for child in node.orelse]
            continue
        inside_function = inside_function or isinstance(node, _Function)
        pending += [(child, inside_function) for child in inner_statements(node)]


def inner_statements(node: ast.AST) -> list[ast.AST]:
    """The statements (and `except` and `case` clauses) right inside `node`: few of all nodes, so fast to walk."""
    blocks = (getattr(node, name, ()) for name in ("body", "orelse", "finalbody", "handlers", "cases"))
    return [inner for block in blocks if isinstance(block, list) for inner in block]


def _is_type_checking(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in {getattr(test, "id", None), getattr(test, "attr", None)}


def _is_for_another_system(test: ast.expr) -> bool:
    match test:
        case ast.Compare(ast.Attribute(ast.Name("sys"), "platform"), [ast.Eq()], [ast.Constant(system)]):
            return system != "linux"
    return False


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _on_demand(tree: ast.Module, package: str) -> dict[str, tuple[str, ...]]:
    if not any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    texts = [it.value for it in ast.walk(value) if isinstance(it, ast.Constant)]
                    names = [it for it in texts if isinstance(it, str) and it.strip(".")]
                    found[key.value] = tuple(package + it if it.startswith(".") else it for it in names)
    return found
