"""What roles were allowed to do, and did: to be held against what their policies allow."""

from threading import Lock

_RESOURCES = 20  # kept of each action: posts name connections, of which there is no end


class ObservedCalls:
    """The actions that were allowed, by role, each with the first resources that it was allowed on."""

    def __init__(self) -> None:
        self._resources: dict[tuple[str, str], set[str]] = {}
        self._lock = Lock()

    def note(self, role_arn: str, action: str, resource: str) -> None:
        with self._lock:
            resources = self._resources.setdefault((role_arn, action), set())
            if len(resources) < _RESOURCES:
                resources.add(resource)

    def as_list(self) -> list[dict[str, str]]:
        """Return `{"roleArn", "action", "resource"}` for each, in order."""
        with self._lock:
            return [
                {"roleArn": role_arn, "action": action, "resource": resource}
                for (role_arn, action), resources in sorted(self._resources.items())
                for resource in sorted(resources)
            ]
