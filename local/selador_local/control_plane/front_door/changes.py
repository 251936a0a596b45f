"""Counts the calls after which the data plane may have something else to run."""

from threading import Lock

from selador_local.control_plane.front_door.api_call import ApiCall

_SERVICES = frozenset({"apigateway", "lambda"})
_READS = ("Get", "List", "Invoke")


class Changes:
    """The count only rises. It counts a refused call as well, since only moto knows whether that left something."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()

    def note(self, call: ApiCall) -> None:
        """Count a call that moto has answered, unless it only reads."""
        if call.service in _SERVICES and not call.operation.startswith(_READS):
            with self._lock:
                self.count += 1
