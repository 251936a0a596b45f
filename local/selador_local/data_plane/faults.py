"""Faults on demand in the data plane, by HTTP below `/_control/`: workers die, stop or run out of memory, posts fail.

| request | what it does |
|---|---|
| `POST /_control/workers` `{"requestId": "r-1", "do": "kill"}` | does so to every worker on that request |
| `POST /_control/posts` `{"requestId": "r-1", "status": 500, "errorType": "", "times": 2}` | fails such posts |
| `POST /_control/time-limits` `{"requestId": "r-1", "seconds": 12}` | is the function's timeout for its events |

`requestId` is the whole id of a client's request.

`do`: `kill` (SIGKILL), `stop` and `continue` (SIGSTOP, SIGCONT), `time_out` (as the function's timeout would),
`starve` (`megabytes` of memory from now on). The answer counts these workers.
"""

import json
import signal
from collections.abc import Mapping
from typing import Any

from selador_local.data_plane.api_gateway.connections_api import PostFault
from selador_local.data_plane.api_gateway.gateway import ApiGateway
from selador_local.data_plane.lambda_service.execution_environment import ExecutionEnvironment
from selador_local.data_plane.lambda_service.service import LambdaService
from selador_local.http import Request, Response, json_response

_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "continue": signal.SIGCONT}


class FaultEndpoint:
    """Answers requests below `/_control/`, and hands all others to the gateway."""

    def __init__(self, gateway: ApiGateway, functions: LambdaService) -> None:
        self._gateway = gateway
        self._functions = functions

    async def handle(self, request: Request) -> Response:
        if not request.target.startswith("/_control/"):
            return await self._gateway.handle(request)
        try:
            members = json.loads(request.body)
            match request.method, request.target:
                case "POST", "/_control/workers":
                    return json_response(200, {"workers": self._disturb_workers(members)})
                case "POST", "/_control/posts":
                    fault = PostFault(
                        int(members["status"]), str(members.get("errorType", "")), str(members["requestId"])
                    )
                    self._gateway.connections_api.faults.extend([fault] * int(members.get("times", 1)))
                    return Response(204)
                case "POST", "/_control/time-limits":
                    self._functions.time_limits[members["requestId"]] = int(members["seconds"])
                    return Response(204)
        except (ValueError, KeyError, TypeError) as error:
            return json_response(400, {"message": f"{type(error).__name__}: {error}"})
        return json_response(404, {"message": f"{request.method} {request.target} does not exist"})

    def _disturb_workers(self, members: Mapping[str, Any]) -> int:
        workers = self._functions.working_on(members["requestId"])
        for worker in workers:
            _disturb(worker, members)
        return len(workers)


def _disturb(worker: ExecutionEnvironment, members: Mapping[str, Any]) -> None:
    match members["do"]:
        case "time_out":
            worker.time_out()
        case "starve":
            worker.limit_memory(int(members["megabytes"]))
        case what:
            worker.signal(_SIGNALS[what])
