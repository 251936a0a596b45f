"""JSON that others wrote, read with care: a value of another type than expected counts as not given."""

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

_OBJECT_REPR = re.compile(r"<[\w.]+(?: object)? at 0x[0-9a-fA-F]+>")
_CALL_REPR = re.compile(r"(?:[A-Z]\w*\(\w+=|(?:OrderedDict|defaultdict)\().*\)", re.DOTALL)
_DICT_REPR = re.compile(r"[\[(]*\{'[^'\n]{1,64}': .*[}\])]", re.DOTALL)

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}")
_MEMBERS_NAMED = 6


def object_of(text: str) -> Mapping[str, Any] | None:
    """Return the JSON object that `text` is, None if it is something else."""
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return None
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def string(value: object) -> str | None:
    """Return a text, or the first one of an array; None for anything else."""
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str)), None)
    return characters(value) if isinstance(value, str) and value else None


def characters(text: str) -> str:
    """Return `text` without halves of characters, which JSON's escapes can hold and no frame can carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def count(value: object) -> int | None:
    """Return a whole number from 0."""
    return value if type(value) is int and value >= 0 else None


def members(value: object) -> Mapping[str, Any]:
    """Return an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def name(value: object) -> str | None:
    """Return a text that may be logged, since it can only be a name: a code, a type, a member's."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def shape(value: object) -> str:
    """Return what kind of JSON `value` is, with the names in it but none of its contents."""
    if isinstance(value, dict):
        if kind := name(value.get("type")):
            return f"object of type {kind}"
        named = [member for member in value if name(member)][:_MEMBERS_NAMED]
        return f"object of {', '.join(named)}" if named else "object"
    if value is None:
        return "null"
    return {list: "array", str: "string", bool: "boolean"}.get(type(value), "number")


def is_repr(text: str) -> bool:
    """Whether `text` is how Python writes an object down: what an SDK sends for what it can't send as JSON."""
    stripped = text.strip()
    if any(pattern.fullmatch(stripped) for pattern in (_OBJECT_REPR, _CALL_REPR, _DICT_REPR)):
        return True
    if stripped[:1] + stripped[-1:] not in {"{}", "[]"}:
        return False
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        pass
    else:
        return False  # "[1]" is a mark in a text, and an answer may be JSON
    try:
        return isinstance(ast.literal_eval(stripped), dict | list)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
