"""Write a policy as one line a statement, to be compared by eye: `Allow sqs:SendMessage on arn:…`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

# Which attributes of which resources say who may do what.
POLICY_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "aws_iam_policy": ("policy",),
    "aws_iam_role": ("assume_role_policy",),
    "aws_iam_role_policies_exclusive": ("policy_names",),
    "aws_iam_role_policy": ("policy",),
    "aws_iam_role_policy_attachment": ("policy_arn",),
    "aws_kms_key": ("policy",),
    "aws_lambda_permission": ("source_arn",),
    "aws_s3_bucket_policy": ("policy",),
    "aws_sns_topic": ("policy",),
    "aws_sns_topic_policy": ("policy",),
    "aws_sqs_queue": ("policy",),
    "aws_sqs_queue_policy": ("policy",),
}

DENY = "Deny "
"""How a statement begins that takes a permission away."""


def statements(type_: str, attribute: str, values: Mapping[str, Any]) -> list[str]:
    """Return the statements of a resource's attribute; none if it has no value."""
    value = values.get(attribute)
    if type_ == "aws_lambda_permission" and values:
        return [f"Allow {values.get('principal')} {values.get('action')} from {value or 'any source'}"]
    if not value:
        return []
    if type_ == "aws_iam_role_policies_exclusive":
        return [f"the inline policy {name}" for name in sorted(value)]
    if type_ == "aws_iam_role_policy_attachment":
        return [f"everything that {value} allows"]
    try:
        found = json.loads(value)["Statement"]
    except (ValueError, KeyError, TypeError):
        return [f"{attribute} can't be read as a policy"]
    return [_statement(statement) for statement in (found if isinstance(found, list) else [found])]


def _statement(statement: Mapping[str, Any]) -> str:
    parts = (f"{words}{show(statement[element])}" for element, words, show in _ELEMENTS if element in statement)
    return " ".join((statement["Effect"], *parts))


def _principal(principal: Any) -> str:
    if isinstance(principal, str):
        return "anybody" if principal == "*" else principal
    return ", ".join(_joined(value) for value in principal.values())


def _condition(condition: Mapping[str, Mapping[str, Any]]) -> str:
    return " and ".join(
        f"{key} {operator} {_joined(value)}" for operator, keys in condition.items() for key, value in keys.items()
    )


def _joined(value: Any) -> str:
    return ", ".join(sorted(str(one) for one in value)) if isinstance(value, list) else str(value)


# The elements in the order of the sentence, the words before each, and how its value is shown.
_ELEMENTS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("Principal", "", _principal),
    ("NotPrincipal", "all but ", _principal),
    ("Action", "", _joined),
    ("NotAction", "all but ", _joined),
    ("Resource", "on ", _joined),
    ("NotResource", "on all but ", _joined),
    ("Condition", "if ", _condition),
)
