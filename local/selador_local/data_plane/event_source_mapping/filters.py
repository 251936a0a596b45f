"""Which messages a mapping's filters let through, by the rules of event filtering (ESM-35, ESM-36). Pure."""

import json
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import batched
from typing import Any

type Pattern = Mapping[str, Any]

_ABSENT = object()
_OR = "$or"
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}


def passes(patterns: Iterable[Pattern], record: Mapping[str, Any]) -> bool:
    """Return whether a record matches one of the patterns, or there is none."""
    chosen = list(patterns)
    return not chosen or any(_matches(pattern, _content(pattern, record)) for pattern in chosen)


def unknown_operators(pattern: Pattern) -> set[str]:
    """Return the operators of a pattern that Lambda doesn't have."""
    return {name for condition in _conditions(pattern) for name in condition} - {"exists", *_OPERATORS}


def _conditions(pattern: Pattern) -> Iterator[Mapping[str, Any]]:
    """Yield the conditions that are no plain values, at any depth."""
    for key, value in pattern.items():
        if key == _OR:
            for alternative in value:
                yield from _conditions(alternative)
        elif isinstance(value, dict):
            yield from _conditions(value)
        else:
            yield from (condition for condition in value if isinstance(condition, dict))


def _content(pattern: Pattern, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record, with its body read if the pattern looks into it; one that isn't JSON is absent then."""
    if not isinstance(pattern.get("body"), dict):
        return record
    try:
        return {**record, "body": json.loads(record["body"])}
    except ValueError:
        return {**record, "body": _ABSENT}


def _matches(pattern: Pattern, value: Any) -> bool:
    if isinstance(value, list):
        return any(_matches(pattern, item) for item in value)
    if value is _ABSENT:
        return False
    members = value if isinstance(value, dict) else {}
    return all(_member_matches(key, wanted, members) for key, wanted in pattern.items())


def _member_matches(key: str, wanted: Any, members: Mapping[str, Any]) -> bool:
    if key == _OR:
        return any(_matches(alternative, members) for alternative in wanted)
    if isinstance(wanted, dict):
        return _matches(wanted, members.get(key, {}))
    found = members.get(key, _ABSENT)
    values = found if isinstance(found, list) else [found]
    return any(_holds(condition, value) for condition in wanted for value in values)


def _holds(condition: Any, value: Any) -> bool:
    if isinstance(condition, dict):
        [(name, operand)] = condition.items()
        return _operator_holds(name, operand, value)
    return (type(condition) is type(value) and bool(condition == value)) or _is_equal_number(condition, value)


def _operator_holds(name: str, operand: Any, value: Any) -> bool:
    if name == "exists":
        return (value is not _ABSENT) is operand
    return value is not _ABSENT and _OPERATORS[name](operand, value)


def _is_anything_but(operand: Any, value: Any) -> bool:
    return not any(_holds(unwanted, value) for unwanted in (operand if isinstance(operand, list) else [operand]))


def _is_in_range(operand: list[Any], value: Any) -> bool:
    """`operand` is a list such as `[">", 0, "<=", 5]`."""
    return _is_number(value) and all(
        _COMPARISONS[sign](value, limit) for sign, limit in batched(operand, 2, strict=True)
    )


def _is_equal_number(one: Any, other: Any) -> bool:
    return _is_number(one) and _is_number(other) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "anything-but": _is_anything_but,
    "equals-ignore-case": lambda operand, value: isinstance(value, str) and value.lower() == operand.lower(),
    "numeric": _is_in_range,
    "prefix": lambda operand, value: isinstance(value, str) and value.startswith(operand),
    "suffix": lambda operand, value: isinstance(value, str) and value.endswith(operand),
}
