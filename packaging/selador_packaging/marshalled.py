"""Write a code object so that equal code gives equal bytes, as small as CPython writes it.

CPython's own writer marks a value as shared when other references to it exist at that moment (`FLAG_REF` in
Python/marshal.c): the bytes then depend on what the process did before. Version 2 of the format shares nothing, so it
is the same everywhere but a third larger. It is read here and written again with sharing decided by value alone: what
has the same version 2 bytes is one value.
"""

import marshal
import struct
from collections import Counter
from types import CodeType
from typing import NamedTuple

_SHARED = 0x80  # in the byte that names a type: this value is numbered, and `r` with its number stands for it later
_ATOMS = {b"N": 0, b"T": 0, b"F": 0, b".": 0, b"S": 0, b"i": 4, b"g": 8, b"y": 16}  # a type and its bytes
_NEVER_SHARED = b"NTF.Sc"  # constants of one byte, and code: two functions that look alike stay two
_CODE_COUNTS = 20  # bytes: the five numbers that a code object begins with
_OBJECTS_BEFORE_LINE = 8  # of a code object; its first line's number and two more objects follow
_REFERENCE_SIZE = 5  # bytes: a shorter value is not worth one
_SMALL = {(b"t", True): b"Z", (b"u", True): b"z", (b"t", False): b"A", (b"u", False): b"a"}  # ASCII: by (type, short)


class _Value(NamedTuple):
    """A value of the version 2 format: `raw` is all of it, `head` and `tail` what isn't an object of its own."""

    type: bytes
    raw: bytes
    head: bytes = b""
    objects: tuple["_Value", ...] = ()
    tail: bytes = b""


def dump_code(code: CodeType) -> bytes:
    """What `marshal.loads` makes an equal code object of; the same bytes for equal code in whatever process."""
    root = _Reader(marshal.dumps(code, 2)).read()
    return _Writer(root).written()


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def read(self) -> _Value:
        begun = self._position
        kind = self._take(1)
        head, tail, objects = b"", b"", ()  # type: bytes, bytes, tuple[_Value, ...]
        if kind in _ATOMS:
            head = self._take(_ATOMS[kind])
        elif kind == b"l":
            count = self._number()
            head = self._content[begun + 1 : self._position] + self._take(2 * abs(count))
        elif kind in {b"s", b"t", b"u"}:
            head = self._take(self._number())
        elif kind in {b"(", b">"}:
            objects = tuple(self.read() for _ in range(self._number()))
        elif kind == b"c":
            head = self._take(_CODE_COUNTS)
            before = tuple(self.read() for _ in range(_OBJECTS_BEFORE_LINE))
            tail = self._take(4)
            objects = (*before, self.read(), self.read())
        else:
            raise ValueError(f"marshal wrote the type {kind!r}, which no code object of CPython 3.13 holds")
        return _Value(kind, self._content[begun : self._position], head, objects, tail)

    def _take(self, size: int) -> bytes:
        self._position += size
        return self._content[self._position - size : self._position]

    def _number(self) -> int:
        return int.from_bytes(self._take(4), "little", signed=True)


class _Writer:
    def __init__(self, root: _Value) -> None:
        self._uses: Counter[bytes] = Counter()
        self._numbers: dict[bytes, int] = {}
        self._output = bytearray()
        self._count(root)
        self._write(root)

    def written(self) -> bytes:
        return bytes(self._output)

    def _count(self, value: _Value) -> None:
        if len(value.raw) > _REFERENCE_SIZE and value.type not in _NEVER_SHARED:
            self._uses[value.raw] += 1
            if self._uses[value.raw] > 1:
                return  # what lies inside is written once
        for inner in value.objects:
            self._count(inner)

    def _write(self, value: _Value) -> None:
        if value.raw in self._numbers:
            self._output += b"r" + self._numbers[value.raw].to_bytes(4, "little")
            return
        shared = 0
        if self._uses[value.raw] > 1:
            self._numbers[value.raw] = len(self._numbers)  # numbered before what lies inside, as the reader does
            shared = _SHARED
        kind, size = _kind_and_size(value)
        self._output.append(kind[0] | shared)
        self._output += size + value.head
        split = _OBJECTS_BEFORE_LINE if value.type == b"c" else len(value.objects)
        for inner in value.objects[:split]:
            self._write(inner)
        self._output += value.tail
        for inner in value.objects[split:]:
            self._write(inner)


def _kind_and_size(value: _Value) -> tuple[bytes, bytes]:
    """The type of version 4, which has shorter ones for ASCII and small tuples, and the length that follows it."""
    match value.type:
        case b"t" | b"u":
            short = len(value.head) < 256
            if value.head.isascii():
                return _SMALL[value.type, short], _length(len(value.head), short=short)
            return value.type, _length(len(value.head))
        case b"(":
            short = len(value.objects) < 256
            return (b")" if short else b"("), _length(len(value.objects), short=short)
        case b">":
            return value.type, _length(len(value.objects))
        case b"s":
            return value.type, _length(len(value.head))
        case _:
            return value.type, b""


def _length(count: int, *, short: bool = False) -> bytes:
    return struct.pack("<B" if short else "<i", count)
