"""Sum up a plan for a person to judge on one screen: warnings first, then losses with their reasons, the rest by name.

Attributes are named, and their values are not shown: a value may be secret. Permissions are the exception: they are
shown statement by statement. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from selador_deploy.findings import Finding, Verdict
from selador_deploy.orphans import Orphan
from selador_deploy.plan.changes import ACTIONS, Change, destroys_without_reason, is_change, read_change
from selador_deploy.plan.readers import Reader
from selador_deploy.wording import counted

_MAX_LINES = 8
_MAX_IAM_LINES = 30
"""All of it is one screen. JSON=1 has the rest."""


@dataclass(frozen=True)
class Summary:
    """Every change of a plan, the root outputs that change, and what to know before any of it."""

    changes: tuple[Change, ...]
    outputs: tuple[str, ...]
    vanished: tuple[Change, ...]
    """What the state has and Terraform no longer finds."""
    warnings: tuple[str, ...]
    """Terraform's, and the checks that fail."""
    destroyed_without_reason: tuple[str, ...]
    first: bool
    """Whether nothing exists yet."""
    orphans: tuple[Orphan, ...] = ()
    """What it would create and exists already."""
    adopts: tuple[Orphan, ...] = ()
    """What it takes into the state as it is, or with a change that is among the changes."""
    readers: tuple[Reader, ...] = ()
    """Who else reads the queue that it would read."""
    rests_on: tuple[Finding, ...] = ()
    """What AWS says of the model, the knowledge base and the rest that the plan doesn't make."""

    def of(self, action: str) -> list[Change]:
        """Return the changes with one action."""
        return [change for change in self.changes if change.action == action]

    def losses(self, allowed: Iterable[str] = ()) -> list[Change]:
        """Return the stateful resources that would go or are gone, without those whose address is allowed.

        One that the state would forget goes on existing, but no later plan knows of it.
        """
        named = set(allowed)
        lost = [*self.vanished, *(change for change in self.changes if change.loses or change.action == "forget")]
        return [change for change in lost if change.stateful and change.address not in named]

    @property
    def opens(self) -> list[str]:
        """How the plan lets anybody connect."""
        return [f"{change.address}: {change.opens}" for change in self.changes if change.opens]

    @property
    def widens(self) -> list[str]:
        """The permissions that what exists already gets; of a first apply, none."""
        changes = () if self.first else self.changes
        return [f"{change.address}: {line}" for change in changes for line in change.widens]

    def to_json(self) -> dict[str, Any]:
        """Return what `render` says, uncut, for a machine."""
        return {
            "warnings": list(self.warnings),
            "opens": self.opens,
            "widens": self.widens,
            "vanished": [change.address for change in self.vanished],
            "orphans": {orphan.address: orphan.id for orphan in self.orphans},
            "otherReaders": {reader.mapping_id: reader.function_arn for reader in self.readers},
            "adopts": {orphan.address: orphan.id for orphan in self.adopts},
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
                    "iam": {
                        "removed": list(change.removed_statements),
                        "added": list(change.added_statements),
                        "knownAfterApply": list(change.unknown_policies),
                    },
                }
                for change in self.changes
            ],
            "outputs": list(self.outputs),
            "restsOn": [
                {"subject": one.subject, "verdict": one.verdict.value, "detail": one.detail} for one in self.rests_on
            ],
        }


def summarize(plan: Mapping[str, Any], warnings: Iterable[str] = ()) -> Summary:
    """Read the JSON form of a saved plan. `warnings` are what Terraform said beside it when it planned."""
    resources = plan.get("resource_changes", [])
    changes = tuple(read_change(resource) for resource in resources if is_change(resource))
    drifted = (resource for resource in plan.get("resource_drift", []) if resource["change"]["actions"] == ["delete"])
    outputs = (
        name for name, change in plan.get("output_changes", {}).items() if change["actions"] not in (["no-op"], [])
    )
    return Summary(
        changes=changes,
        outputs=tuple(sorted(outputs)),
        vanished=tuple(read_change(resource) for resource in drifted),
        warnings=tuple(dict.fromkeys([*warnings, *_failed_checks(plan)])),
        destroyed_without_reason=tuple(
            resource["address"] for resource in resources if destroys_without_reason(resource)
        ),
        adopts=tuple(
            Orphan(resource["address"], resource["change"]["importing"]["id"])
            for resource in resources
            if resource["change"].get("importing")
        ),
        first=all(resource["change"]["actions"] in (["create"], ["read"]) for resource in resources),
    )


