"""Of botocore's data, thirty megabytes for over four hundred services, what a function's clients read.

A service's model keeps the operations that the function may call, with their shapes and every exception; endpoint
rules, paginators and waiters stay whole. Documentation goes, which only `help()` shows, and models are no longer
compressed a second time: all of that is time at each start.
"""

import gzip
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from botocore import xform_name

from selador_packaging.compression import pack
from selador_packaging.errors import PackagingError
from selador_packaging.zip_writer import Member

FOLDER = "botocore/data/"
_ENDPOINTS = f"{FOLDER}endpoints.json"
_MODEL = "service-2.json.gz"
_WAITERS = "waiters-2.json"
_MODEL_EXTRAS = "service-2.sdk-extras.json"  # which botocore merges into the model, so its shapes must be there


def find_methods(members: Iterable[Member], services: Collection[str]) -> dict[str, dict[str, list[str]]]:
    """The methods of a client of each of `services`, one for each operation, as botocore names them.

    Each has the names by which code asks for it: its own, and those of the waiters that call it. Raises PackagingError
    naming each service that this botocore doesn't know.
    """
    methods: dict[str, dict[str, list[str]]] = {}
    waiters: list[tuple[str, str, str]] = []
    for member in members:
        service, rest = _service_file(member)
        if service in services and rest.endswith(_MODEL):
            methods[service] = {name: [name] for name in map(xform_name, _read(member)["operations"])}
        elif service in services and rest.endswith((_WAITERS, f"{_WAITERS}.gz")):
            found = _read(member)["waiters"]
            waiters += [(service, xform_name(it["operation"]), xform_name(name)) for name, it in found.items()]
    if unknown := sorted(set(services) - methods.keys()):
        raise PackagingError(
            *(f"the functions name the AWS service {it}, which botocore doesn't know" for it in unknown)
        )
    for service, method, waiter in waiters:
        methods[service].setdefault(method, [method]).append(waiter)
    return methods


def find_offered(members: Iterable[Member]) -> frozenset[str]:
    """The services that this botocore knows."""
    return frozenset(service for service, rest in map(_service_file, members) if rest.endswith(_MODEL))


def trim_data(members: Collection[Member], methods: Mapping[str, Collection[str]]) -> list[Member]:
    """`members` of botocore's wheel, below FOLDER only what clients read that call these `methods`, by service."""
    extended = {service for service, rest in map(_service_file, members) if rest.endswith(_MODEL_EXTRAS)}
    kept, prefixes = [], set(methods)  # type: list[Member], set[str]
    endpoints = None
    for member in members:
        service, rest = _service_file(member)
        if member.path == _ENDPOINTS:
            endpoints = member
        elif not rest:
            kept.append(member)
        elif service in methods and not rest.rpartition("/")[2].startswith("examples-"):
            if not member.path.endswith(".gz"):
                kept.append(member)
                continue
            content = _read(member)
            if rest.endswith(_MODEL):
                prefixes.add(content["metadata"]["endpointPrefix"])
                if service not in extended:
                    content = _trim_model(content, methods[service])
            # botocore reads `x.json` as well as `x.json.gz` (botocore.loaders.JSONFileLoader).
            content = _undocumented(content)
            if rest.endswith(_MODEL):
                content = _with_texts(content)
            kept.append(_file(member.path.removesuffix(".gz"), content))
    if endpoints is not None:
        kept.append(_file(_ENDPOINTS, _trim_endpoints(json.loads(endpoints.content()), prefixes)))
    return kept


def _service_file(member: Member) -> tuple[str, str]:
    """The service that a member belongs to, and its path there; ("", "") for what belongs to none."""
    service, _, rest = member.path.removeprefix(FOLDER).partition("/")
    return (service, rest) if member.path.startswith(FOLDER) and rest else ("", "")


def _read(member: Member) -> Any:
    content = member.content()
    return json.loads(gzip.decompress(content) if member.path.endswith(".gz") else content)


def _trim_model(model: dict[str, Any], methods: Collection[str]) -> dict[str, Any]:
    operations = {
        name: operation
        for name, operation in model["operations"].items()
        # The client calls an `endpointoperation` itself, to discover where it calls the others.
        if xform_name(name) in methods or operation.get("endpointoperation")
    }
    shapes = model["shapes"]
    pending = [name for name, shape in shapes.items() if shape.get("exception")]  # client.exceptions has them all
    pending += _shapes_in(operations)
    needed: set[str] = set()
    while pending:
        if (name := pending.pop()) not in needed:
            needed.add(name)
            pending += _shapes_in(shapes[name])
    return model | {
        "operations": operations,
        "shapes": {name: shape for name, shape in shapes.items() if name in needed},
    }


def _shapes_in(node: object) -> list[str]:
    """The names of the shapes that `node` refers to. A member may be called `shape` too, but is no text."""
    if isinstance(node, list):
        return [name for value in node for name in _shapes_in(value)]
    if not isinstance(node, dict):
        return []
    named = [node["shape"]] if isinstance(node.get("shape"), str) else []
    return named + [name for value in node.values() for name in _shapes_in(value)]


def _trim_endpoints(endpoints: dict[str, list[dict[str, dict[str, object]]]], prefixes: set[str]) -> object:
    partitions = [
        partition | {"services": {name: it for name, it in partition["services"].items() if name in prefixes}}
        for partition in endpoints["partitions"]
    ]
    return endpoints | {"partitions": partitions}


def _undocumented(node: Any) -> Any:
    """A member of a shape may be called `documentation` too, but is no text."""
    if isinstance(node, dict):
        return {
            key: _undocumented(value)
            for key, value in node.items()
            if key != "documentation" or not isinstance(value, str)
        }
    return [_undocumented(value) for value in node] if isinstance(node, list) else node


def _with_texts(model: dict[str, Any]) -> dict[str, Any]:
    """`model` with a text, though an empty one, where botocore reads the documentation of a parameter of the client."""
    parameters = model.get("clientContextParams", {})
    texts = {"clientContextParams": {name: it | {"documentation": ""} for name, it in parameters.items()}}
    return model | texts if parameters else model


def _file(path: str, content: object) -> Member:
    return pack(path, json.dumps(content, separators=(",", ":")).encode())
