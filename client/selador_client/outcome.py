"""What an end means to a caller: the exception for it."""

from selador_client.errors import (
    BY_CODE,
    ConnectionFailedError,
    IncompleteError,
    LostError,
    RequestError,
    SeladorClientError,
    UnansweredError,
)
from selador_client.request import Again, Request, State

_CLASSES: dict[State, type[RequestError]] = {
    State.INCOMPLETE: IncompleteError,
    State.LOST: LostError,
    State.UNANSWERED: UnansweredError,
}
_ADVICE = {
    Again.NEVER: "",
    Again.ON_A_NEW_CONNECTION: "; ask again with a new token",
    Again.SOON: "; ask again",
    Again.IN_A_MINUTE: "; ask again in a minute",
    Again.IN_A_FEW_MINUTES: "; ask again in a few minutes",
}


def error_of(request: Request) -> SeladorClientError | None:
    """Return the exception for an ended request; None if it is completed, or stopped by its user."""
    if request.state in {State.COMPLETED, State.STOPPED}:
        return None
    if request.state is State.UNSENT:
        return ConnectionFailedError(request.words)
    again = request.again or Again.SOON
    if request.state in {State.FAILED, State.REFUSED}:
        code = request.code or "invalid_request"  # closed with 1003: it takes no such message
        return BY_CODE[code](f"{request.words}{_ADVICE[again]}", again, code, request.field)
    words = request.words if request.state is not State.LOST else f"the answer is lost: {request.words}"
    advice = _ADVICE[again] if "ask again" not in words else ""
    return _CLASSES[request.state](f"{words}{advice}", again)
