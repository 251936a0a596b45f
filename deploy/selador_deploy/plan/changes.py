"""A plan's changes, read from what `terraform show -json` says of each resource. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selador_deploy.plan.iam_statements import POLICY_ATTRIBUTES, statements

# Another apply doesn't bring back what these hold: messages, what a key encrypted, subscriptions, logs, objects, the
# URL that clients have.
STATEFUL_TYPES = frozenset(
    {
        "aws_apigatewayv2_api",
        "aws_cloudwatch_log_group",
        "aws_kms_key",
        "aws_s3_bucket",
        "aws_sns_topic",
        "aws_sqs_queue",
    }
)
ACTIONS = ("destroy", "replace", "change", "create", "forget")
"""What may happen to a resource, worst first."""
_ACTIONS = {
    ("create",): "create",
    ("delete",): "destroy",
    ("update",): "change",
    ("create", "delete"): "replace",
    ("delete", "create"): "replace",
    ("forget",): "forget",
}
_REASONS = {
    "replace_because_tainted": "it is tainted: making it failed half-way",
    "replace_by_request": "it was asked for",
    "replace_by_triggers": "replace_triggered_by",
    "delete_because_no_resource_config": "it is no longer in the configuration",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_wrong_repetition": "it is counted another way now",
    "delete_because_count_index": "count is lower",
    "delete_because_each_key": "its key is no longer in for_each",
}


@dataclass(frozen=True)
class Change:
    """One resource's change. `why` is empty if the reason is plain; `attributes` are names."""

    address: str
    type: str
    action: str
    why: str
    attributes: tuple[str, ...]
    removed_statements: tuple[str, ...] = ()
    added_statements: tuple[str, ...] = ()

    @property
    def stateful(self) -> bool:
        """Whether it holds what another apply doesn't bring back."""
        return self.type in STATEFUL_TYPES

    @property
    def loses(self) -> bool:
        """Whether the resource that exists now is destroyed."""
        return self.action in {"destroy", "replace"}


def is_change(resource: Mapping[str, Any]) -> bool:
    """Return whether Terraform does anything to a resource but read it."""
    return tuple(resource["change"]["actions"]) in _ACTIONS


def read_change(resource: Mapping[str, Any]) -> Change:
    """Return a resource's change. Raises KeyError for one that `is_change` denies."""
    change = resource["change"]
    action = _ACTIONS[tuple(change["actions"])]
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    attributes = _changed(before, after, unknown) if action in {"change", "replace"} else ()
    removed, added = _statement_changes(resource["type"], before, after, unknown)
    return Change(
        resource["address"],
        resource["type"],
        action,
        _why(resource, change),
        attributes,
        removed,
        added,
    )


def _changed(before: Mapping[str, Any], after: Mapping[str, Any], unknown: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the attributes that change.

    An attribute that is only unknown until the apply is left out, unless nothing else changes.
    """
    names = {
        name
        for name in {*before, *after}
        if _value(before, name) != _value(after, name) and unknown.get(name) is not True
    }
    return tuple(sorted(names)) or tuple(sorted(name for name, is_unknown in unknown.items() if is_unknown is True))


def _value(values: Mapping[str, Any], name: str) -> Any:
    """Return an attribute's value. Terraform writes an absent one as null, as "" or as an empty list or map."""
    value = values.get(name)
    return None if value in ("", [], {}) else value


def _why(resource: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    paths = [".".join(str(part) for part in path) for path in change.get("replace_paths", [])]
    if paths:
        return f"{', '.join(sorted(paths))} can't be changed in place"
    return _REASONS.get(resource.get("action_reason", ""), "")


def _statement_changes(
    type_: str, before: Mapping[str, Any], after: Mapping[str, Any], unknown: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    removed: list[str] = []
    added: list[str] = []
    for attribute in POLICY_ATTRIBUTES.get(type_, ()):
        old, new = statements(type_, attribute, before), statements(type_, attribute, after)
        if unknown.get(attribute):
            new = [f"{attribute} is known after the apply"]
        removed += [statement for statement in old if statement not in new]
        added += [statement for statement in new if statement not in old]
    return tuple(removed), tuple(added)
