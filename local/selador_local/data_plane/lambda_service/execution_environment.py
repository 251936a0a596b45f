"""One execution environment: init, one invocation after another, and a fresh start after a crash (LAM-25)."""

import asyncio
import secrets
import signal
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from selador_local.clock import StackClock
from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service.invocation import (
    EXIT_ERROR,
    OUT_OF_MEMORY,
    InvokeResult,
    exited,
    out_of_memory,
    timed_out,
)
from selador_local.data_plane.lambda_service.log_lines import (
    InitReport,
    Log,
    Report,
    init_report_line,
    init_start_lines,
    report_lines,
    start_lines,
)
from selador_local.data_plane.lambda_service.process import Process
from selador_local.data_plane.lambda_service.runtime_api import Invocation, RuntimeApi
from selador_local.errors import SeladorLocalError
from selador_local.http import Server, serve

INIT_SECONDS = 10  # an initialization that takes longer begins again (LAM-24)
LIFE_SECONDS = 2 * 60 * 60  # then another takes its place (LAM-29); how long AWS keeps one isn't documented

Launch = Callable[[str], Awaitable[Process]]
"""Starts the function's process; the argument is the Runtime API's `host:port`."""


class RuntimeExitedError(SeladorLocalError):
    """The process ended before it gave the result that was expected."""

    def __init__(self, return_code: int, *, ran_out_of_memory: bool) -> None:
        super().__init__("out of memory" if ran_out_of_memory else f"exit status {return_code}")
        self._return_code = return_code
        self.error_type = OUT_OF_MEMORY if ran_out_of_memory else EXIT_ERROR

    def result(self, request_id: str) -> InvokeResult:
        """Return what the caller gets."""
        return out_of_memory(request_id) if self.error_type == OUT_OF_MEMORY else exited(request_id, self._return_code)


@dataclass(frozen=True)
class Runtime:
    """A process and the Runtime API that it talks to."""

    api: RuntimeApi
    server: Server
    process: Process

    @classmethod
    async def start(cls, launch: Launch) -> Self:
        launched: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
        api = RuntimeApi(on_idle=lambda: launched.result().freeze())
        server = await serve(api.handle)
        try:
            launched.set_result(await launch(f"127.0.0.1:{server.port}"))
        except BaseException:
            await server.close()
            raise
        return cls(api, server, launched.result())

    def give(self, invocation: Invocation) -> "asyncio.Future[InvokeResult]":
        """Thaw the process and hand it an invocation; return a future of its result."""
        self.process.thaw()
        return self.api.give(invocation)

    async def expect[T](
        self, future: "asyncio.Future[T]", seconds: float, overdue: "asyncio.Future[None] | None" = None
    ) -> T:
        """Return the future's result.

        Raises TimeoutError after `seconds` or once `overdue` is done, RuntimeExitedError if the process ends first.
        """
        waiting: set[asyncio.Future[T] | asyncio.Future[int] | asyncio.Future[None]] = {future, self.process.exited}
        if overdue is not None:
            waiting.add(overdue)
        await asyncio.wait(waiting, timeout=max(seconds, 0), return_when=asyncio.FIRST_COMPLETED)
        if future.done():
            return future.result()
        if self.process.exited.done():
            raise RuntimeExitedError(self.process.exited.result(), ran_out_of_memory=self.process.ran_out_of_memory)
        raise TimeoutError

    async def stop(self) -> None:
        try:
            await self.process.kill()
        finally:
            await self.server.close()


@dataclass(frozen=True)
class Invoked:
    """An invocation that is over: what the caller gets, when it began in seconds since the epoch, and the report."""

    result: InvokeResult
    started_at: float
    report: Report


