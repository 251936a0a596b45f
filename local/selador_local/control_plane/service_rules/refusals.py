"""The form of a rule: it yields the refusals of a request, of which the first is answered."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from selador_local.control_plane.front_door.refusals import CallRefusedError

type Request = Mapping[str, Any]
type Refusals = Iterator[CallRefusedError]
type Rule[State] = Callable[[Request, State], Refusals]


def bad_request(code: str, message: str) -> CallRefusedError:
    """Return a refusal that is answered with 400."""
    return CallRefusedError(code, message, status=400)
