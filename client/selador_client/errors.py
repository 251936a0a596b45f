"""Why a request got no answer. All errors derive from SeladorClientError; each message says what to do next.

SeladorClientError
├── NoUrlError
├── ConnectionFailedError
├── MissingFrameError
└── RequestError
    ├── UnansweredError
    ├── LostError
    ├── IncompleteError
    └── ServiceError, with a class for each code of the protocol
"""

from selador_shared.protocol import ErrorCode


class SeladorClientError(Exception):
    """Base of every error of this client."""


class NoUrlError(SeladorClientError):
    """No URL was given, and none can be found."""


class ConnectionFailedError(SeladorClientError):
    """No connection could be opened."""


class MissingFrameError(SeladorClientError):
    """An attempt left a frame out."""


class RequestError(SeladorClientError):
    """A request without an answer. `again` says whether and when to ask the same again, as docs/protocol.md has it."""

    def __init__(self, message: str, again: str) -> None:
        super().__init__(message)
        self.again = again


class UnansweredError(RequestError):
    """Nothing said that the request is queued, however often it was sent."""


class LostError(RequestError):
    """The request was queued, and its end won't come."""


class IncompleteError(RequestError):
    """A part of the answer is missing."""


class ServiceError(RequestError):
    """The service's own `error`, or the same found before the message was sent. `field` is the member at fault."""

    def __init__(self, message: str, again: str, code: ErrorCode, field: str | None) -> None:
        super().__init__(message, again)
        self.code = code
        self.field = field


class InvalidRequestError(ServiceError):
    """The message breaks a rule."""


class UnknownActionError(ServiceError):
    """The service doesn't know the action."""


class MessageTooLargeError(ServiceError):
    """The message is over 32 KB."""


class UnauthorizedError(ServiceError):
    """The token has expired, or can't be used."""


class UnavailableError(ServiceError):
    """The request could not be queued."""


class ThrottledError(ServiceError):
    """The model's quota is used up."""


class ContentBlockedError(ServiceError):
    """A guardrail blocked the question or the answer."""


class DeadlineExceededError(ServiceError):
    """The request waited too long, or its answer took too long."""


class AttemptsExhaustedError(ServiceError):
    """Every attempt failed."""


class InternalError(ServiceError):
    """Something is wrong in the service."""


BY_CODE: dict[ErrorCode, type[ServiceError]] = {
    "invalid_request": InvalidRequestError,
    "unknown_action": UnknownActionError,
    "message_too_large": MessageTooLargeError,
    "unauthorized": UnauthorizedError,
    "unavailable": UnavailableError,
    "throttled": ThrottledError,
    "content_blocked": ContentBlockedError,
    "deadline_exceeded": DeadlineExceededError,
    "attempts_exhausted": AttemptsExhaustedError,
    "internal": InternalError,
}
