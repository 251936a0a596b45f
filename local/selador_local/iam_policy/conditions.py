"""IAM's condition operators: does a statement's `Condition` hold in a request's context? Pure.

Evaluated: the String and Arn families, Bool and Null, each also with `IfExists`. A key that the context lacks behaves
as on AWS: a positive operator fails, a negated one holds, `IfExists` holds. Other operators (Numeric, Date, IpAddress,
`ForAnyValue:` …) are not evaluated; the caller says what follows, so that doubt never grants anything.
"""

from collections.abc import Callable, Mapping
from typing import Any

from selador_local.iam_policy.wildcards import matches


def _equal(pattern: str, value: str) -> bool:
    return pattern == value


def _equal_ignoring_case(pattern: str, value: str) -> bool:
    return pattern.lower() == value.lower()


# Operator -> how one expected value is compared. `ArnEquals` and `ArnLike` behave the same on AWS.
_POSITIVE: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": _equal_ignoring_case,
}
_NEGATED = {
    "StringNotEquals": _equal,
    "StringNotEqualsIgnoreCase": _equal_ignoring_case,
    "StringNotLike": matches,
    "ArnNotEquals": matches,
    "ArnNotLike": matches,
}


def as_list(value: Any) -> list[Any]:
    """Return a policy's value as a list: IAM allows a single value instead of a list of one."""
    return value if isinstance(value, list) else [value]


def hold(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str], *, if_not_evaluated: bool) -> bool:
    """Return whether all conditions hold. `context` has lower-case keys, since condition keys ignore case.

    `if_not_evaluated` is the result for an operator that this module doesn't know.
    """
    return all(
        _holds(operator, [str(one) for one in as_list(expected)], context.get(key.lower()), if_not_evaluated)
        for operator, expectations in conditions.items()
        for key, expected in expectations.items()
    )


def _holds(operator: str, expected: list[str], actual: str | None, if_not_evaluated: bool) -> bool:
    if operator == "Null":
        return (actual is None) == (expected == ["true"])
    name = operator.removesuffix("IfExists")
    if name in _POSITIVE:
        if actual is None:
            return name != operator
        return any(_POSITIVE[name](one, actual) for one in expected)
    if name in _NEGATED:
        return actual is None or not any(_NEGATED[name](one, actual) for one in expected)
    return if_not_evaluated
