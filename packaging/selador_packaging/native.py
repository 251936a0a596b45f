"""Compiled files run on one machine with one C library, and extension modules in one Python: find the others.

A wheel's tags promise it; a wheel for any machine promises nothing, and neither does a file in a package of our own.
"""

import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable

from selador_packaging.target import Target
from selador_packaging.zip_writer import STORED, Member

_HEAD = 20  # bytes, up to the machine's number, as elf(5) lays them out
_RUN = {2, 3}  # types: programs and shared objects; an object file or code for the kernel runs nowhere
_MACHINES = {3: "x86", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
# What Linux's loader reads of a 64-bit file: where its parts lie, and in one of them what it needs.
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")  # type, flags, offset, address, physical address, size, memory, alignment
_LOADED, _DYNAMIC = 1, 2  # types of these
_ENTRY = struct.Struct("<qQ")
_NEEDED, _STRINGS = 1, 5  # tags of these: a library's name, by its place among the strings, and the strings' address
_MUSL = b"libc.musl-"
_MACH_O = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_NAMES_PYTHON = re.compile(r"\.((?:cpython|pypy|graalpy)[\w-]*)\.so$")
# What the name of a file says of where it runs: files whose names differ in nothing else are one file to choose from.
_SAYS_WHERE = re.compile(
    r"\.(?:cpython|pypy|graalpy)[\w-]*(?=\.so$)|x86[_-]64|amd64|x64|i[3-6]86|x86|aarch64|arm64|armv?\d\w*|darwin|macos\w*"
    r"|linux|musl\w*|gnu\w*"
)


def find_unfit(filename: str, members: Iterable[Member], target: Target) -> list[str]:
    """A sentence for each of `members`, of the wheel `filename`, that doesn't run on `target`, nor another for it."""
    compiled = [member for member in members if _is_compiled(member.path, _head(member))]
    variants: defaultdict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for member in compiled:
        reason = _reason(member.path, member.content(), target)
        variants[_SAYS_WHERE.sub("", member.path)].append((member.path, reason))
    return [
        f"{filename} has {path}, which {reason}; choose a version that has it for {target}, or compile it for that"
        for group in variants.values()
        if all(reason for _, reason in group)
        for path, reason in group
    ]


def _is_compiled(path: str, head: bytes) -> bool:
    if head.startswith(b"\x7fELF") and len(head) == _HEAD:
        return _number(head, 16) in _RUN
    return path.endswith(".so") and head.startswith(_MACH_O)


def _reason(path: str, content: bytes, target: Target) -> str | None:
    if content.startswith(_MACH_O):
        return "is compiled for macOS"
    number = _number(content, 18)
    machine = _MACHINES.get(number, f"machine {number} of the ELF format")
    if machine != target.machine:
        return f"is compiled for {machine}"
    if any(library.startswith(_MUSL) for library in _find_libraries(content)):
        return "needs the C library musl, and Lambda has glibc"
    named = _NAMES_PYTHON.search(path)
    if named and named[1] != (expected := f"cpython-{target.abi.removeprefix('cp')}-{target.machine}-linux-gnu"):
        return f"has the name of one for {named[1]}, not {expected}, so it is never imported"
    return None


def _find_libraries(content: bytes) -> list[bytes]:
    """The names of the libraries that a 64-bit ELF file needs; none where it doesn't say so as a loader wants it."""
    try:
        start, size, count = *struct.unpack_from("<Q", content, 32), *struct.unpack_from("<HH", content, 54)
        parts = [_PROGRAM_HEADER.unpack_from(content, start + number * size) for number in range(count)]
        [(offset, length)] = [(part[2], part[5]) for part in parts if part[0] == _DYNAMIC]
        entries = list(_ENTRY.iter_unpack(content[offset : offset + length]))
        [address] = [value for tag, value in entries if tag == _STRINGS]
        [strings] = [
            address - part[3] + part[2] for part in parts if part[0] == _LOADED and 0 <= address - part[3] < part[5]
        ]
    except (OverflowError, struct.error, ValueError):
        return []
    names = (strings + value for tag, value in entries if tag == _NEEDED)
    return [content[name : content.find(b"\0", name)] for name in names]


def _number(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 2], "little" if head[5] == 1 else "big")


def _head(member: Member) -> bytes:
    if member.method == STORED:
        return member.stream[:_HEAD]
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(member.stream, _HEAD)
