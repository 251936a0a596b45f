"""What roles were allowed to do, and did: to be held against what their policies allow."""

import json
from threading import Lock
from typing import Any

from selador_local.control_plane.front_door.permissions import Permission

_RESOURCES = 200  # kept of each action: posts name connections, of which there is no end


class ObservedCalls:
    """The actions that were allowed, by role, each with the first resources that it was allowed on."""

    def __init__(self) -> None:
        self._resources: dict[tuple[str, str], set[tuple[str, str]]] = {}
        self._lock = Lock()

    def note(self, role_arn: str, permission: Permission) -> None:
        with self._lock:
            resources = self._resources.setdefault((role_arn, permission.action), set())
            if len(resources) < _RESOURCES:
                resources.add((permission.resource, json.dumps(permission.context, sort_keys=True)))

    def as_list(self) -> list[dict[str, Any]]:
        """Return `{"roleArn", "action", "resource", "context"}` for each, in order."""
        with self._lock:
            return [
                {"roleArn": role_arn, "action": action, "resource": resource, "context": json.loads(context)}
                for (role_arn, action), resources in sorted(self._resources.items())
                for resource, context in sorted(resources)
            ]
