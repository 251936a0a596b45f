"""What a plan does, for a person to judge on one screen: what is lost first, then why, then the rest by its names.

Attributes are named, their values never shown (a value may be secret, a name tells who reads where to look), except for
IAM: there a change is shown statement by statement. Pure: it reads what `terraform show -json` says.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from selador_deploy.plan.iam_statements import POLICY_ATTRIBUTES, statements

# What can't be had back by applying again: messages, what a key encrypted, subscriptions, logs, objects, the URL that
# clients have.
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
_MAX_LINES = 8
_MAX_IAM_LINES = 30
"""All of it is one screen. `make show` has the rest."""
ACTIONS = ("destroy", "replace", "change", "create", "forget")


@dataclass(frozen=True)
class Change:
    """One resource's change. `why` is empty where a reason needs no word; `attributes` are names."""

    address: str
    type: str
    action: str
    why: str
    attributes: tuple[str, ...]
    removed_statements: tuple[str, ...] = ()
    added_statements: tuple[str, ...] = ()

    @property
    def stateful(self) -> bool:
        """Whether what would be lost can't be had back."""
        return self.type in STATEFUL_TYPES

    @property
    def loses(self) -> bool:
        """Whether the resource that exists now goes."""
        return self.action in {"destroy", "replace"}


@dataclass(frozen=True)
class Summary:
    """Every change of a plan, and the root outputs that change."""

    changes: tuple[Change, ...]
    outputs: tuple[str, ...] = field(default=())

    def of(self, action: str) -> list[Change]:
        """The changes with one action."""
        return [change for change in self.changes if change.action == action]

    def losses(self, allowed: Iterable[str] = ()) -> list[Change]:
        """The stateful resources that would be destroyed or replaced, without those whose address is allowed."""
        named = set(allowed)
        return [change for change in self.changes if change.stateful and change.loses and change.address not in named]

    def to_json(self) -> dict[str, Any]:
        """For a machine: what `render` says, uncut."""
        return {
            "totals": {action: len(self.of(action)) for action in ACTIONS},
            "byType": _by_type(self.changes),
            "statefulLosses": [change.address for change in self.losses()],
            "changes": [
                {
                    "address": change.address,
                    "action": change.action,
                    "stateful": change.stateful,
                    "why": change.why,
                    "attributes": list(change.attributes),
                    "iam": {"removed": list(change.removed_statements), "added": list(change.added_statements)},
                }
                for change in self.changes
            ],
            "outputs": list(self.outputs),
        }


def summarize(plan: Mapping[str, Any]) -> Summary:
    """Read the JSON form of a saved plan."""
    changes = tuple(
        _change(resource)
        for resource in plan.get("resource_changes", [])
        if tuple(resource["change"]["actions"]) in _ACTIONS
    )
    outputs = (
        name for name, change in plan.get("output_changes", {}).items() if change["actions"] not in (["no-op"], [])
    )
    return Summary(changes, tuple(sorted(outputs)))


def drifted(plan: Mapping[str, Any]) -> Summary:
    """Read a refresh-only plan: how what exists differs from what the state says.

    What a role says of its inline policies is left out where these are the ones in the state: the provider writes the
    role down before them. One that somebody added stays, and one that somebody changed shows at the policy itself.
    """
    policies: dict[str, set[str]] = {}
    for resource in _resources(plan.get("prior_state", {}).get("values", {}).get("root_module", {})):
        if resource["type"] == "aws_iam_role_policy":
            policies.setdefault(resource["values"]["role"], set()).add(resource["values"]["name"])
    changes = []
    for resource in plan.get("resource_drift", []):
        change = _change(resource)
        after = resource["change"].get("after") or {}
        if resource["type"] == "aws_iam_role" and _inline_names(after) == policies.get(after.get("name", ""), set()):
            change = replace(change, attributes=tuple(name for name in change.attributes if name != "inline_policy"))
        if change.attributes or change.action != "change":
            changes.append(change)
    return Summary(tuple(changes))


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _inline_names(role: Mapping[str, Any]) -> set[str]:
    return {policy["name"] for policy in role.get("inline_policy") or []}


def render(summary: Summary) -> Iterator[str]:
    """Yield the lines for a person."""
    if not summary.changes:
        yield "No changes." if not summary.outputs else f"No changes but of outputs: {', '.join(summary.outputs)}"
        return
    yield ", ".join(
        f"{len(changes)} to {action}"
        for action in ACTIONS
        if (changes := summary.of(action)) or action in {"destroy", "replace"}
    )
    for action in ("destroy", "replace"):
        yield from _section(f"to {action}", (_lost(change) for change in summary.of(action)))
    yield from _section("to change", (f"{_named(change)}" for change in summary.of("change")))
    iam = [change for change in summary.changes if change.removed_statements or change.added_statements]
    yield from _section("IAM", (line for change in iam for line in _iam(change)), limit=_MAX_IAM_LINES)
    for action, counts in _by_type(summary.changes).items():
        yield f"{action}: {', '.join(f'{count} {type_}' for type_, count in counts.items())}"
    if summary.outputs:
        yield f"outputs that change: {', '.join(summary.outputs)}"


def _section(title: str, lines: Iterable[str], limit: int = _MAX_LINES) -> Iterator[str]:
    found = list(lines)
    if not found:
        return
    yield f"{title}:"
    yield from (f"  {line}" for line in found[:limit])
    if len(found) > limit:
        yield f"  … and {len(found) - limit} more"


def _lost(change: Change) -> str:
    mark = "STATEFUL " if change.stateful else ""
    return f"{mark}{change.address}{f', because {change.why}' if change.why else ''}"


def _named(change: Change) -> str:
    return f"{change.address}: {', '.join(change.attributes)}"


def _iam(change: Change) -> Iterator[str]:
    yield f"{change.address}:"
    yield from (f"  - {statement}" for statement in change.removed_statements)
    yield from (f"  + {statement}" for statement in change.added_statements)


def _by_type(changes: Iterable[Change]) -> dict[str, dict[str, int]]:
    """How many resources of each type each action is about."""
    counts: dict[str, Counter[str]] = {action: Counter() for action in ACTIONS}
    for change in changes:
        counts[change.action][change.type] += 1
    return {action: dict(sorted(by_type.items())) for action, by_type in counts.items() if by_type}


def _change(resource: Mapping[str, Any]) -> Change:
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
    """Return the names of what changes, without what is merely known again after the change."""
    names = {
        name
        for name in {*before, *after}
        if _value(before, name) != _value(after, name) and unknown.get(name) is not True
    }
    return tuple(sorted(names)) or tuple(sorted(name for name, is_unknown in unknown.items() if is_unknown is True))


def _value(values: Mapping[str, Any], name: str) -> Any:
    """The value of an attribute; Terraform writes nothing now as null, now as empty."""
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
