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
from selador_client.request import MESSAGES, Again, Request, State

_CLASSES: dict[State, type[RequestError]] = {
    State.INCOMPLETE: IncompleteError,
    State.LOST: LostError,
    State.UNANSWERED: UnansweredError,
}
_MEANING = {
    State.LOST: "the answer is lost: ",
    State.UNANSWERED: f"the question was sent {MESSAGES} times, and nothing says that the service has it: ",
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
        words = request.words or f"the service gives no reason but {code}"
        return BY_CODE[code](f"{words}{_ADVICE[again]}", again, code, request.field)
    words = f"{_MEANING.get(request.state, '')}{request.words}"
    advice = _ADVICE[again] if "ask again" not in words else ""
    return _CLASSES[request.state](f"{words}{advice}", again)
