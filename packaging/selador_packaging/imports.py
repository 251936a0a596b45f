"""Which modules a function's start imports: read from the sources, since they may be for another machine than this.

An import counts for the start when it stands outside every function: then it runs as its module does. `if
TYPE_CHECKING:` never runs, nor does what `sys.platform` says is for another system than Lambda's. Packages that import
names on demand (PEP 562) list in a dictionary where each comes from; of these, what a reached `from package import
name` asks for counts. A module may also be imported by a name that stands in a string: such a name may be reached.

What can't be followed is kept. Code that imports by a name which it puts together (`loaders`), answers for missing
names with a `__getattr__` of its module, or puts another object in its module's place, may ask for every module of its
top package: aws_xray_sdk.core does so of aws_xray_sdk.ext.
"""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from selador_packaging.loaders import find_loaded, find_opened
from selador_packaging.strings import find_composed, find_imported, find_within, find_words, texts_in

# A string that is a dotted name, maybe with `:attribute` behind it as entry points are written.
_NAME_IN_STRING = re.compile(rb"""["'](\.[^\W\d]\w*|[^\W\d]\w*(?=\.))((?:\.[^\W\d]\w*)*)(?::\w+)?["']""")
_RUN_AS_MODULE = re.compile(rb"""["']-m["']\s*,\s*["']([^\W\d][\w.]*)["']""")  # by another Python
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_ON_DEMAND = "__getattr__"
_EXPORTED = "__all__"
_TESTS = {"test", "tests"}  # packages


@dataclass(frozen=True)
class Imports:
    """What a module imports: `at_start` while it is imported, `later` inside its functions or by a name in a string.

    Each is `module` or `module:name`, as `import` and `from … import` say it, without relative dots. `on_demand` maps a
    name that `from package import name` may ask for to the modules that may hold it, and `*` to those that a package
    lists in `__all__`. `loads_from` are the packages of which it may import any module. `imports_by_name` is
    whether it imports by names that it puts together.
    """

    at_start: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    on_demand: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loads_from: tuple[str, ...] = ()
    imports_by_name: bool = False

    def joined(self, other: "Imports") -> "Imports":
        """What either imports: of two files for one module, as of a package beside a module of its name."""
        names = {*self.on_demand, *other.on_demand}
        return Imports(
            tuple(dict.fromkeys(self.at_start + other.at_start)),
            tuple(dict.fromkeys(self.later + other.later)),
            {name: self.on_demand.get(name, ()) + other.on_demand.get(name, ()) for name in sorted(names)},
            tuple(sorted({*self.loads_from, *other.loads_from})),
            self.imports_by_name or other.imports_by_name,
        )


def module_name(path: str) -> str | None:
    """The module that the file at `path` in an artifact is: a source or an extension module; None for others."""
    parent, _, filename = path.rpartition("/")
    stem, _, ending = filename.partition(".")
    if ending != "py" and not ending.endswith("so"):
        return None
    name = parent if filename == "__init__.py" else f"{parent}/{stem}".removeprefix("/")
    parts = name.split("/")
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


def parse_source(source: bytes, path: str) -> ast.Module:
    """Parse a module whatever it is warned of: here warnings may be errors (PYTHONWARNINGS), and on Lambda aren't.

    Raises SyntaxError or ValueError where the source is no Python 3.13, RecursionError where it is nested too deeply.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes of others' code are theirs to mend
        try:
            return ast.parse(source, path)
        except MemoryError as error:  # so says the parser
            raise RecursionError(str(error)) from error


def read_imports(source: bytes, path: str) -> Imports:
    """The imports of the module at `path` in an artifact; none where the source is no Python 3.13.

    Python may still import what is nested too deeply to be followed here: that may import anything of its package.
    """
    name = module_name(path)
    assert name is not None
    try:
        return _read(parse_source(source, path), source, path, name)
    except (SyntaxError, ValueError):
        return Imports()
    except RecursionError:
        return Imports(loads_from=(name.partition(".")[0],), imports_by_name=True)


def _read(tree: ast.Module, source: bytes, path: str, name: str) -> Imports:
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
    run = [it.decode(errors="replace") for it in _RUN_AS_MODULE.findall(source)]
    later |= dict.fromkeys(it for module in run for it in (module, f"{module}.__main__"))
    nodes = list(ast.walk(tree))
    texts = texts_in(nodes)
    whole, begun = find_composed(nodes, name, package)
    later |= dict.fromkeys(sorted(find_within(texts) | find_imported(texts) | whole))
    loaded, is_loader = find_loaded(nodes, source, name, package)
    later |= dict.fromkeys(loaded)
    opened = find_opened(nodes, source, name, is_loader=is_loader) | begun
    opened |= find_words(texts) if is_loader else set()  # whoever puts names together may do so of any word
    is_open = is_loader
    answers = _ON_DEMAND.encode() in source and _ON_DEMAND in _module_names(tree)
    answers = answers or _replaces_itself(tree, source, name)
    on_demand = _on_demand(tree, name) if is_package and answers else {}
    if is_package and _EXPORTED.encode() in source:
        exported, is_listed = _exported(tree)
        on_demand["*"] = tuple(f"{name}.{it}" for it in exported)
        is_open = is_open or not is_listed
    opened |= {name.partition(".")[0]} if answers or is_open else set()
    return Imports(tuple(at_start), tuple(later), on_demand, tuple(sorted(opened)), is_loader)


def below(package: str, modules: Iterable[str]) -> list[str]:
    """`package` and all that lies in it among `modules`."""
    return [module for module in modules if module == package or module.startswith(f"{package}.")]


def find_packages(modules: Iterable[str]) -> frozenset[str]:
    """`modules` and all that they lie in: packages may have no module of their own."""
    return frozenset(parent for module in modules for parent in _with_parents(module))


def without_tests(modules: Iterable[str]) -> list[str]:
    """Those of `modules` that a run may ask for in a way that can't be followed: none of packages of tests."""
    known = list(modules)
    packages = {module.rpartition(".")[0] for module in known}
    return [
        module
        for module in known
        if _TESTS.isdisjoint((module if module in packages else module.rpartition(".")[0]).split("."))
    ]


