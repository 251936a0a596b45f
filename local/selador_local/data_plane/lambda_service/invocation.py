"""What a synchronous caller of Lambda gets: a function's error comes with a 200 (LAM-38)."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from selador_local.errors import SeladorLocalError


@dataclass(frozen=True)
class InvokeResult:
    """The result of an invocation. `function_error` is "Unhandled" if the payload is an error object, else None."""

    payload: bytes
    function_error: str | None = None

    @property
    def error_type(self) -> str | None:
        """The type in the error object; None if the runtime gave none."""
        error = json.loads(self.payload or b"null")
        found = error.get("errorType") if isinstance(error, dict) else None
        return found if isinstance(found, str) else None


class TooManyRequestsError(SeladorLocalError):
    """The function's reserved concurrency, or the account's, is used up: AWS's 429 TooManyRequestsException."""


EXIT_ERROR = "Runtime.ExitError"
OUT_OF_MEMORY = "Runtime.OutOfMemory"

Invoke = Callable[[str, bytes], Awaitable[InvokeResult]]
"""`(function_arn, event) -> InvokeResult`.

Raises TooManyRequestsError, and another SeladorLocalError if the function can't be started.
"""


def failure(error_type: str, message: str) -> InvokeResult:
    """Return the result of an invocation that Lambda itself ended."""
    return InvokeResult(json.dumps({"errorType": error_type, "errorMessage": message}).encode(), "Unhandled")


def timed_out(request_id: str, timeout_seconds: int) -> InvokeResult:
    return failure(  # in the newer of Lambda's two forms (LAM-37)
        "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {timeout_seconds:.2f} seconds"
    )


def out_of_memory(request_id: str) -> InvokeResult:
    """Return the result of an invocation that took more memory than its function has (LAM-56)."""
    return failure(OUT_OF_MEMORY, f"RequestId: {request_id} Error: Runtime exited with error: signal: killed")


def exited(request_id: str, return_code: int) -> InvokeResult:
    """Return the result of an invocation whose process ended; `return_code` is negative for a signal."""
    if return_code == 0:
        cause = "Runtime exited without providing a reason"
    elif return_code > 0:
        cause = f"Runtime exited with error: exit status {return_code}"
    else:
        cause = f"Runtime exited with error: signal: {_SIGNALS.get(-return_code, -return_code)}"
    return failure(EXIT_ERROR, f"RequestId: {request_id} Error: {cause}")


_SIGNALS = {6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}
