"""Which AWS services and operations a function's code names, which decides what is packed of botocore's data."""

import ast
from collections.abc import Iterator

from selador_packaging.errors import PackagingError

_MAKERS = {"client", "create_client"}  # of boto3 and its sessions; of botocore's sessions


def find_services(tree: ast.Module, place: str) -> frozenset[str]:
    """The services that clients are made for in a first-party source, parsed; `place` is its path.

    Raises PackagingError where a service is named by anything but a string, and for `boto3.resource`.
    """
    found, faults = set(), []
    for call, maker in _calls(tree):
        where = f"{place}, line {call.lineno}"
        argument = _service_argument(call)
        if maker == "resource":
            faults.append(f"{where}: boto3.resource needs data that artifacts don't hold; use boto3.client")
        elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            found.add(argument.value)
        elif argument is not None:
            faults.append(f"{where}: the service of a client must be written as a string, or its data can't be packed")
    if faults:
        raise PackagingError(*faults)
    return frozenset(found)


def find_possible_services(tree: ast.Module) -> frozenset[str]:
    """The services that clients seem to be made for in others' code, where such calls may mean anything."""
    arguments = (_service_argument(call) for call, maker in _calls(tree) if maker in _MAKERS)
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


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            on_boto3 = isinstance(node.func.value, ast.Name) and node.func.value.id == "boto3"
            if node.func.attr in _MAKERS or (on_boto3 and node.func.attr == "resource"):
                yield node, node.func.attr


def _service_argument(call: ast.Call) -> ast.expr | None:
    if call.args:
        return call.args[0]
    return next((keyword.value for keyword in call.keywords if keyword.arg == "service_name"), None)