def reach(entries: Iterable[str], modules: Mapping[str, Imports], *, later: bool = False) -> frozenset[str]:
    """Those of `modules` that importing `entries` imports; with `later` also what their functions may import."""
    reached: set[str] = set()
    whole: set[str] = set()
    packages = find_packages(modules) if later else frozenset()
    pending = [parent for entry in entries for parent in _with_parents(entry)]
    while pending:
        name = pending.pop()
        if name in reached or name not in modules:
            continue
        reached.add(name)
        imports = modules[name]
        for package in (packages & set(imports.loads_from)) - whole:
            whole.add(package)
            pending += _all_of(package, modules)
        for imported in (*imports.at_start, *(imports.later if later else ())):
            module, _, member = imported.partition(":")
            pending += _with_parents(module)
            if member:
                pending.append(f"{module}.{member}")  # whose package may have no module of its own: a namespace
            if member and module in modules:
                pending += [p for m in modules[module].on_demand.get(member, ()) for p in _with_parents(m)]
    return frozenset(reached)


def _all_of(package: str, modules: Mapping[str, Imports]) -> list[str]:
    """What code may ask `package` for: tests only if they are in a table of names."""
    inside = below(package, modules)
    listed = (it for module in inside for meanings in modules[module].on_demand.values() for it in meanings)
    return without_tests(inside) + [parent for it in listed for parent in _with_parents(it)]


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


def _module_names(tree: ast.Module) -> set[str]:
    """What a module binds outside of functions and classes, as far as it may be `__getattr__`."""
    names: set[str] = set()
    pending: list[ast.AST] = [tree]
    while pending:
        match node := pending.pop():
            case ast.FunctionDef(name=name):
                names.add(name)
                continue
            case ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
            case ast.AnnAssign(target=ast.Name(name)):
                names.add(name)
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(str(name)))]):
                names.add(name)  # of globals()
            case ast.Assign(targets=targets):
                names |= {it.id for target in targets for it in ast.walk(target) if isinstance(it, ast.Name)}
            case ast.ClassDef() | ast.AsyncFunctionDef():
                continue
        pending += inner_statements(node)
    return names


def _replaces_itself(tree: ast.Module, source: bytes, name: str) -> bool:
    """Whether it puts an object of its own into `sys.modules` under its name, or gives that another class."""
    if b"sys.modules" not in source:
        return False
    targets = [it for node in ast.walk(tree) if isinstance(node, ast.Assign) for it in node.targets]
    itself = f"sys.modules[{name!r}]"
    return any(
        (isinstance(target, ast.Subscript) and ast.unparse(target) in {"sys.modules[__name__]", itself})
        or (isinstance(target, ast.Attribute) and target.attr == "__class__")
        for target in targets
    )


def _exported(tree: ast.Module) -> tuple[list[str], bool]:
    """The names that a package's `__all__` has, and whether that is a list rather than the outcome of a search."""
    parts: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id), *_], value=value) if id == _EXPORTED:
                parts.append(value)
            case ast.AnnAssign(ast.Name(id), value=ast.expr() as value) if id == _EXPORTED:
                parts.append(value)
            case ast.AugAssign(ast.Name(id), value=value) if id == _EXPORTED:
                parts.append(value)
            case ast.Call(ast.Attribute(ast.Name(id)), args=values) if id == _EXPORTED:
                parts += values
    inner = [node for part in parts for node in ast.walk(part)]
    names = [it.value for it in inner if isinstance(it, ast.Constant) and isinstance(it.value, str)]
    return names, not any(isinstance(it, ast.ListComp | ast.GeneratorExp | ast.SetComp) for it in inner)


def _on_demand(tree: ast.Module, package: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    texts = [it.value for it in ast.walk(value) if isinstance(it, ast.Constant)]
                    names = [it for it in texts if isinstance(it, str) and it.strip(".")]
                    found[key.value] = tuple(it for name in names for it in _meanings(name, package))
    return found


def _meanings(name: str, package: str) -> tuple[str, ...]:
    """The modules that a name in a table may mean: tables are also written relative to the package without a dot."""
    return (package + name,) if name.startswith(".") else (name, f"{package}.{name}")
