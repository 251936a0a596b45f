"""What a build must know of a wheel to decide what is made of it; kept, so that it is read once."""

import configparser
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.cache import Cache
from selador_packaging.closure import Metadata
from selador_packaging.errors import PackagingError
from selador_packaging.imports import Imports, module_name
from selador_packaging.layout import artifact_path
from selador_packaging.module_facts import Facts, Origin, get_facts, imports_from_json, imports_to_json
from selador_packaging.neighbours import add_neighbours
from selador_packaging.strings import find_items, find_quoted, find_within
from selador_packaging.wheels import Wheel
from selador_packaging.zip_writer import Member

_COMMANDS = {"console_scripts", "gui_scripts"}
_EXTRAS_OR_ATTRIBUTE = re.compile(r"\s*[:\[].*", re.DOTALL)  # behind the module, in an entry point
_TABLES = {"cfg", "conf", "csv", "ini", "json", "list", "properties", "toml", "tsv", "txt", "xml", "yaml", "yml"}
_LARGEST_TABLE = 100_000  # bytes: larger ones are data, of words or of places
_SDK = {"boto3", "botocore"}


@dataclass(frozen=True)
class Inspected:
    """A wheel's facts. `digest` stands for its content: of a fetched wheel the file's SHA-256, as it is locked."""

    filename: str
    digest: str
    is_own: bool
    metadata: Metadata
    modules: Mapping[str, Imports]
    services: frozenset[str]
    """The AWS services that it makes clients for; of others' wheels those that it seems to."""
    names: frozenset[str]
    """The names that may be methods of these clients."""
    entry_points: tuple[str, ...] = ()
    """The modules that others find by the wheel's entry points; commands are none of these."""
    named_in_data: tuple[str, ...] = ()
    """The dotted names and paths in its data, some of which may mean modules."""
    words: tuple[str, ...] = ()
    """The names in its sources and data, single ones too, if it may be asked what it imports by them."""
    is_compiled: bool = False
    """Whether it may hold code whose imports can't be read: extension modules, or bytecode without its source."""


def inspect_wheel(digest: str, filename: str, read: Callable[[], Wheel], cache: Cache, *, is_own: bool) -> Inspected:
    """The facts of the wheel that `read` reads, from `cache` where they are.

    Raises PackagingError for a wheel that breaks its promises.
    """
    decisive = ("inspection", digest, filename, str(is_own))
    if known := cache.get(*decisive):
        return _from_json(known, digest, filename, is_own=is_own)
    inspected = _inspect(read(), digest, cache, is_own=is_own)
    cache.put(_to_json(inspected), *decisive)
    return inspected


def _inspect(wheel: Wheel, digest: str, cache: Cache, *, is_own: bool) -> Inspected:
    modules: dict[str, Imports] = {}
    origin = _origin(wheel, is_own=is_own)
    sources: dict[str, tuple[str, bytes]] = {}
    services: set[str] = set()
    names: set[str] = set()
    faults: list[str] = []
    for member in wheel.members:
        path = artifact_path(wheel, member.path)
        if path is None or (name := module_name(path)) is None:
            continue
        facts = Facts()
        if path.endswith(".py"):
            content = member.content()
            sources[name] = (path, content)
            try:
                facts = get_facts(content, path, origin, cache)
            except PackagingError as error:
                faults += error.faults
        modules[name] = modules[name].joined(facts.imports) if name in modules else facts.imports
        services |= facts.services
        names |= facts.names
    if faults:
        raise PackagingError(*faults)
    data = _read_by_people(wheel, is_own=is_own)
    words = set[str]()
    if is_own or any(it.imports_by_name for it in modules.values()):
        words = words.union(*map(find_items, data), *(find_quoted(content) for _, content in sources.values()))
    return Inspected(
        wheel.filename,
        digest,
        is_own,
        wheel.metadata,
        add_neighbours(modules, sources),
        frozenset(services),
        frozenset(names),
        _entry_points(wheel),
        tuple(sorted(find_within(it.decode(errors="replace") for it in data))),
        tuple(sorted(words)),
        # Its tags say so, or its files: some wheels for any machine have compiled code all the same.
        not wheel.filename.endswith("-none-any.whl") or any(map(_is_compiled, wheel.members)),
    )


def _origin(wheel: Wheel, *, is_own: bool) -> Origin:
    if is_own:
        return Origin.OWN
    # boto3 and botocore themselves make clients of any service, and for credentials that Lambda doesn't use.
    if wheel.metadata.name in _SDK:
        return Origin.SDK
    required = {canonicalize_name(it.name) for it in wheel.metadata.requires}
    return Origin.OTHER if _SDK.isdisjoint(required) else Origin.CALLER


def _is_compiled(member: Member) -> bool:
    return member.path.endswith((".so", ".pyc")) and "/__pycache__/" not in f"/{member.path}"


def _entry_points(wheel: Wheel) -> tuple[str, ...]:
    path = f"{wheel.dist_info}/entry_points.txt"
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names that differ in case are two
    try:
        for member in wheel.members:
            if member.path == path:
                parser.read_string(member.content().decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        raise PackagingError(f"{wheel.filename} has entry points that can't be read: {error}") from error
    values = [value for group in parser.sections() if group not in _COMMANDS for value in parser[group].values()]
    return tuple(sorted({_EXTRAS_OR_ATTRIBUTE.sub("", value) for value in values}))


def _read_by_people(wheel: Wheel, *, is_own: bool) -> list[bytes]:
    """What is no module: a table of handlers or tools, a configuration of logs.

    Of others' data those count that a person writes: botocore's models have no names of modules.
    """
    placed = ((artifact_path(wheel, member.path), member) for member in wheel.members)
    data = [
        (path, it) for path, it in placed if path and not path.startswith(wheel.dist_info) and not module_name(path)
    ]
    return [
        it.content() for path, it in data if is_own or (path.rpartition(".")[2] in _TABLES and it.size < _LARGEST_TABLE)
    ]


def _to_json(inspected: Inspected) -> bytes:
    metadata = inspected.metadata
    return json.dumps(
        {
            "metadata": [metadata.name, metadata.version, list(map(str, metadata.requires)), metadata.licenses],
            "modules": {name: imports_to_json(it) for name, it in sorted(inspected.modules.items())},
            "entry_points": inspected.entry_points,
            "named_in_data": inspected.named_in_data,
            "words": inspected.words,
            "is_compiled": inspected.is_compiled,
            "services": sorted(inspected.services),
            "names": sorted(inspected.names),
        }
    ).encode()


def _from_json(content: bytes, digest: str, filename: str, *, is_own: bool) -> Inspected:
    facts = json.loads(content)
    name, version, requires, licenses = facts["metadata"]
    metadata = Metadata(NormalizedName(name), version, tuple(map(Requirement, requires)), tuple(licenses))
    modules = {name: imports_from_json(it) for name, it in facts["modules"].items()}
    services, names = frozenset(facts["services"]), frozenset(facts["names"])
    named = tuple(facts["entry_points"]), tuple(facts["named_in_data"]), tuple(facts["words"])
    return Inspected(filename, digest, is_own, metadata, modules, services, names, *named, facts["is_compiled"])