def render(summary: Summary, environment: str) -> Iterator[str]:
    """Yield the lines for a person; the first ones are what to know before anything else."""
    more = f"make plan ENV={environment} JSON=1 lists all"
    yield from _render_warnings(summary, more)
    yield from _section("exists already, in no state", (f"{one.address}: {one.id}" for one in summary.orphans), more)
    others = (f"{one.mapping_id}: feeds {one.function_arn}" for one in summary.readers)
    yield from _section("reads the queue already", others, more)
    yield from _section("to adopt into the state", (f"{one.address}: {one.id}" for one in summary.adopts), more)
    yield from _changes(summary, more)
    yield from (f"rests on {one.subject}: {one.detail}" for one in summary.rests_on if one.verdict is Verdict.OK)
    unknown = [one.subject for one in summary.rests_on if one.verdict is Verdict.UNKNOWN]
    if unknown:
        yield f"not known: {', '.join(unknown)}; make doctor ENV={environment} says why"


def _changes(summary: Summary, more: str) -> Iterator[str]:
    if not summary.changes:
        yield "No changes." if not summary.outputs else f"No changes but of outputs: {', '.join(summary.outputs)}"
        return
    yield ", ".join(
        f"{len(changes)} to {action}"
        for action in ACTIONS
        if (changes := summary.of(action)) or action in {"destroy", "replace"}
    )
    for action in ("destroy", "replace", "forget"):
        yield from _losses(f"to {action}", summary.of(action), more)
    yield from _section("to change", map(_named, summary.of("change")), more)
    iam = (line for change in summary.changes for line in _iam(change, with_added=summary.first))
    yield from _section("IAM", iam, more, limit=_MAX_IAM_LINES)
    for action, counts in _by_type(summary.changes).items():
        yield f"{action}: {', '.join(f'{count} {type_}' for type_, count in counts.items())}"
    if summary.outputs:
        yield f"outputs that change: {', '.join(summary.outputs)}"


def _render_warnings(summary: Summary, more: str) -> Iterator[str]:
    """Yield a line for each warning, each way to open the API, each loss that has happened and each wider permission.

    `more` says what lists all permissions, if there are too many.
    """
    yield from (f"WARNING {warning}" for warning in summary.warnings)
    pressing = (one for one in summary.rests_on if one.verdict in {Verdict.WARNING, Verdict.MISSING})
    yield from (f"WARNING {one.subject}: {one.detail}" for one in pressing)
    yield from (f"OPENS THE API to anybody who learns its URL: {line}" for line in summary.opens)
    yield from _losses("gone since the last apply", summary.vanished, more)
    yield from _section("WIDENS", summary.widens, more, limit=_MAX_IAM_LINES)


def _failed_checks(plan: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the failed checks say. A plan to destroy evaluates none, so that they stay unknown."""
    destroys = any(map(destroys_without_reason, plan.get("resource_changes", [])))
    unknown = () if destroys else ("unknown",)
    for check in plan.get("checks", []):
        if check["address"].get("kind") != "check" or check["status"] not in {"fail", "error", *unknown}:
            continue
        said = [problem["message"] for one in check.get("instances", []) for problem in one.get("problems", [])]
        yield from said or [f"{check['address']['to_display']} can't be told before the apply"]


def _section(title: str, lines: Iterable[str], more: str, limit: int = _MAX_LINES) -> Iterator[str]:
    found = list(lines)
    if not found:
        return
    yield f"{title}:"
    yield from (f"  {line}" for line in found[:limit])
    if len(found) > limit:
        yield f"  … and {counted(len(found) - limit, 'more line')}; {more}"


def _losses(title: str, lost: Iterable[Change], more: str) -> Iterator[str]:
    """Yield the losses: those that hold something first, and all of them."""
    found = sorted(lost, key=lambda change: not change.stateful)
    stateful = sum(change.stateful for change in found)
    yield from _section(title, map(_lost, found), more, limit=max(_MAX_LINES, stateful))


def _lost(change: Change) -> str:
    mark = "STATEFUL " if change.stateful else ""
    return f"{mark}{change.address}{f', because {change.why}' if change.why else ''}"


def _named(change: Change) -> str:
    return f"{change.address}: {', '.join(change.attributes)}"


def _iam(change: Change, *, with_added: bool) -> Iterator[str]:
    """Yield a change's statements; what is widened stands above already."""
    lines = [f"  - {statement}" for statement in change.removed_statements]
    lines += [f"  + {one}" for one in change.added_statements if with_added or one not in change.widens]
    lines += [f"  ? {attribute} is known after the apply" for attribute in change.unknown_policies]
    if lines:
        yield f"{change.address}:"
        yield from lines


def _by_type(changes: Iterable[Change]) -> dict[str, dict[str, int]]:
    """Return how many resources of each type each action is about."""
    counts: dict[str, Counter[str]] = {action: Counter() for action in ACTIONS}
    for change in changes:
        counts[change.action][change.type] += 1
    return {action: dict(sorted(by_type.items())) for action, by_type in counts.items() if by_type}
