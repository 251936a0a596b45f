"""Sum up a plan for a person to judge on one screen: losses first, each with its reason, then the rest by name.

Attributes are named, and their values are not shown: a value may be secret. Permissions are the exception: they are
shown statement by statement. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from selador_deploy.plan.changes import ACTIONS, Change, is_change, read_change

_MAX_LINES = 8
_MAX_IAM_LINES = 30
"""All of it is one screen. `make show` has the rest."""


@dataclass(frozen=True)
class Summary:
    """Every change of a plan, and the root outputs that change."""

    changes: tuple[Change, ...]
    outputs: tuple[str, ...]

    def of(self, action: str) -> list[Change]:
        """Return the changes with one action."""
        return [change for change in self.changes if change.action == action]

    def losses(self, allowed: Iterable[str] = ()) -> list[Change]:
        """Return the stateful resources that would go, without those whose address is allowed."""
        named = set(allowed)
        return [change for change in self.changes if change.stateful and change.loses and change.address not in named]

    def to_json(self) -> dict[str, Any]:
        """Return what `render` says, uncut, for a machine."""
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
    changes = tuple(read_change(resource) for resource in plan.get("resource_changes", []) if is_change(resource))
    outputs = (
        name for name, change in plan.get("output_changes", {}).items() if change["actions"] not in (["no-op"], [])
    )
    return Summary(changes, tuple(sorted(outputs)))


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
    """Return how many resources of each type each action is about."""
    counts: dict[str, Counter[str]] = {action: Counter() for action in ACTIONS}
    for change in changes:
        counts[change.action][change.type] += 1
    return {action: dict(sorted(by_type.items())) for action, by_type in counts.items() if by_type}
