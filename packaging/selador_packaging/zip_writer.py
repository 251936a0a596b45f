"""Lay out a zip so that its bytes depend on its members alone.

Rules: nothing is compressed here; a member keeps the stream it came with.
Members are sorted by the bytes of their names, dated 1980-01-01 (the earliest DOS date), 0644 or 0755, marked as
written on Unix by version 2.0; sizes stand in the local header, so there is no data descriptor; no extra fields,
no comments, no folders; the UTF-8 flag only where the name isn't ASCII.
"""

import stat
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from selador_packaging.errors import PackagingError

STORED, DEFLATED = 0, 8  # compression methods

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_VERSION = 20  # 2.0: the first with deflate
_UNIX = 3 << 8
_UTF8 = 1 << 11
_TIME, _DATE = 0, 1 << 5 | 1  # 00:00:00, 1980-01-01
_MOST_MEMBERS, _MOST_BYTES = 2**16 - 1, 2**32 - 1  # beyond them a zip needs the zip64 format


@dataclass(frozen=True)
class Member:
    """A file in a zip: its path with `/`, its `stream` as `method` left it, and the size and CRC-32 of its content."""

    path: str
    stream: bytes
    method: int
    size: int
    crc: int
    executable: bool = False

    def content(self) -> bytes:
        """The file itself; raises ValueError where the stream doesn't give what `size` and `crc` promise."""
        content = self.stream if self.method == STORED else _inflate(self.stream, self.size)
        if len(content) != self.size or zlib.crc32(content) != self.crc:
            raise ValueError("its size or CRC does not match its content")
        return content


def write_zip(members: Iterable[Member]) -> bytes:
    """The bytes of a zip of `members`, whose paths differ; raises PackagingError past what a plain zip holds."""
    local, central = bytearray(), bytearray()
    ordered = sorted(members, key=lambda member: member.path.encode())
    for member in ordered:
        name = member.path.encode()
        flags = 0 if name.isascii() else _UTF8
        mode = stat.S_IFREG | (0o755 if member.executable else 0o644)
        sizes = (member.crc, len(member.stream), member.size, len(name), 0)
        shared = (_VERSION, flags, member.method, _TIME, _DATE, *sizes)
        central += _CENTRAL.pack(0x02014B50, _UNIX | _VERSION, *shared, 0, 0, 0, mode << 16, len(local)) + name
        local += _LOCAL.pack(0x04034B50, *shared) + name + member.stream
        if len(local) > _MOST_BYTES:
            raise PackagingError(f"a zip holds at most {_MOST_BYTES:,} bytes")
    if len(ordered) > _MOST_MEMBERS:
        raise PackagingError(f"a zip holds at most {_MOST_MEMBERS:,} members, not {len(ordered):,}")
    end = _END.pack(0x06054B50, 0, 0, len(ordered), len(ordered), len(central), len(local), 0)
    return bytes(local + central + end)


def _inflate(stream: bytes, size: int) -> bytes:
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = decompressor.decompress(stream, size + 1)  # one more than promised, and no more: a bomb stays packed
    except zlib.error as error:
        raise ValueError(f"its compressed stream is damaged ({error})") from error
    if not decompressor.eof or decompressor.unused_data:
        raise ValueError("its compressed stream is shorter or longer than promised")
    return content
