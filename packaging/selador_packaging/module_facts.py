"""What one module tells by itself of what it needs.

An edit changes one of the project's own modules, so the facts of each of these are kept, as its bytecode is.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from selador_packaging.cache import Cache
from selador_packaging.errors import PackagingError
from selador_packaging.imports import Imports, parse_source, read_imports
from selador_packaging.services import find_names, find_possible_services, find_services


class Origin(Enum):
    """Whose a module is, which decides what is looked for beside its imports."""

    OWN = "own"
    """Its calls make clients of AWS services, and must name them."""
    CALLER = "caller"
    """Of a wheel that requires the SDK: it may make clients."""
    SDK = "sdk"
    """It calls methods of the clients that it is handed: `upload_file` calls others."""
    OTHER = "other"


@dataclass(frozen=True)
class Facts:
    """Imports, the AWS services that clients are made for, and the names that may be methods of such clients."""

    imports: Imports = field(default_factory=Imports)
    services: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def get_facts(source: bytes, path: str, origin: Origin, cache: Cache) -> Facts:
    """Return the facts of the module at `path` in an artifact; those of own ones from `cache` where they are.

    Raises PackagingError for an own module that is no Python 3.13, or doesn't name a client's service.
    """
    if origin is not Origin.OWN:
        return _read(source, path, origin)
    decisive = ("facts", path, hashlib.sha256(source).hexdigest())
    if known := cache.get(*decisive):
        imports, services, names = json.loads(known)
        return Facts(imports_from_json(imports), frozenset(services), frozenset(names))
    facts = _read(source, path, origin)
    kept = [imports_to_json(facts.imports), sorted(facts.services), sorted(facts.names)]
    cache.put(json.dumps(kept).encode(), *decisive)
    return facts


def _read(source: bytes, path: str, origin: Origin) -> Facts:
    imports = read_imports(source, path)
    if origin is Origin.OTHER:
        return Facts(imports)
    try:
        tree = parse_source(source, path)
    except (RecursionError, SyntaxError, ValueError) as error:
        if origin is Origin.OWN:
            raise PackagingError(_sentence(path, error)) from error
        return Facts(imports)
    match origin:
        case Origin.OWN:
            services = find_services(tree, path)
        case Origin.CALLER:
            services = find_possible_services(tree)
        case Origin.SDK:
            services = frozenset()
    return Facts(imports, services, find_names(tree))


def _sentence(path: str, error: RecursionError | SyntaxError | ValueError) -> str:
    match error:
        case SyntaxError(lineno=int(line), msg=reason):
            return f"{path}, line {line}: {reason}"
        case RecursionError():
            return f"{path} is nested too deeply to be read; split what is nested there"
    return f"{path} is no Python source: {error}"


def imports_to_json(imports: Imports) -> list[Any]:
    """Return `imports` as JSON has it."""
    return [imports.at_start, imports.later, dict(imports.on_demand), imports.loads_from, imports.imports_by_name]


def imports_from_json(kept: Sequence[Any]) -> Imports:
    """Return what `imports_to_json` made `kept` of."""
    at_start, later, on_demand, loads_from, by_name = kept
    demanded = {asked: tuple(modules) for asked, modules in on_demand.items()}
    return Imports(tuple(at_start), tuple(later), demanded, tuple(loads_from), by_name)
