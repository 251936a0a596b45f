"""How API Gateway itself answers where the API doesn't: statuses, error types, bodies (WS-80).

They are known for REST APIs. That handshakes of WebSocket APIs are refused in the same words is assumed (WS-26).
"""

import json
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Refusal:
    """An answer of API Gateway's own. `message` is None where it has nothing to say.

    The error's type travels in a header (CB-05).
    """

    status: int
    error_type: str
    message: str | None
    member: str = "message"

    @property
    def body(self) -> bytes:
        return json.dumps({self.member: self.message}, separators=(",", ":")).encode()


FORBIDDEN = Refusal(403, "ForbiddenException", "Forbidden")
MISSING_TOKEN = Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
UNAUTHORIZED = Refusal(401, "UnauthorizedException", "Unauthorized")
# A policy's answer has the member with a capital letter.
DENIED = Refusal(403, "AccessDeniedException", "User is not authorized to access this resource", "Message")
DENIED_EXPLICITLY = Refusal(
    403, "AccessDeniedException", "User is not authorized to access this resource with an explicit deny", "Message"
)
AUTHORIZER_FAILED = Refusal(500, "AuthorizerConfigurationException", None)
TOO_MANY_REQUESTS = Refusal(429, "TooManyRequestsException", "Too Many Requests")
HEADERS_TOO_LARGE = Refusal(431, "RequestHeaderFieldsTooLargeException", "Request Header Fields Too Large")
INTEGRATION_FORBIDDEN = Refusal(500, "InternalServerErrorException", "Internal server error")
INTEGRATION_FAILED = Refusal(502, "InternalServerErrorException", "Internal server error")
INTEGRATION_TIMED_OUT = Refusal(504, "InternalServerErrorException", "Endpoint request timed out")


def of_the_function(status: int) -> Refusal:
    """Return the refusal with the status that `$connect`'s function chose (WS-20); its body isn't known."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus else "Refused"
    return Refusal(status, "", phrase)
