"""What API Gateway did with a handshake, a message or a disconnection, for its metrics and its access log. Pure."""

import enum
from dataclasses import dataclass
from typing import Literal

from selador_local.data_plane.api_gateway.events import Caller
from selador_local.data_plane.api_gateway.integrations import Failure, ProxyResponse


class ErrorMetric(enum.Enum):
    """Whose fault it was: the metric that counts it (CW-01)."""

    CLIENT = "ClientError"
    EXECUTION = "ExecutionError"
    INTEGRATION = "IntegrationError"


@dataclass(frozen=True)
class IntegrationCall:
    """A call of an integration: how long it took, the status that it had, and its error if it failed."""

    latency_ms: int
    status: int
    error: str | None
    fault: ErrorMetric | None


@dataclass(frozen=True)
class Exchange:
    """One exchange. `status` is the response's; `error` is API Gateway's own, None if it had none."""

    caller: Caller
    event_type: Literal["CONNECT", "MESSAGE", "DISCONNECT"]
    route_key: str | None
    request_id: str
    at_ms: int
    status: int
    message_id: str | None = None
    error: str | None = None
    call: IntegrationCall | None = None
    answered: bool = False
    """Whether a frame went back to the client."""

    @property
    def fault(self) -> ErrorMetric | None:
        if self.call is not None and self.call.fault is not None:
            return self.call.fault
        if 400 <= self.status < 500:
            return ErrorMetric.CLIENT
        return None if self.error is None else ErrorMetric.EXECUTION


# How AWS words these isn't known. A function's error comes with Lambda's own status 200 (LAM-38).
_FAILURES = {
    Failure.RAISED: (200, "The function ended with an error", ErrorMetric.INTEGRATION),
    Failure.MALFORMED: (200, "Malformed Lambda proxy response", ErrorMetric.EXECUTION),
    Failure.TIMED_OUT: (504, "Endpoint request timed out", ErrorMetric.INTEGRATION),
    Failure.THROTTLED: (429, "Rate Exceeded.", ErrorMetric.INTEGRATION),
    Failure.FORBIDDEN: (403, "Invalid permissions on Lambda function", ErrorMetric.EXECUTION),
    Failure.NOT_CALLED: (500, "The function could not be called", ErrorMetric.EXECUTION),
}


def integration_call(answer: ProxyResponse | Failure, latency_ms: int) -> IntegrationCall:
    """Return the facts of a call that was answered so."""
    if isinstance(answer, Failure):
        status, error, fault = _FAILURES[answer]
        return IntegrationCall(latency_ms, status, error, fault)
    return IntegrationCall(latency_ms, 200, None, ErrorMetric.INTEGRATION if answer.status >= 400 else None)
