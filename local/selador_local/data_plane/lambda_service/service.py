"""The Lambda service: the deployed functions, each with its pool of execution environments."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from selador_local.clock import StackClock
from selador_local.data_plane.cloudwatch.outbox import Line, LogStreamAddress, Outbox
from selador_local.data_plane.deployment import DeploymentError, Function, Unrunnable
from selador_local.data_plane.fault_targets import request_ids
from selador_local.data_plane.function_failures import FunctionFailure, function_failure
from selador_local.data_plane.lambda_service import code, metrics, stack_time
from selador_local.data_plane.lambda_service.concurrency import Concurrency
from selador_local.data_plane.lambda_service.environment_variables import environment_variables
from selador_local.data_plane.lambda_service.execution_environment import ExecutionEnvironment, Invoked
from selador_local.data_plane.lambda_service.invocation import InvokeResult, TooManyRequestsError
from selador_local.data_plane.lambda_service.log_lines import file_log
from selador_local.data_plane.lambda_service.process import Process
from selador_local.data_plane.lambda_service.runtime import interpreter, make_runtime_dir
from selador_local.data_plane.role_credentials import RoleCredentials

_MAX_ENVIRONMENTS = 20
"""Processes of a version on this machine. Further calls wait for one; they are under way, and count as such."""


class LambdaService:
    """Runs the functions that `deploy` was given. Logs go to their groups and to `work_dir/logs/<function>.log`."""

    def __init__(
        self,
        *,
        region: str,
        credentials: RoleCredentials,
        work_dir: Path,
        clock: StackClock,
        account_concurrency: int,
        random: Random,
        outbox: Outbox,
    ) -> None:
        self._clock = clock
        self._concurrency = Concurrency(account_concurrency)
        self._random = random
        self._outbox = outbox
        self._region = region
        self.endpoints: Mapping[str, str] = {}
        """The `AWS_ENDPOINT_URL…` variables that lead AWS's SDKs in functions to this machine."""
        self._credentials = credentials
        self._code_dir = work_dir / "code"
        self._code_in_use = threading.Lock()
        self._log_dir = work_dir / "logs"
        self._runtime_dir = work_dir / "runtime"
        self._deploying = asyncio.Lock()
        self._functions: Mapping[str, Function] = {}
        self._pools: dict[tuple[str, str], _Pool] = {}
        """By ARN and version."""
        self._refused: dict[tuple[str, str], Unrunnable] = {}
        self.time_limits: dict[str, int] = {}
        """Timeouts on demand in seconds, by request id."""

    async def deploy(self, functions: Mapping[str, Function]) -> list[Unrunnable]:
        """Serve these functions from now on. Changed functions get new environments; invocations under way finish.

        Return those that can't run here: their code can't be read, or their Python isn't this one.
        """
        async with self._deploying:
            return await self._serve(functions)

    async def add(self, function: Function) -> None:
        """Serve this function, too, until the next `deploy`; whoever invokes it learns if it can't run here."""
        async with self._deploying:
            if self._functions.get(function.arn) != function:
                await self._serve({**self._functions, function.arn: function})

    async def invoke(self, function_arn: str, event: bytes) -> InvokeResult:
        """Invoke synchronously by the ARN that an integration or a mapping uses.

        Raises TooManyRequestsError above the reserved concurrency or the account's. If the function can't be started,
        raises DeploymentError (it isn't deployed) or ControlPlaneError (its role has no credentials).
        """
        alias = self._functions.get(function_arn)
        if alias is None:
            raise DeploymentError(f"the function {function_arn} is not deployed")
        function = version_for(alias, self._random.random())
        key = (function.arn, function.version)
        if key in self._refused:
            raise DeploymentError(self._refused[key].reason)
        try:
            with self._concurrency.taken(function) as in_use:
                invoked = await self._pools[key].invoke(event)
        except TooManyRequestsError:
            self._outbox.put(metrics.throttled(function, self._clock.time()))
            raise
        self._outbox.put(metrics.invoked(function, invoked, in_use))
        return invoked.result

    async def recycle(self) -> None:
        """Replace every environment, as Lambda does from time to time; busy ones after their invocation."""
        await _each(pool.recycle() for pool in self._pools.values())

    async def start_each(self) -> list[FunctionFailure]:
        """Start each function once, so that its first event finds it ready; return what can't start.

        Raises ControlPlaneError if a role has no credentials.
        """
        pools = list(self._pools.values())
        errors = await asyncio.gather(*(pool.start_once() for pool in pools))
        return [
            function_failure(pool.function.name, error, starting=True)
            for pool, error in zip(pools, errors, strict=True)
            if error is not None
        ]

    def working_on(self, request_id: str) -> list[ExecutionEnvironment]:
        """Return the environments whose event under way is about that request of a client."""
        busy = (environment for pool in self._pools.values() for environment in pool.busy)
        return [environment for environment in busy if request_id in request_ids(environment.event)]

    async def stop(self) -> None:
        """Kill every process, and remove the extracted code, whose folders are read-only."""
        pools, self._pools, self._functions = self._pools, {}, {}
        await _each(pool.stop() for pool in pools.values())
        await asyncio.to_thread(self._remove_code)

    async def _serve(self, functions: Mapping[str, Function]) -> list[Unrunnable]:
        await asyncio.to_thread(make_runtime_dir, self._runtime_dir)
        pools: dict[tuple[str, str], _Pool] = {}
        refused: dict[tuple[str, str], Unrunnable] = {}
        for alias in functions.values():
            for function in (alias, *(other for _, other in alias.weighted)):
                key = (function.arn, function.version)
                known = self._pools.get(key)
                try:
                    same = known is not None and known.function == function
                    pools[key] = known if known is not None and same else await self._pool(function)
                except DeploymentError as error:
                    refused[key] = Unrunnable(str(error))
        replaced = [pool for key, pool in self._pools.items() if pools.get(key) is not pool]
        self._functions, self._pools, self._refused = functions, pools, refused
        self._concurrency.reserve(functions.values())
        await _each(pool.retire() for pool in replaced)
        return list(refused.values())

    def _time_limit(self, event: bytes) -> int | None:
        limits = (self.time_limits[known] for known in request_ids(event) & self.time_limits.keys())
        return min(limits, default=None)

    async def _pool(self, function: Function) -> "_Pool":
        python = interpreter(function)
        task_root = await asyncio.to_thread(self._extracted, function)
        write = file_log(self._log_dir / f"{function.name}.log")

        def new_environment() -> ExecutionEnvironment:
            now = datetime.fromtimestamp(self._clock.time(), UTC)
            log_stream = f"{now:%Y/%m/%d}/[{function.version}]{secrets.token_hex(16)}"
            address = LogStreamAddress(function.log_group, log_stream, function.role_arn)

            def log(line: str) -> None:
                write(line)
                self._outbox.log(Line(address, self._clock.time(), line))

            async def launch(runtime_api: str) -> Process:
                variables = environment_variables(
                    function,
                    await self._credentials.get(function.role_arn),
                    region=self._region,
                    endpoints=self.endpoints,
                    runtime_api=runtime_api,
                    task_root=task_root,
                    runtime_dir=self._runtime_dir,
                    log_stream=log_stream,
                )
                # -S hides what is installed here; -B, since Lambda's code folder can't be written.
                arguments = ["-S", "-B", *self._runtime_client(), function.handler]
                return await Process.start(
                    python, arguments, variables, task_root, log, memory_limit_mb=function.memory_mb
                )

            return ExecutionEnvironment(function, launch, log, self._clock, self._time_limit)

        return _Pool(function, new_environment)

    def _extracted(self, function: Function) -> Path:
        with self._code_in_use:
            return code.extracted(function, self._code_dir)

    def _remove_code(self) -> None:
        with self._code_in_use:  # a thread goes on extracting, though whoever waited for it was cancelled
            code.remove(self._code_dir)

    def _runtime_client(self) -> list[str]:
        """Return Python's arguments that run awslambdaric, by the stack's clock if that isn't the machine's."""
        if self._clock.scale == 1:
            return ["-m", "awslambdaric"]
        return [stack_time.__file__, str(self._clock.scale), str(self._clock.origin)]


