"""SQS's limits for a message: its size and its characters. Pure."""

import re
from collections.abc import Mapping
from typing import Any

MAX_BATCH_BYTES = 1_048_576  # 1 MiB for a batch as a whole (SQS-01)
MAX_ATTRIBUTES = 10  # of a message (SQS-03)

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
