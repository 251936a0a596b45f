"""What a service's model demands of a request: required members, ranges, lengths, patterns, enumerations. Pure.

The words are those of AWS's own validation (VAL-01).
"""

import functools
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NUMBERS = frozenset({"double", "float", "integer", "long"})
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "blob": bytes,
    "boolean": bool,
    **dict.fromkeys(_NUMBERS, (int, float)),
    "list": list,
    "map": dict,
    "string": str,
    "structure": dict,
}
_PROPERTY = re.compile(r"\\p\{(\w+)\}")


@dataclass(frozen=True)
class Violation:
    """A member that breaks a constraint of its shape. `value` is None if the member is missing.

    `shown` says whether the value may be repeated: what the model calls sensitive may not.
    """

    path: str
    value: Any
    constraint: str
    shown: bool = True

    def __str__(self) -> str:
        value = "" if not self.shown else " null" if self.value is None else f" '{_text(self.value)}'"
        return f"Value{value} at '{self.path}' failed to satisfy constraint: {self.constraint}"


def violations(shape: Any, value: Any, path: str = "") -> Iterator[Violation]:
    """Yield what is wrong with a value of a shape, a structure's members one by one."""
    if not _is_of_its_type(shape, value):
        yield Violation(path, value, f"Member must be of type {shape.type_name}", _may_be_shown(shape))
        return
    match shape.type_name:
        case "structure":
            yield from _of_structure(shape, value, path)
            return
        case "list":
            yield from _of_list(shape, value, path)
        case "map":
            yield from _of_map(shape, value, path)
    for constraint in _broken(shape, value):
        yield Violation(path, value, constraint, _may_be_shown(shape))


def _of_structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[Violation]:
    for name in shape.required_members:
        if name not in value:
            yield Violation(_member(path, name), None, "Member must not be null")
    for name, member in shape.members.items():
        if name in value:
            yield from violations(member, value[name], _member(path, name))


def _of_list(shape: Any, value: list[Any], path: str) -> Iterator[Violation]:
    member = shape.member
    for number, item in enumerate(value, start=1):
        if member.type_name in {"list", "map", "structure"}:
            yield from violations(member, item, f"{path}.{number}.member")
        elif broken := list(_broken(member, item)):
            constraint = f"Member must satisfy constraint: [{', '.join(broken)}]"
            yield Violation(path, value, constraint, _may_be_shown(shape))
            return


def _of_map(shape: Any, value: Mapping[Any, Any], path: str) -> Iterator[Violation]:
    for what, part, items in (("keys", shape.key, value), ("value", shape.value, value.values())):
        if part.type_name in {"list", "map", "structure"}:
            for key, item in value.items():
                yield from violations(part, item, f"{path}.{key}.member")
        elif broken := [constraint for item in items for constraint in _broken(part, item)]:
            constraint = f"Map {what} must satisfy constraint: [{', '.join(dict.fromkeys(broken))}]"
            yield Violation(path, value, constraint, _may_be_shown(shape))


def _broken(shape: Any, value: Any) -> Iterator[str]:
    """Yield the constraints of one shape, without those of its parts, that a value breaks."""
    if not _is_of_its_type(shape, value):
        yield f"Member must be of type {shape.type_name}"
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name in _NUMBERS:
        measured, kind = value, "value"
    elif shape.type_name in {"blob", "list", "map", "string"}:
        measured, kind = len(value), "length"
    else:
        return
    if least is not None and measured < least:
        yield f"Member must have {kind} greater than or equal to {least}"
    if most is not None and measured > most:
        yield f"Member must have {kind} less than or equal to {most}"
    pattern, choices = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern is not None and compiled(pattern).fullmatch(value) is None:
        yield f"Member must satisfy regular expression pattern: {pattern}"
    if choices and value not in choices:
        yield f"Member must satisfy enum value set: [{', '.join(choices)}]"


def _is_of_its_type(shape: Any, value: Any) -> bool:
    return isinstance(value, _TYPES.get(shape.type_name, object))


def _member(path: str, name: str) -> str:
    own = name[:1].lower() + name[1:]
    return f"{path}.{own}" if path else own


def _may_be_shown(shape: Any) -> bool:
    if shape.type_name == "blob" or shape.metadata.get("sensitive"):
        return False
    parts = {"list": ("member",), "map": ("key", "value")}.get(shape.type_name, ())
    return all(_may_be_shown(getattr(shape, part)) for part in parts)


def _text(value: Any) -> str:
    """Return a value as Java prints it."""
    match value:
        case dict():
            return f"{{{', '.join(f'{key}={_text(item)}' for key, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(_text, value))}]"
    return str(value)


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of a model. They are Java's: classes such as `\\w` are ASCII, `\\p{L}` means all letters."""
    translated = _PROPERTY.sub(lambda found: _characters()[found[1]], pattern)
    # Java takes the hyphen for itself after a class.
    return re.compile(translated.replace(r"\w-", r"\w\-"), re.ASCII)


@functools.cache
def _characters() -> Mapping[str, str]:
    """Return the ranges of each Unicode category, for the inside of a character class."""
    ranges: dict[str, list[list[int]]] = {}
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        for name in (category, category[0]):
            known = ranges.setdefault(name, [])
            if known and known[-1][1] == code - 1:
                known[-1][1] = code
            else:
                known.append([code, code])
    return {name: "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in known) for name, known in ranges.items()}
