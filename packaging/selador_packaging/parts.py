"""What of a wheel goes into an artifact: chosen, trimmed, with its bytecode, and kept for the next build."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from selador_packaging.botocore_data import find_methods, find_offered, trim_data
from selador_packaging.bytecode import bytecode_path, compile_module, is_bytecode
from selador_packaging.cache import Cache
from selador_packaging.compression import pack
from selador_packaging.errors import PackagingError
from selador_packaging.imports import module_name
from selador_packaging.inspection import Inspected
from selador_packaging.layout import choose
from selador_packaging.wheels import Wheel
from selador_packaging.zip_writer import Member

_LENGTH = 8  # bytes of the number before a kept part's table


@dataclass(frozen=True)
class Part:
    """The members that a wheel gives, and the SHA-256 of each one's content in the same order."""

    members: tuple[Member, ...]
    sha256s: tuple[str, ...]

    @cached_property
    def size(self) -> int:
        """Bytes in the zip."""
        return sum(len(member.stream) for member in self.members)


def get_part(
    inspected: Inspected,
    read: Callable[[], Wheel],
    cache: Cache,
    *,
    at_start: Collection[str],
    reached: Collection[str],
    unread: Collection[str],
    services: frozenset[str],
    names: frozenset[str],
) -> Part:
    """The part of an artifact that comes from a wheel, from `cache` where it is.

    Modules `at_start` get bytecode; `reached` are those that may be imported at all; `unread` are paths that stay out;
    clients of `services` call methods that are among `names`. Raises PackagingError for a module of an own wheel that
    can't be compiled, and for a service that botocore doesn't know.
    """
    compiled = sorted(inspected.modules.keys() & at_start)
    kept = sorted(inspected.modules.keys() & reached)
    is_botocore = inspected.metadata.name == "botocore"
    methods = _methods(inspected, read, cache, services, names) if is_botocore else {}
    decisive = ("part", inspected.digest, json.dumps([compiled, kept, sorted(unread), methods]))
    if known := cache.get(*decisive):
        return _from_bytes(known)
    members = [member for member in choose(read(), kept, is_own=inspected.is_own) if member.path not in unread]
    if is_botocore:
        members = trim_data(members, methods)
    members += _compile(members, compiled, cache, is_own=inspected.is_own)
    part = _as_part(members)
    cache.put(_to_bytes(part), *decisive)
    return part


def find_offered_services(botocore: Inspected, read: Callable[[], Wheel], cache: Cache) -> frozenset[str]:
    """The services that `botocore` knows, from `cache` where they are."""
    decisive = ("services", botocore.digest)
    if known := cache.get(*decisive):
        return frozenset(json.loads(known))
    services = find_offered(read().members)
    cache.put(json.dumps(sorted(services)).encode(), *decisive)
    return services


def _methods(
    inspected: Inspected, read: Callable[[], Wheel], cache: Cache, services: frozenset[str], names: frozenset[str]
) -> Mapping[str, list[str]]:
    """The methods of clients of `services` that are among `names`: of few of a service's many."""
    decisive = ("methods", inspected.digest, json.dumps(sorted(services)))
    if known := cache.get(*decisive):
        methods = json.loads(known)
    else:
        methods = find_methods(read().members, services)
        cache.put(json.dumps(methods).encode(), *decisive)
    return {
        service: sorted(method for method, asked in methods[service].items() if not names.isdisjoint(asked))
        for service in sorted(services)
    }


def _compile(members: Collection[Member], modules: Collection[str], cache: Cache, *, is_own: bool) -> list[Member]:
    """The bytecode of `modules`. In others' wheels a condition may keep code for Python 2 from running."""
    compiled, faults = [], []
    for member in members:
        if member.path.endswith(".py") and module_name(member.path) in modules:
            try:
                compiled.append(_bytecode(member, cache, is_own=is_own))
            except ValueError as error:
                faults += [str(error)] if is_own else []
    if faults:
        raise PackagingError(*faults)
    return compiled


def _bytecode(source: Member, cache: Cache, *, is_own: bool) -> Member:
    """The bytecode of a module. That of own ones is kept one by one: the others' wheels are kept whole."""
    content, path = source.content(), bytecode_path(source.path)
    if not is_own:
        return pack(path, compile_module(content, source.path))
    decisive = ("bytecode", source.path, hashlib.sha256(content).hexdigest())
    if known := cache.get(*decisive):
        return _from_bytes(known).members[0]
    member = pack(path, compile_module(content, source.path))
    cache.put(_to_bytes(_as_part([member])), *decisive)
    return member


def _as_part(members: Iterable[Member]) -> Part:
    everything = tuple(members)
    return Part(everything, tuple(hashlib.sha256(member.content()).hexdigest() for member in everything))


def _to_bytes(part: Part) -> bytes:
    table = [
        [member.path, len(member.stream), member.method, member.size, member.crc, member.executable, sha256]
        for member, sha256 in zip(part.members, part.sha256s, strict=True)
    ]
    header = json.dumps(table).encode()
    streams = b"".join(member.stream for member in part.members)
    return len(header).to_bytes(_LENGTH) + header + streams


def _from_bytes(content: bytes) -> Part:
    position = _LENGTH + int.from_bytes(content[:_LENGTH])
    members, sha256s = [], []
    for path, length, method, size, crc, executable, sha256 in json.loads(content[_LENGTH:position]):
        members.append(Member(path, content[position : position + length], method, size, crc, executable))
        sha256s.append(sha256)
        position += length
    return Part(tuple(members), tuple(sha256s))


def content_digest(parts: Iterable[Part], *, bytecode: bool = True) -> str:
    """SHA-256 over path, mode and content of every member, sorted: what was packed, however it is written as a zip.

    Without `bytecode` it is the same whichever CPython of the minor version built it.
    """
    lines = sorted(
        f"{member.path}\0{'755' if member.executable else '644'}\0{sha256}\n".encode()
        for part in parts
        for member, sha256 in zip(part.members, part.sha256s, strict=True)
        if bytecode or not is_bytecode(member.path)
    )
    return hashlib.sha256(b"".join(lines)).hexdigest()