def version_for(alias: Function, draw: float) -> Function:
    """Return the version that serves a call to an alias; `draw` is a random number below 1."""
    for share, other in alias.weighted:
        if draw < share:
            return other
        draw -= share
    return alias


class _Pool:
    """A function's environments: the one used last is used first, so that few stay warm."""

    def __init__(self, function: Function, new_environment: Callable[[], ExecutionEnvironment]) -> None:
        self.function = function
        self._new_environment = new_environment
        self._idle: list[ExecutionEnvironment] = []
        self.busy: set[ExecutionEnvironment] = set()
        self._room = asyncio.Semaphore(_MAX_ENVIRONMENTS)
        self._retired = False

    async def invoke(self, event: bytes) -> Invoked:
        async with self._room:
            await self._stop_expired()
            environment = self._idle.pop() if self._idle else self._new_environment()
            self.busy.add(environment)
            usable = False
            try:
                invoked = await environment.invoke(event)
                usable = not self._retired and not environment.is_expired
            finally:
                await self._give_back(environment, usable=usable)
        return invoked

    async def recycle(self) -> None:
        """Stop the idle environments now, and the busy ones when they are done; later calls get new ones."""
        for environment in (*self._idle, *self.busy):
            environment.expire()
        await self._stop_expired()

    async def start_once(self) -> InvokeResult | None:
        """Start an environment that waits for an event, unless one does; return the error, None if it is ready."""
        if self._idle or self.busy or self._retired:
            return None
        environment = self._new_environment()
        self.busy.add(environment)
        usable = False
        try:
            error = await environment.initialise()
            usable = error is None and not self._retired
        finally:
            await self._give_back(environment, usable=usable)
        return error

    async def retire(self) -> None:
        """Stop the idle environments now, and the busy ones when they are done."""
        self._retired = True
        idle, self._idle = self._idle, []
        await _each(environment.stop() for environment in idle)

    async def _give_back(self, environment: ExecutionEnvironment, *, usable: bool) -> None:
        self.busy.discard(environment)
        if usable:
            self._idle.append(environment)
        else:
            await environment.stop()

    async def _stop_expired(self) -> None:
        expired = [environment for environment in self._idle if environment.is_expired]
        self._idle = [environment for environment in self._idle if environment not in expired]
        await _each(environment.stop() for environment in expired)

    async def stop(self) -> None:
        """Stop everything, busy or not."""
        await self.retire()
        await _each(environment.stop() for environment in self.busy)


async def _each(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run them side by side to their end, whoever is cancelled meanwhile: nobody else knows what they stop."""
    await asyncio.shield(asyncio.gather(*coroutines))
