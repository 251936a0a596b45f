"""The data plane: API Gateway, Lambda and the event source mappings, as Terraform deployed them.

Its configuration comes from the control plane only. It listens on 127.0.0.1 only.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from botocore.exceptions import BotoCoreError, ClientError

from selador_local.cloudwatch.datum import Datum
from selador_local.control_plane_client.client import ControlPlane, ControlPlaneError
from selador_local.control_plane_client.iam import ControlPlaneAuthenticator, ControlPlaneAuthorizer
from selador_local.data_plane.api_gateway import response_order
from selador_local.data_plane.api_gateway.gateway import ApiGateway
from selador_local.data_plane.api_gateway.invoke_permission import may_invoke
from selador_local.data_plane.aws_apis import AwsApis
from selador_local.data_plane.cloudwatch.log_streams import LogStreams
from selador_local.data_plane.cloudwatch.outbox import Outbox
from selador_local.data_plane.deployment import (
    Deployment,
    EventSourceMapping,
    Function,
    Unrunnable,
    read,
    read_function,
)
from selador_local.data_plane.emulation import Emulation
from selador_local.data_plane.event_source_mapping.poller import Poller
from selador_local.data_plane.event_source_mapping.queue import EventSourceQueue
from selador_local.data_plane.faults import FaultEndpoint
from selador_local.data_plane.function_failures import FunctionFailure
from selador_local.data_plane.journal import Journal
from selador_local.data_plane.lambda_service import invoke_api
from selador_local.data_plane.lambda_service.invoke_api import InvokeApi
from selador_local.data_plane.lambda_service.service import LambdaService
from selador_local.data_plane.role_credentials import RoleCredentials
from selador_local.http import HOST, Handler, Request, Response, Server, serve

_logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5  # how often the data plane asks whether something was changed


class DataPlane:
    """Everything between a client and the functions, in one event loop.

    API Gateway listens on `port`: `ws://127.0.0.1:{port}/{api-id}/{stage}`, with @connections below it. 0 takes any
    free port; `port` is then that one. `work_dir` holds `logs/<function>.log` and, while it runs, the functions' code.
    `trusted` is a file of certificates that functions trust, in place of their operating system's.
    """

    def __init__(
        self,
        control_plane: ControlPlane,
        work_dir: Path,
        port: int,
        bedrock_endpoint: str,
        emulation: Emulation,
        *,
        trusted: Path | None = None,
    ) -> None:
        self.port = port
        self.clock = emulation.clock
        self._control_plane = control_plane
        self._credentials = RoleCredentials(control_plane)
        log_streams = LogStreams(control_plane, self._credentials)
        self._outbox = Outbox(self._send_data, log_streams.append)
        self._lambda = LambdaService(
            region=control_plane.region,
            credentials=self._credentials,
            work_dir=work_dir,
            clock=emulation.clock,
            account_concurrency=emulation.account_concurrency,
            random=Random(emulation.seed),  # noqa: S311  # no secret depends on it
            outbox=self._outbox,
        )
        self._deployment = Deployment()
        self.journal = Journal(self._name_of, emulation.clock.time)
        self._invoke = self.journal.around_invoke(self._lambda.invoke)
        self.gateway = ApiGateway(
            region=control_plane.region,
            account_id=control_plane.account_id,
            invoke=self._invoke,
            may_invoke=self._may_invoke,
            authenticate=ControlPlaneAuthenticator(control_plane),
            authorizer=ControlPlaneAuthorizer(control_plane),
            clock=emulation.clock,
            may_be_overtaken=response_order.by_seed(emulation.seed),
            outbox=self._outbox,
        )
        self._bedrock_endpoint = bedrock_endpoint
        self._trusted = trusted
        self._faults = FaultEndpoint(self.gateway, self._lambda, control_plane)
        self._invocations = InvokeApi(self._lambda, control_plane.secret_access_key, self._read_function)
        self._server: Server | None = None
        self._aws_apis: Server | None = None
        self._unrunnable: set[Unrunnable] = set()
        self._pollers: dict[tuple[EventSourceMapping, str], Poller] = {}
        self._ending: dict[Poller, asyncio.Task[None]] = {}
        self._loading = asyncio.Lock()

    async def start(self, around: Callable[[Handler], Handler] = lambda handle: handle) -> None:
        """Listen; nothing is deployed yet. `around` may answer requests before the gateway does.

        Raises OSError if the port is taken.
        """
        handle = around(self.journal.around_posts(self._handle))
        self._server = await serve(handle, port=self.port, upgrade=self.gateway.upgrade)
        self.port = self._server.port
        self._aws_apis = await serve(AwsApis(self._control_plane.endpoint).handle)
        self._lambda.endpoints = {
            "AWS_ENDPOINT_URL": f"http://{HOST}:{self._aws_apis.port}",
            "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": self._bedrock_endpoint,
            "AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME": self._bedrock_endpoint,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self._bedrock_endpoint,
            **({"SSL_CERT_FILE": str(self._trusted)} if self._trusted else {}),
        }
        self._faults.servers_of_functions = [self._server, self._aws_apis]
        self._outbox.start()

    async def load(self) -> list[Unrunnable]:
        """Read the deployment and run it from now on.

        Return what can't run here and was not named before. Whoever needs that gets what AWS answers if an integration
        fails. Raises botocore's exceptions if the control plane can't be read; the earlier deployment then goes on.
        """
        async with self._loading:
            deployment = await asyncio.to_thread(read, self._control_plane, self._deployment)
            unrunnable = [*deployment.unrunnable, *await self._lambda.deploy(deployment.functions)]
            self._deployment = deployment
            self.gateway.deploy(deployment.stages)
            self._poll(deployment)
            known, self._unrunnable = self._unrunnable, set(unrunnable)
        return [part for part in unrunnable if part not in known]

    async def follow(self) -> None:
        """Load the deployment after each change, whoever makes it, until this is cancelled."""
        loaded = None
        while True:
            try:
                count = (await asyncio.to_thread(self._control_plane.ask, "changes", {}))["count"]
                if count != loaded:
                    for part in await self.load():
                        _logger.warning("%s; whoever needs it gets AWS's answer to a failing integration", part.reason)
                    is_first, loaded = loaded is None, count
                    if not is_first:  # whoever brought this up has started them
                        await self.start_functions()
            except (ControlPlaneError, BotoCoreError, ClientError) as error:
                # Such as a resource that went while it was read. The next look tells.
                _logger.info("the deployment can't be read: %s", error)
            await asyncio.sleep(_LOOK_SECONDS)

    def polls(self, mapping_uuid: str) -> bool:
        """Return whether an event source mapping takes messages, or works on what it took before it was off."""
        return any(poller.mapping.uuid == mapping_uuid for poller in (*self._pollers.values(), *self._ending))

    async def start_functions(self) -> list[FunctionFailure]:
        """Start each function once, and tell the journal's `on_failure` of those that can't start; return them."""
        failures = await self._lambda.start_each()
        for failure in failures:
            self.journal.on_failure(failure)
        return failures

    async def stop(self) -> None:
        """Close every connection with 1001, stop polling, end every process, then stop listening.

        If one of them fails, the others are done all the same.
        """
        async with contextlib.AsyncExitStack() as rest:  # the last one pushed is the first one done
            for server in (self._server, self._aws_apis):
                if server is not None:
                    rest.push_async_callback(server.close)
            for part in (self._outbox, self._lambda, self._invocations):
                rest.push_async_callback(part.stop)
            polling = [poller.stop(finish=False) for poller in (*self._pollers.values(), *self._ending)]
            self._pollers = {}
            await asyncio.gather(self.gateway.close(), *polling)

    async def _handle(self, request: Request) -> Response:
        if request.target == invoke_api.PATH:
            return await self._invocations.handle(request)
        return await self._faults.handle(request)

    async def _read_function(self, arn: str) -> Function:
        return await asyncio.to_thread(read_function, self._control_plane, arn)

    async def _send_data(self, data: Sequence[Datum]) -> None:
        await asyncio.to_thread(self._control_plane.ask, "metrics", {"data": data})

    def _name_of(self, function_arn: str) -> str:
        function = self._deployment.functions.get(function_arn)
        return function_arn if function is None else function.name

    def _may_invoke(self, function_arn: str, source_arn: str) -> bool:
        return may_invoke(self._deployment.policies.get(function_arn, {}), function_arn, source_arn)

    async def _end(self, poller: Poller) -> None:
        await poller.stop(finish=True)
        del self._ending[poller]

    def _poll(self, deployment: Deployment) -> None:
        """Keep the pollers of unchanged mappings, start new ones, stop the others: these finish what they took."""
        wanted = {
            (mapping, deployment.functions[mapping.function_arn].role_arn)
            for mapping in deployment.mappings
            if mapping.enabled and mapping.function_arn in deployment.functions
        }
        gone = self._pollers.keys() - wanted
        for poller in [self._pollers.pop(key) for key in gone]:
            self._ending[poller] = asyncio.create_task(self._end(poller))
        for mapping, role_arn in wanted - self._pollers.keys():
            queue = EventSourceQueue(
                self._control_plane, self._credentials, queue_arn=mapping.queue_arn, role_arn=role_arn
            )
            poller = self._pollers[mapping, role_arn] = Poller(mapping, queue, self._invoke, self.clock, self._outbox)
            poller.start()
