"""SQS's limits for a message: its size, its characters, its attributes, its group and its trace header. Pure."""

import re
from collections.abc import Mapping
from typing import Any

MAX_BATCH_BYTES = 1_048_576  # 1 MiB for a batch as a whole (SQS-01)
MAX_ATTRIBUTES = 10  # of a message (SQS-03)

_ATTRIBUTE_NAME = re.compile(r"(?!(?:aws|amazon)\.)[\w-]+(?:\.[\w-]+)*", re.ASCII | re.IGNORECASE)
_ATTRIBUTE_NAME_LENGTH = 256
_GROUP_ID = re.compile(r"[!-~]{1,128}")  # letters, digits and punctuation (SQS-05)
_TRACE_HEADER = re.compile(r"(?:[^;]+;)*\s*Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;.*)?", re.IGNORECASE)
_REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what a body must not hold (SQS-02)


def size(body: str, attributes: Mapping[str, Any]) -> int:
    """Return the bytes that count: body and attributes together (SQS-01), but not system attributes (SQS-04)."""
    return len(body.encode(errors="surrogatepass")) + sum(
        len(name.encode()) + len(value["DataType"].encode()) + _value_bytes(value) for name, value in attributes.items()
    )


def _value_bytes(value: Mapping[str, Any]) -> int:
    if "StringValue" in value:
        return len(value["StringValue"].encode())
    return len(value.get("BinaryValue", b""))


def refused_character(text: str) -> str | None:
    """Return the first character that SQS refuses, written as in XML (`#x0`), or None."""
    found = _REFUSED.search(text)
    return f"#x{ord(found.group()):X}" if found else None


def is_attribute_name(name: str) -> bool:
    """Return whether a message's attribute may have this name (SQS-03)."""
    return len(name) <= _ATTRIBUTE_NAME_LENGTH and _ATTRIBUTE_NAME.fullmatch(name) is not None


def is_group_id(text: str) -> bool:
    """Return whether a message may have this group."""
    return _GROUP_ID.fullmatch(text) is not None


def is_trace_header(text: str) -> bool:
    """Return whether X-Ray could read this header: it names a trace."""
    return _TRACE_HEADER.fullmatch(text) is not None
