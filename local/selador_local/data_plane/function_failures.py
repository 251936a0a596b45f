"""What a function's failure says, in one line, and the line of source that it names. Pure."""

import json
import re
from dataclasses import dataclass
from typing import Any

from selador_local.data_plane.lambda_service.invocation import InvokeResult

_LONGEST = 200  # characters of a message: the log has all of it
_PLACE = re.compile(r'File "(?P<file>[^"]+)",? [Ll]ine (?P<line>\d+)')


@dataclass(frozen=True)
class FunctionFailure:
    """A function that could not start, raised an exception, ran out of time or lost its process.

    `file` and `line` are the innermost place in the function's code folder that its stack trace names, if any. The file
    is relative to that folder.
    """

    function: str
    reason: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.function}: {self.reason}"


def function_failure(function: str, result: InvokeResult, *, starting: bool = False) -> FunctionFailure:
    """Return what the error object in `result` tells; `starting` if the function failed before its first event."""
    error = _members(result.payload)
    kind, message = str(error.get("errorType", "")), str(error.get("errorMessage", ""))
    message = message.partition("Error: ")[2] if message.startswith("RequestId: ") else message
    first_line = message.strip().partition("\n")[0]
    reason = ": ".join(part for part in (kind, first_line[:_LONGEST]) if part) or "an error without a message"
    trace = error.get("stackTrace")
    places = _PLACE.findall("".join(map(str, trace))) if isinstance(trace, list) else []
    own = [(file, int(line)) for file, line in places if "/code/" in file]
    file, line = (own[-1][0].partition("/code/")[2].partition("/")[2], own[-1][1]) if own else (None, None)
    return FunctionFailure(function, f"it can't start: {reason}" if starting else reason, file, line)


def _members(payload: bytes) -> dict[str, Any]:
    try:
        value = json.loads(payload)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
