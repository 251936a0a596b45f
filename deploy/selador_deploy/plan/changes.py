"""A plan's changes, read from what `terraform show -json` says of each resource. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selador_deploy.errors import DeployError
from selador_deploy.plan.iam_statements import DENY, POLICY_ATTRIBUTES, statements

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
# Parts of a deployment. A deployment is created before the old one is destroyed, and so is what it consists of; but AWS
# refuses a second route, route response or authorizer of the same name. The one that is there is whole: one call makes
# it.
UNREPLACEABLE_TYPES = frozenset(
    {"aws_apigatewayv2_authorizer", "aws_apigatewayv2_route", "aws_apigatewayv2_route_response"}
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
_NOTHING = {("no-op",), ("read",)}
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
    unknown_policies: tuple[str, ...] = ()
    """Names of the attributes whose policy is known only after the apply."""
    opens: str = ""
    """How it lets anybody connect, if it does and nothing did before."""
    tainted: bool = False
    """Whether it is replaced because making it failed half-way."""

    @property
    def stateful(self) -> bool:
        """Whether it holds what another apply doesn't bring back."""
        return self.type in STATEFUL_TYPES

    @property
    def fails(self) -> bool:
        """Whether AWS would refuse it: the replacement of what can't stand beside itself."""
        return self.tainted and self.type in UNREPLACEABLE_TYPES

    @property
    def widens(self) -> list[str]:
        """The permissions that it gives, and the denials that it takes back."""
        if self.action == "destroy":  # with what it was denied for
            return []
        given = [statement for statement in self.added_statements if not statement.startswith(DENY)]
        return given + [f"no longer {statement}" for statement in self.removed_statements if statement.startswith(DENY)]

    @property
    def loses(self) -> bool:
        """Whether the resource that exists now is destroyed."""
        return self.action in {"destroy", "replace"}


def is_change(resource: Mapping[str, Any]) -> bool:
    """Return whether Terraform does anything to a resource but read it."""
    return tuple(resource["change"]["actions"]) not in _NOTHING


def destroys_without_reason(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource goes though the configuration still has it, as with `terraform plan -destroy`.

    Of a plan by the configuration, Terraform tells why each resource goes. A deposed one is the rest of a replacement.
    """
    return (
        tuple(resource["change"]["actions"]) == ("delete",)
        and not resource.get("action_reason")
        and "deposed" not in resource
    )


def read_change(resource: Mapping[str, Any]) -> Change:
    """Return a resource's change. Raises DeployError for an action that isn't known here, such as create and forget."""
    change = resource["change"]
    actions = tuple(change["actions"])
    if actions not in _ACTIONS:
        raise DeployError(
            f"Terraform means to {' and '.join(actions)} {resource['address']}, and this program can't judge that",
            "find out why, with terraform plan itself; nothing was saved or applied",
        )
    action = _ACTIONS[actions]
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    attributes = _changed(before, after, unknown) if action in {"change", "replace"} else ()
    removed, added, later = _statement_changes(resource["type"], before, after, unknown)
    return Change(
        resource["address"],
        resource["type"],
        action,
        _why(resource, change),
        attributes,
        removed,
        added,
        later,
        _opens(resource["type"], before, after),
        resource.get("action_reason") == "replace_because_tainted",
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
    value = _block(values.get(name))
    return None if value in ("", [], {}) else value


def _block(value: Any) -> Any:
    """Return the value without what is absent inside its blocks, and blocks in an order of their own.

    The provider writes an argument of a block that isn't set as null when it creates, and as "" or 0 when it reads. So
    the blocks of a set come in another order, too.
    """
    if isinstance(value, Mapping):
        kept = {name: _block(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner or inner is False}
    if isinstance(value, list) and all(isinstance(inner, Mapping) for inner in value):
        return sorted((_block(inner) for inner in value), key=lambda block: json.dumps(block, sort_keys=True))
    return value


def _why(resource: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    paths = [".".join(str(part) for part in path) for path in change.get("replace_paths", [])]
    if paths:
        return f"{', '.join(sorted(paths))} can't be changed in place"
    return _REASONS.get(resource.get("action_reason", ""), "")


def _statement_changes(
    type_: str, before: Mapping[str, Any], after: Mapping[str, Any], unknown: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    removed: list[str] = []
    added: list[str] = []
    later: list[str] = []
    for attribute in POLICY_ATTRIBUTES.get(type_, ()):
        if unknown.get(attribute):  # nobody can say yet what goes and what comes
            later.append(attribute)
            continue
        old, new = statements(type_, attribute, before), statements(type_, attribute, after)
        removed += [statement for statement in old if statement not in new]
        added += [statement for statement in new if statement not in old]
    return tuple(removed), tuple(added), tuple(later)


def _opens(type_: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return how a route of `$connect` stops asking who connects."""
    if type_ != "aws_apigatewayv2_route" or after.get("route_key") != "$connect":
        return ""
    old, new = before.get("authorization_type"), after.get("authorization_type")
    return f"authorization_type {old or '(no route)'} → {new}" if new == "NONE" and old != "NONE" else ""
