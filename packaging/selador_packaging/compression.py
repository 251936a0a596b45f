"""Compress with libdeflate, from a locked wheel: its bytes are the same on every machine.

No two versions of zlib need give the same bytes, so what the machine brings is never asked to compress. libdeflate's
output was compared between architectures, processors and versions (docs/decisions).
"""

import zlib

import deflate

from selador_packaging.zip_writer import DEFLATED, STORED, Member

_LEVEL = 12  # the highest: a second of a first build, kept in the cache afterwards


def pack(path: str, content: bytes, *, executable: bool = False) -> Member:
    """The member for `content` at `path`, stored where that is no larger."""
    stream = bytes(deflate.deflate_compress(content, _LEVEL))
    method = DEFLATED
    if len(stream) >= len(content):
        stream, method = content, STORED
    return Member(path, stream, method, len(content), zlib.crc32(content), executable)
