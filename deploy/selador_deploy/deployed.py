"""What a state says of what exists: in which Regions it lies, whether it is protected, which release serves. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from selador_deploy.errors import DeployError

_VERSION = 4


def regions(state: Mapping[str, Any]) -> frozenset[str]:
    """Return the Regions that the state's resources lie in, by their ARNs. A role's ARN names none."""
    arns = (str(attributes.get("arn") or "") for attributes in _managed(state))
    return frozenset(arn.split(":")[3] for arn in arns if arn.count(":") >= 5) - {""}


def is_protected(state: Mapping[str, Any]) -> bool:
    """Return whether the environment was protected when it was last applied: its resources then have that tag."""
    return any((attributes.get("tags_all") or {}).get("protected") == "true" for attributes in _managed(state))


def serving_release(state: Mapping[str, Any]) -> str:
    """Return the published release that was last applied, by its manifest's hash; empty if there is none."""
    return _output(state, "release")


def api_id(state: Mapping[str, Any]) -> str:
    """Return the id of the API that was last applied; empty if there is none."""
    return _output(state, "api_id")


def _output(state: Mapping[str, Any], name: str) -> str:
    return str(state.get("outputs", {}).get(name, {}).get("value") or "")


def _managed(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the attributes of every resource. Raises DeployError for a state of another version than Terraform 1's."""
    if not state:  # before the first apply
        return
    if state.get("version") != _VERSION:
        raise DeployError(
            f"the state has version {state.get('version')}, and this program reads version {_VERSION}",
            "use the release of this repository that wrote it",
        )
    for resource in state.get("resources", []):
        if resource["mode"] == "managed":
            yield from (instance["attributes"] for instance in resource["instances"])
