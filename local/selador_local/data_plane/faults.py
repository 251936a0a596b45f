"""Faults on demand, by HTTP below `/_control/`: workers die, stop or run out of memory, posts fail, queues disturb.

| request | what it does |
|---|---|
| `POST /_control/workers` `{"requestId": "r-1", "do": "kill"}` | does so to every worker on that request |
| `POST /_control/posts` `{"requestId": "r-1", "status": 500, "errorType": "", "times": 2}` | fails such posts |
| `POST /_control/time-limits` `{"requestId": "r-1", "seconds": 12}` | is the function's timeout for its events |
| `POST /_control/disorder` `{"seed": "7"}` | lets queues deliver late, out of order and twice; `null` ends it |
| `POST /_control/environments` `{}` | replaces every execution environment, busy ones after their invocation |
| `POST /_control/idle-connections` `{}` | loses functions' connections that lie idle, to AWS's APIs and @connections |

`requestId` is the whole id of a client's request.

`do`: `kill` (SIGKILL), `stop` and `continue` (SIGSTOP, SIGCONT), `time_out` (as the function's timeout would),
`starve` (`megabytes` of memory from now on). The answer counts these workers.
"""

import asyncio
import json
import signal
from collections.abc import Mapping
from typing import Any

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.api_gateway.gateway import ApiGateway
from selador_local.data_plane.api_gateway.post_faults import PostFault
from selador_local.data_plane.lambda_service.execution_environment import ExecutionEnvironment
from selador_local.data_plane.lambda_service.service import LambdaService
from selador_local.http import Request, Response, Server, json_response

_PREFIX = "/_control/"
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "continue": signal.SIGCONT}


class FaultEndpoint:
    """Answers requests below `/_control/`, and hands all others to the gateway."""

    def __init__(self, gateway: ApiGateway, functions: LambdaService, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane
        self._gateway = gateway
        self._functions = functions
        self.servers_of_functions: list[Server] = []
        """The servers whose connections functions keep."""

    async def handle(self, request: Request) -> Response:
        if not request.target.startswith(_PREFIX):
            return await self._gateway.handle(request)
        faults = {
            "disorder": self._disturb_queues,
            "environments": self._recycle_environments,
            "idle-connections": self._lose_idle_connections,
            "posts": self._fail_posts,
            "time-limits": self._limit_time,
            "workers": self._disturb_workers,
        }
        fault = faults.get(request.target.removeprefix(_PREFIX))
        if fault is None or request.method != "POST":
            return json_response(404, {"message": f"{request.method} {request.target} does not exist"})
        try:
            answer = await fault(json.loads(request.body))
        except (ValueError, KeyError, TypeError) as error:
            return json_response(400, {"message": f"{type(error).__name__}: {error}"})
        return Response(204) if answer is None else json_response(200, answer)

    async def _disturb_queues(self, members: Mapping[str, Any]) -> None:
        await asyncio.to_thread(self._control_plane.ask, "disorder", {"seed": members["seed"]})

    async def _recycle_environments(self, _members: Mapping[str, Any]) -> None:
        await self._functions.recycle()

    async def _lose_idle_connections(self, _members: Mapping[str, Any]) -> None:
        for server in self.servers_of_functions:
            server.lose_idle_connections()

    async def _fail_posts(self, members: Mapping[str, Any]) -> None:
        fault = PostFault(int(members["status"]), str(members.get("errorType", "")))
        self._gateway.connections_api.faults.add(str(members["requestId"]), fault, int(members.get("times", 1)))

    async def _limit_time(self, members: Mapping[str, Any]) -> None:
        self._functions.time_limits[members["requestId"]] = int(members["seconds"])

    async def _disturb_workers(self, members: Mapping[str, Any]) -> Mapping[str, int]:
        workers = self._functions.working_on(members["requestId"])
        for worker in workers:
            _disturb(worker, members)
        return {"workers": len(workers)}


def _disturb(worker: ExecutionEnvironment, members: Mapping[str, Any]) -> None:
    match members["do"]:
        case "time_out":
            worker.time_out()
        case "starve":
            worker.limit_memory(int(members["megabytes"]))
        case what:
            worker.signal(_SIGNALS[what])
