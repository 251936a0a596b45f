"""`make drift`: compare what exists with what the state says."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from selador_deploy.deployment import Deployment
from selador_deploy.plan.changes import Change, read_change
from selador_deploy.plan.guards import check_region
from selador_deploy.progress import say
from selador_deploy.releases import manifest_folder
from selador_deploy.state import open_state

STATUS_DRIFTED = 2
_BLIND_SPOT = (
    "it looks at what Terraform made; what somebody put beside it (another route of the API, another permission to "
    "invoke a function, another subscription) is not seen"
)


def drift(deployment: Deployment, *, release: str | None, dist: str | None) -> int:
    """Print how what exists differs from the state; return the exit status."""
    name = deployment.environment.name
    state = open_state(deployment).content
    check_region(deployment.environment, state)
    folder = manifest_folder(deployment, release, dist, state)
    say(f"looking at everything in {name}")
    with deployment.private_folder() as private:
        saved = private / "tfplan"
        variables = deployment.environment.variable_arguments(folder)
        deployment.report("plan", "-refresh-only", "-input=false", "-lock=false", f"-out={saved}", *variables)
        changes = drifted(json.loads(deployment.capture("show", "-json", str(saved))))
    say(_BLIND_SPOT)
    if not changes:
        print(f"{name} is as Terraform left it")
        return 0
    print(f"{name} has moved:")
    for change in changes:
        print(f"  {change.address}: {'it is gone' if change.action == 'destroy' else ', '.join(change.attributes)}")
    return STATUS_DRIFTED


def drifted(plan: Mapping[str, Any]) -> list[Change]:
    """Return what a refresh-only plan says has moved.

    A role's `inline_policy` is left out if it names exactly the policies in the state, since the provider records the
    role before its policies exist. A policy that somebody added stays, and a changed one shows at the policy itself.
    """
    policies: dict[str, set[str]] = {}
    for resource in _resources(plan.get("prior_state", {}).get("values", {}).get("root_module", {})):
        if resource["type"] == "aws_iam_role_policy":
            policies.setdefault(resource["values"]["role"], set()).add(resource["values"]["name"])
    changes = []
    for resource in plan.get("resource_drift", []):
        change = read_change(resource)
        after = resource["change"].get("after") or {}
        if resource["type"] == "aws_iam_role" and _inline_names(after) == policies.get(after.get("name", ""), set()):
            change = replace(change, attributes=tuple(name for name in change.attributes if name != "inline_policy"))
        if change.attributes or change.action != "change":
            changes.append(change)
    return changes


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _inline_names(role: Mapping[str, Any]) -> set[str]:
    return {policy["name"] for policy in role.get("inline_policy") or []}
