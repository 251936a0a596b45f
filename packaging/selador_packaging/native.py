"""Compiled files run on one machine, and extension modules in one Python: find those that don't run on the target.

A wheel's tags promise it; a wheel for any machine promises nothing, and neither does a file in a package of our own.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable

from selador_packaging.target import Target
from selador_packaging.zip_writer import STORED, Member

_HEAD = 20  # bytes, up to the machine's number, as elf(5) lays them out
_RUN = {2, 3}  # types: programs and shared objects; an object file or code for the kernel runs nowhere
_MACHINES = {3: "x86", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
_MACH_O = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_NAMES_PYTHON = re.compile(r"\.((?:cpython|pypy|graalpy)[\w-]*)\.so$")
# What the name of a file says of where it runs: files whose names differ in nothing else are one file to choose from.
_SAYS_WHERE = re.compile(
    r"\.(?:cpython|pypy|graalpy)[\w-]*(?=\.so$)|x86[_-]64|amd64|x64|i[3-6]86|x86|aarch64|arm64|armv?\d\w*|darwin|macos\w*"
    r"|linux|musl\w*|gnu\w*"
)


def find_unfit(filename: str, members: Iterable[Member], target: Target) -> list[str]:
    """A sentence for each of `members`, of the wheel `filename`, that doesn't run on `target`, nor another for it."""
    compiled = [(member.path, head) for member in members if _is_compiled(member.path, head := _head(member))]
    variants: defaultdict[str, list[tuple[str, str | None]]] = defaultdict(list)
    for path, head in compiled:
        variants[_SAYS_WHERE.sub("", path)].append((path, _reason(path, head, target)))
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


def _reason(path: str, head: bytes, target: Target) -> str | None:
    if head.startswith(_MACH_O):
        return "is compiled for macOS"
    number = _number(head, 18)
    machine = _MACHINES.get(number, f"machine {number} of the ELF format")
    if machine != target.machine:
        return f"is compiled for {machine}"
    named = _NAMES_PYTHON.search(path)
    if named and named[1] != (expected := f"cpython-{target.abi.removeprefix('cp')}-{target.machine}-linux-gnu"):
        return f"has the name of one for {named[1]}, not {expected}, so it is never imported"
    return None


def _number(head: bytes, offset: int) -> int:
    return int.from_bytes(head[offset : offset + 2], "little" if head[5] == 1 else "big")


def _head(member: Member) -> bytes:
    if member.method == STORED:
        return member.stream[:_HEAD]
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(member.stream, _HEAD)