class ExecutionEnvironment:
    """Runs invocations of a function, one at a time. `event` is the event under way, empty if there is none.

    `time_limit` gives an event's own timeout in seconds, None for the function's.
    """

    def __init__(
        self,
        function: Function,
        launch: Launch,
        log: Log,
        clock: StackClock,
        time_limit: Callable[[bytes], int | None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._time_limit = time_limit
        self.event = b""
        self._overdue: asyncio.Future[None] | None = None
        self._function = function
        self._launch = launch
        self._log = log
        self._runtime: Runtime | None = None
        self._is_new = True
        self._expires_at = clock.monotonic() + LIFE_SECONDS

    async def initialise(self) -> InvokeResult | None:
        """Run init before any event comes; return its error, None if it succeeds or takes longer than Lambda grants.

        Raises ControlPlaneError if the role has no credentials.
        """
        self._is_new = False
        error, _ = await self._first_init(str(uuid.uuid4()))
        if error is not None:
            await self.stop()
        return error

    async def invoke(self, event: bytes) -> Invoked:
        """Run one invocation. Raises ControlPlaneError if the role has no credentials; other failures are results."""
        request_id = str(uuid.uuid4())
        init_error, init_ms = None, None
        if self._is_new:
            self._is_new = False
            init_error, init_ms = await self._first_init(request_id)
        elif self._runtime is not None and self._runtime.process.exited.done():
            await self.stop()

        started, started_at = time.monotonic(), self._clock.time()
        timeout_seconds = self._time_limit(event) or self._function.timeout_seconds
        for line in start_lines(self._function, request_id, self._now()):
            self._log(line)
        report = Report(request_id, 0, init_ms, 0, "success")
        try:
            result = init_error or await self._run(request_id, event, started + timeout_seconds)
            if result.function_error is not None:
                report = replace(report, status="error")
        except TimeoutError:
            result = timed_out(request_id, timeout_seconds)
            report = replace(report, status="timeout")
        except RuntimeExitedError as error:
            result = error.result(request_id)
            report = replace(report, status="error", error_type=error.error_type)

        if self._runtime is not None:
            full = report.error_type == OUT_OF_MEMORY
            peak_memory_mb = self._function.memory_mb if full else self._runtime.process.peak_memory_mb()
            report = replace(report, peak_memory_mb=peak_memory_mb)
            if report.status == "timeout" or report.error_type is not None or init_error is not None:
                await self.stop()
            else:
                self._runtime.process.drain()
        report = replace(report, duration_ms=(time.monotonic() - started) * 1000)
        for line in report_lines(self._function, report, self._now()):
            self._log(line)
        return Invoked(result, started_at, report)

    @property
    def is_expired(self) -> bool:
        """Whether Lambda would replace it now, unless an invocation is under way."""
        return self._clock.monotonic() >= self._expires_at

    def expire(self) -> None:
        self._expires_at = self._clock.monotonic()

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal, to kill, stop or continue it; do nothing if no process runs."""
        if self._runtime is not None:
            self._runtime.process.signal(number)

    def limit_memory(self, megabytes: int) -> None:
        """Kill the process if it holds more than `megabytes` from now on."""
        if self._runtime is not None:
            self._runtime.process.memory_limit_mb = megabytes

    def time_out(self) -> None:
        """End the invocation under way as the function's timeout would."""
        if self._overdue is not None and not self._overdue.done():
            self._overdue.set_result(None)

    async def stop(self) -> None:
        """Kill the process if one runs; a later invocation starts another."""
        if self._runtime is not None:
            runtime, self._runtime = self._runtime, None
            await runtime.stop()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC)

    async def _first_init(self, request_id: str) -> tuple[InvokeResult | None, float]:
        """Initialize a new environment; return the error, None on success, and the milliseconds."""
        for line in init_start_lines(self._function, self._now()):
            self._log(line)
        started = time.monotonic()
        error = None
        try:
            error = await self._init(INIT_SECONDS, "init")
        except TimeoutError:
            await self.stop()  # run again by the invocation, within the function's timeout (LAM-24)
        except RuntimeExitedError as ended:
            error = ended.result(request_id)
        return error, (time.monotonic() - started) * 1000

    async def _init(self, seconds: float, phase: str) -> InvokeResult | None:
        started = time.monotonic()
        self._runtime = await Runtime.start(self._launch)
        try:
            error = await self._runtime.expect(self._runtime.api.initialised, seconds)
        except TimeoutError:
            self._log_failed_init(started, phase, "timeout")
            raise
        except RuntimeExitedError as ended:
            self._log_failed_init(started, phase, "error", ended.error_type)
            raise
        if error is not None:
            self._log_failed_init(started, phase, "error", error.error_type)
        return error

    def _log_failed_init(self, started: float, phase: str, status: str, error_type: str | None = None) -> None:
        report = InitReport((time.monotonic() - started) * 1000, phase, status, error_type)
        self._log(init_report_line(self._function, report, self._now()))

    async def _run(self, request_id: str, event: bytes, deadline: float) -> InvokeResult:
        if self._runtime is None:  # the time of this init counts against the invocation (LAM-25)
            error = await self._init(deadline - time.monotonic(), "invoke")
            if error is not None:
                await self.stop()
                return error
        assert self._runtime is not None
        now = self._clock.time()
        seconds = deadline - time.monotonic()
        invocation = Invocation(
            request_id=request_id,
            function_arn=self._function.arn,
            trace_id=f"Root=1-{int(now):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0",
            deadline_ms=int((now + seconds * self._clock.scale) * 1000),
            event=event,
        )
        self.event, self._overdue = event, asyncio.get_running_loop().create_future()
        try:
            return await self._runtime.expect(self._runtime.give(invocation), seconds, self._overdue)
        finally:
            self.event, self._overdue = b"", None
