"""Which AWS services and operations a function's code names, which decides what is packed of botocore's data."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from selador_packaging.errors import PackagingError

_MAKERS = {"client", "create_client"}  # of boto3 and its sessions; of botocore's sessions
_OF_BOTO3 = {"client", "resource"}
_SESSIONS = {"Session", "get_session"}


def find_services(tree: ast.Module, place: str) -> frozenset[str]:
    """The services that clients are made for in a first-party source, parsed; `place` is its path.

    Raises PackagingError where a service is named by anything but a string, where what makes clients is not called but
    handed on, and for `boto3.resource`.
    """
    found, faults = set(), []
    named = _find_sdk(tree)
    for call, maker in _calls(tree, named):
        where = f"{place}, line {call.lineno}"
        argument = _service_argument(call)
        if maker == "resource":
            faults.append(f"{where}: boto3.resource needs data that artifacts don't hold; use boto3.client")
        elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            found.add(argument.value)
        elif argument is not None:
            faults.append(f"{where}: the service of a client must be written as a string, or its data can't be packed")
    faults += [
        f"{place}, line {node.lineno}: what makes clients is handed on, not called; "
        "call it with its service written as a string, or its data can't be packed"
        for node in _handed_on(tree, named)
    ]
    if faults:
        raise PackagingError(*faults)
    return frozenset(found)


def find_possible_services(tree: ast.Module) -> frozenset[str]:
    """The services that clients seem to be made for in others' code, where such calls may mean anything."""
    arguments = (_service_argument(call) for call, maker in _calls(tree, _find_sdk(tree)) if maker in _MAKERS)
    return frozenset(it.value for it in arguments if isinstance(it, ast.Constant) and isinstance(it.value, str))


def find_names(tree: ast.Module) -> frozenset[str]:
    """Every name by which a source may ask for an operation: an attribute's, or one in a string as for paginators."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            names.add(node.value)
    return frozenset(names)


class _Sdk(NamedTuple):
    """What a source calls the SDK: names of boto3 itself, of sessions, and of functions by what they are there."""

    modules: set[str]
    sessions: set[str]
    functions: dict[str, str]


def _find_sdk(tree: ast.Module) -> _Sdk:
    sdk = _Sdk({"boto3"}, set(), {})
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                sdk.modules.update(it.asname for it in aliases if it.name == "boto3" and it.asname)
            case ast.ImportFrom(module="boto3", names=aliases):
                sdk.functions.update({it.asname or it.name: it.name for it in aliases if it.name in _OF_BOTO3})
            case ast.Assign(targets=[ast.Name(name)], value=value) if _is_session(value):
                sdk.sessions.add(name)
    return sdk


def _is_session(node: ast.expr) -> bool:
    match node:
        case ast.Call(ast.Name(called) | ast.Attribute(attr=called)):
            return called in _SESSIONS
    return False


def _calls(tree: ast.Module, sdk: _Sdk) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(attr=maker)) if maker in _MAKERS:
                yield node, maker
            case ast.Call(ast.Attribute(ast.Name(name), "resource")) if name in sdk.modules | sdk.sessions:
                yield node, "resource"
            case ast.Call(ast.Attribute(session, "resource")) if _is_session(session):
                yield node, "resource"
            case ast.Call(ast.Name(name)) if name in sdk.functions:
                yield node, sdk.functions[name]


def _handed_on(tree: ast.Module, sdk: _Sdk) -> Iterator[ast.expr]:
    """Where boto3's functions stand without being called: as an argument, under another name, or by getattr."""
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Name(name), attr) if (
                name in sdk.modules and attr in _OF_BOTO3 and node not in called
            ):
                yield node
            case ast.Name(name, ast.Load()) if name in sdk.functions and node not in called:
                yield node
            case ast.Call(ast.Name("getattr"), [ast.Name(name), *_]) if name in sdk.modules:
                yield node


def _service_argument(call: ast.Call) -> ast.expr | None:
    if call.args:
        return call.args[0]
    named = (keyword.value for keyword in call.keywords if keyword.arg in {"service_name", None})  # None: **options
    return next(named, None)
