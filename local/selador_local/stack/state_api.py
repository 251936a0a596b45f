"""The stack's state as JSON, below `/_control/` of the WebSocket API's port, beside the faults on demand.

| request | answer |
|---|---|
| `GET /_control/state` | connections, queues and messages, alarms with reasons, requests, failures |
| `GET /_control/requests/ID` | one request's timeline: received, queued, attempts, frames, end |
| `GET /_control/logs` | the names of the logs that there are |
| `GET /_control/logs/FUNCTION?lines=100` | the last lines of a function's log |
| `GET /_control/faults` | the faults that can be asked for, each with its members |
| `POST /_control/faults` | a fault of Bedrock; `DELETE` takes those back that still wait |

Only programs on this machine can ask: a page of another site could otherwise read it, or cause faults, through its
visitor's browser. So the `Host` must be this machine's name, and an `Origin`, if there is one, this very server's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from selador_local.bedrock.faults import FaultKind, Faults, InvalidFaultError, parse_fault
from selador_local.data_plane.journal import Journal
from selador_local.http import Handler, Request, Response, json_response
from selador_local.stack.state import StackState, as_json, timeline_as_json

PREFIX = "/_control/"
_NAMES = ("127.0.0.1", "localhost")
_LINES, _MOST_LINES = 100, 10_000
_TAIL_BYTES = 4 * 2**20  # of a log, however many lines are asked for

FAULTS: list[dict[str, Any]] = [
    {
        "request": "POST /_control/faults",
        "what": "the next calls of Bedrock fail",
        "members": {
            "fault": list(FaultKind),
            "times": "1",
            "afterEvents": "0",
            "exception": "of stream_exception",
            "question": "only the request with this id, or with this text",
            "message": "what a refusal or an exception says",
        },
    },
    {
        "request": "POST /_control/workers",
        "what": "something happens to the workers on a request",
        "members": {
            "requestId": "a whole id",
            "do": ["kill", "stop", "continue", "time_out", "starve"],
            "megabytes": "of starve",
        },
    },
    {
        "request": "POST /_control/posts",
        "what": "posts of a request's frames fail",
        "members": {"requestId": "a whole id", "status": "500", "errorType": "", "times": "1"},
    },
    {
        "request": "POST /_control/time-limits",
        "what": "the function's timeout for a request",
        "members": {"requestId": "a whole id", "seconds": "12"},
    },
    {
        "request": "POST /_control/disorder",
        "what": "queues deliver late, out of order and twice",
        "members": {"seed": "any text; null ends it"},
    },
    {
        "request": "POST /_control/environments",
        "what": "every execution environment is replaced",
        "members": {},
    },
    {
        "request": "POST /_control/idle-connections",
        "what": "functions lose their connections that lie idle",
        "members": {},
    },
]


class StateApi:
    """Answers what this module's table lists; `look` gives the state."""

    def __init__(self, look: Callable[[], Awaitable[StackState]], journal: Journal, faults: Faults, logs: Path) -> None:
        self._look = look
        self._journal = journal
        self._faults = faults
        self._logs = logs

    def around(self, handle: Handler) -> Handler:
        """Return a handler that answers or refuses requests below PREFIX, and hands all others to `handle`."""

        async def answer(request: Request) -> Response:
            if not request.target.startswith(PREFIX):
                return await handle(request)
            if (refusal := _refusal(request)) is not None:
                return _refused(403, refusal)
            return await self._answer(request) or await handle(request)

        return answer

    async def _answer(self, request: Request) -> Response | None:
        url = urlsplit(request.target)
        response = None
        match request.method, [unquote(part) for part in url.path.removeprefix(PREFIX).split("/")]:
            case "GET", ["state"]:
                response = json_response(200, as_json(await self._look()))
            case "GET", ["requests", request_id]:
                response = self._timeline(request_id)
            case "GET", ["logs"]:
                response = json_response(200, {"logs": sorted(path.stem for path in self._logs.glob("*.log"))})
            case "GET", ["logs", function]:
                lines = parse_qs(url.query).get("lines", [str(_LINES)])[0]
                response = await asyncio.to_thread(self._log, function, lines)
            case "GET", ["faults"]:
                response = json_response(200, {"faults": FAULTS})
            case "POST", ["faults"]:
                response = self._add_fault(request.body)
            case "DELETE", ["faults"]:
                self._faults.clear()
                response = Response(204)
        return response

    def _timeline(self, request_id: str) -> Response:
        life = self._journal.find(request_id)
        if life is None:
            return _refused(404, f"no request {request_id!r} was seen since the stack started")
        return json_response(200, timeline_as_json(life))

    def _add_fault(self, body: bytes) -> Response:
        try:
            self._faults.add(*parse_fault(body))
        except InvalidFaultError as error:
            return _refused(400, str(error))
        return Response(204)

    def _log(self, function: str, lines: str) -> Response:
        if not lines.isdecimal() or not 1 <= int(lines) <= _MOST_LINES:
            return _refused(400, f"lines is {lines!r}; it must be a number from 1 to {_MOST_LINES}")
        known = {path.stem: path for path in self._logs.glob("*.log")}
        if function not in known:
            return json_response(
                404, {"message": f"no log {function!r}; there are {', '.join(sorted(known)) or 'none'}"}
            )
        with known[function].open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _TAIL_BYTES, 0))
            tail = file.read().decode(errors="replace").splitlines()
        return json_response(200, {"function": function, "lines": tail[-int(lines) :]})


def _refused(status: int, message: str) -> Response:
    return json_response(status, {"message": message})


def _refusal(request: Request) -> str | None:
    """Return why a request may come from a web page of another site; None if it doesn't."""
    host = request.headers.get("host", "")
    if host.rpartition(":")[0] not in _NAMES:
        return f"the Host is {host!r}; only 127.0.0.1 and localhost, with the port, are answered"
    origin = request.headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return f"the Origin is {origin!r}; only pages of http://{host} are answered"
    return None
