"""What a module imports without an import statement: by calls that take a name, and by code in a string.

A name that is written there is followed. Whoever puts a name together may import anything of its package, and so may
who changes where Python looks for modules. A string that begins a name (`"package.plugins."`) may end with any module
there, and who takes another package's `__path__` may search its folders.
"""

import ast
import importlib.util
import re

_BY_NAME = {"__import__", "find_spec", "import_module", "resolve_name", "run_module"}  # the name comes first
# So do others' functions, as of werkzeug, Django, kombu and uvicorn.
_BY_NAME |= {"import_from_string", "import_object", "import_string", "symbol_by_name"}
_BY_SEARCH = {
    "SourceFileLoader",
    "addsitedir",
    "iter_modules",
    "load_module",
    "run_path",
    "spec_from_file_location",
    "walk_packages",
}
_LOADERS = _BY_NAME | _BY_SEARCH
_INTERPRETERS = {"eval", "exec"}
# In a string, or in what stands between the braces of one: an import that begins a statement.
_IMPORT_IN_TEXT = re.compile(r"(?:^|[\n;])\s*(?:import\s|from\s+(?:$|\.|[\w.]+(?:$|\s+import\b)))")

# A list that is changed, or another one put in its place; `__path__ = []` makes a package without modules, and
# `extend_path` adds the same package elsewhere, which the zip has in one place. In a string it is a glob.
_CHANGES_SEARCH = re.compile(
    rb"\b(?:sys\.(?:path|meta_path|path_hooks)|__path__)\s*"
    rb"(?:\[[^]\n]*\]\s*=(?!=)|\+?=(?!=|\s*\[\]|.*extend_path)|\.(?:append|extend|insert)\b)"
    rb"""|\*\.py["']"""
)
_BEGINS_NAME = re.compile(rb"""["']([^\W\d]\w*(?:\.[^\W\d]\w*)*)\.(?:(?=["'])|\w*(?=[{%]))""")
_PLACES = {"__file__", "__path__"}  # of a package
# Who takes the names of a module, or its package's, and imports nothing by them that isn't followed elsewhere.
_HARMLESS = {
    *(
        "__import__",
        "dict",
        "eval",
        "exec",
        "exec_",
        "find_spec",
        "import_module",
        "list",
        "resolve_name",
        "set",
        "sorted",
    ),
    *("contents", "files", "getLogger", "get_data", "is_resource", "metadata", "open_binary", "open_text", "path"),
    *("read_binary", "read_text", "version"),
}


def find_opened(nodes: list[ast.AST], source: bytes, name: str, *, is_loader: bool) -> set[str]:
    """The packages of which the module `name` may import anything, if not by calls of its own.

    A package's file tells a loader where the others lie; to anybody else it tells where the package's data is.
    """
    opened = {begun.decode(errors="replace") for begun in _BEGINS_NAME.findall(source)}
    if _CHANGES_SEARCH.search(source) or any(map(_hands_itself_on, _calls_about_itself(nodes, source))):
        opened.add(name.partition(".")[0])
    return opened | _searched(nodes, _PLACES if is_loader else {"__path__"})


def _calls_about_itself(nodes: list[ast.AST], source: bytes) -> list[ast.Call]:
    if b"globals()" not in source and b"__package__" not in source:
        return []
    return [node for node in nodes if isinstance(node, ast.Call)]


def _hands_itself_on(call: ast.Call) -> bool:
    """Whether a call gets this module's names or its package's: what it does with them can't be told."""
    if _called(call) in _HARMLESS:
        return False
    return any(_is_about_itself(argument) for argument in call.args)


def _is_about_itself(argument: ast.expr) -> bool:
    match argument:
        case ast.Name("__package__") | ast.Call(ast.Name("globals"), [], []):
            return True
    return False


def _searched(nodes: list[ast.AST], places: set[str]) -> set[str]:
    """The packages of which one of `places` is taken, by the names that absolute imports give them."""
    taken: set[str] = set()
    meanings: dict[str, str] = {}
    for node in nodes:
        match node:
            case ast.Attribute(ast.Name() | ast.Attribute() as package, attr) if attr in places:
                taken.add(ast.unparse(package))
            case ast.Import(names=aliases):
                meanings |= {alias.asname: alias.name for alias in aliases if alias.asname}
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                meanings |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in aliases}
    parts = (it.partition(".") for it in taken)
    return {f"{meanings.get(first, first)}{dot}{rest}" for first, dot, rest in parts}


def find_loaded(nodes: list[ast.AST], source: bytes, name: str, package: str) -> tuple[list[str], bool]:
    """What the module `name` in `package` imports by names that are written there, and whether it does so by others.

    A function that imports may also be handed on, or have another name: then its calls are not seen.
    """
    words = _LOADERS | _INTERPRETERS
    if not any(word.encode() in source for word in words):
        return [], False
    named: list[str] = []
    followed = set()
    for node in nodes:
        if isinstance(node, ast.Call) and (found := _named(node, name, package)) is not None:
            named += found
            followed.add(node.func)
    is_open = any(_loads_something(node) and node not in followed for node in nodes)
    return named, is_open or (any(map(_runs_text, nodes)) and any(map(_imports_in_text, nodes)))


def _loads_something(node: ast.AST) -> bool:
    match node:
        case ast.Name(called, ast.Load()) | ast.Attribute(attr=called, ctx=ast.Load()):
            return called in _LOADERS
        case ast.Call(ast.Name("getattr"), [_, ast.Constant(called), *_]):
            return called in _LOADERS
        case ast.ImportFrom(names=aliases):
            return any(alias.name in _LOADERS and alias.asname not in {None, alias.name} for alias in aliases)
    return False


def _runs_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _called(node) in _INTERPRETERS


def _imports_in_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_IMPORT_IN_TEXT.search(node.value))


def _named(call: ast.Call, name: str, package: str) -> list[str] | None:
    """What a call imports, as `module` or `module:name`; None where it can't be told, or imports nothing."""
    if _called(call) not in _BY_NAME or not call.args:
        return None
    module, *others = (_value(argument, name, package) for argument in call.args)
    options = {keyword.arg: _value(keyword.value, name, package) for keyword in call.keywords}
    if not isinstance(module, str):
        return None
    match _called(call):
        case "__import__":
            return _imported(module, others, options)
        case "run_module":
            return [module, f"{module}.__main__"]
    module = module.partition(":")[0]
    return _relative(module, others[0] if others else options.get("package")) if module[:1] == "." else [module]


def _relative(module: str, anchor: object) -> list[str] | None:
    if not isinstance(anchor, str):
        return None
    try:
        return [importlib.util.resolve_name(module, anchor)]
    except ImportError:  # it fails at run time, too
        return []


def _imported(module: str, others: list[object], options: dict[str | None, object]) -> list[str] | None:
    """What `__import__` imports: its arguments are the name, globals, locals, a list of names and a level."""
    names = others[2] if len(others) > 2 else options.get("fromlist", ())
    level = others[3] if len(others) > 3 else options.get("level", 0)
    if level != 0 or not isinstance(names, list | tuple):
        return None
    return [module, *(f"{module}:{it}" for it in names)]


def _called(call: ast.Call) -> str | None:
    return getattr(call.func, "id", getattr(call.func, "attr", None))


def _value(node: ast.expr, name: str, package: str) -> object:
    """What an argument is, as far as it is written there; None where it is not."""
    match node:
        case ast.Name("__name__"):
            return name
        case ast.Name("__package__") | ast.Attribute(ast.Name("__spec__"), "parent"):
            return package
    try:
        return ast.literal_eval(node)
    except (TypeError, ValueError):
        return None
