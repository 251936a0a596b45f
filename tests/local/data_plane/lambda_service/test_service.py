"""The Lambda service with real processes: what a caller gets, and what is left when it stops."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from selador_local.clock import StackClock
from selador_local.data_plane.deployment import DeploymentError, Function
from selador_local.data_plane.function_failures import FunctionFailure
from selador_local.data_plane.lambda_service import code
from selador_local.data_plane.lambda_service.invocation import InvokeResult, TooManyRequestsError
from selador_local.data_plane.lambda_service.service import LambdaService, version_for

from ....conftest import STUCK_SECONDS
from ...rounds import ROUNDS, cancelled_after, open_files
from ..conftest import KeptOutbox

MakeFunction = Callable[..., Function]
MakeService = Callable[..., LambdaService]

SLEEPY = "import time\ndef handle(event, context):\n    time.sleep(event.get('seconds', 0))\n    return event\n"


def run[T](
    make_service: MakeService,
    function: Function,
    scenario: Callable[[LambdaService, Callable[[Any], Any]], Awaitable[T]],
) -> T:
    """Deploy `function`, run `scenario(service, invoke)` and stop the service."""

    async def run_it() -> T:
        service = make_service()
        await service.deploy({function.arn: function})

        async def invoke(event: Any) -> InvokeResult:
            return await service.invoke(function.arn, json.dumps(event).encode())

        try:
            async with asyncio.timeout(5 * STUCK_SECONDS):
                return await scenario(service, invoke)
        finally:
            await service.stop()

    return asyncio.run(run_it())


def invoke_all(make_service: MakeService, function: Function, *events: Any) -> list[InvokeResult]:
    """Invoke one after another."""

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[InvokeResult]:
        return [await invoke(event) for event in events]

    return run(make_service, function, scenario)


def log_of(tmp_path: Path) -> str:
    return (tmp_path / "work/logs/echo.log").read_text()


def test_cloudwatch_gets_an_environment_s_lines_in_a_stream_and_its_metrics(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    source = "def handle(event, context):\n    print('at work')\n    return 1 / event\n"
    outbox = KeptOutbox()
    service = partial(make_service, outbox=outbox)

    before = time.time()
    invoke_all(service, make_function(source), 1, 0)

    (address,) = {line.to for line in outbox.lines}
    assert (address.group, address.role_arn) == ("/aws/lambda/echo", "arn:aws:iam::123456789012:role/echo")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[7\][0-9a-f]{32}", address.stream)
    texts = [line.text for line in outbox.lines]
    assert texts.count("at work") == 2
    assert sum(text.startswith("REPORT") for text in texts) == 2
    sums = outbox.sums(FunctionName="echo")
    assert (sums["Invocations"], sums["Errors"], sums["ConcurrentExecutions"]) == (2, 1, 2)
    assert 0 < sums["Duration"] < 1000 * (time.time() - before)
    assert outbox.sums(FunctionName="echo", Resource="echo:live") == sums


def wait_for_lines(tmp_path: Path, text: str, count: int) -> None:
    gives_up_at = time.monotonic() + STUCK_SECONDS
    while not (tmp_path / "work/logs/echo.log").exists() or log_of(tmp_path).count(text) < count:
        assert time.monotonic() < gives_up_at
        time.sleep(0.01)


def state_of(pid: int) -> str:
    """A process's state: `T` if it is stopped, `Z` if it waits only for its parent; empty once it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def assert_ends(pid: int) -> None:
    """Wait until a killed process is gone, or a zombie that waits only for its parent."""
    deadline = time.monotonic() + STUCK_SECONDS
    while time.monotonic() < deadline:
        if state_of(pid) in {"", "Z"}:
            return
        time.sleep(0.01)
    pytest.fail(f"process {pid} is still alive")


def test_handler_gets_the_event_and_lambda_s_context(make_service: MakeService, make_function: MakeFunction) -> None:
    function = make_function(
        "def handle(event, context):\n"
        "    return [event, context.invoked_function_arn, context.function_version, context.memory_limit_in_mb,"
        " context.get_remaining_time_in_millis()]\n"
    )

    [result] = invoke_all(make_service, function, {"café": 1})

    assert result.function_error is None
    event, arn, version, memory, remaining_ms = json.loads(result.payload)
    assert event == {"café": 1}
    assert (arn, version, memory) == (function.arn, "7", "256")
    assert 0 < remaining_ms <= function.timeout_seconds * 1000


def test_environment_stays_warm(make_service: MakeService, make_function: MakeFunction) -> None:
    function = make_function(
        "import os\ncalls = []\ndef handle(event, context):\n    calls.append(1)\n    return len(calls)\n"
    )

    results = invoke_all(make_service, function, {}, {}, {})

    assert [result.payload for result in results] == [b"1", b"2", b"3"]


def test_between_invocations_an_environment_is_frozen_with_its_threads_and_children(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path
) -> None:
    function = make_function(
        "import os, subprocess\n"
        "child = subprocess.Popen(['/bin/sleep', '300'])\n"
        "def handle(event, context):\n"
        "    return [[pid, open(f'/proc/{pid}/stat').read().split()[2]] for pid in (os.getpid(), child.pid)]\n"
    )

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[Any]:
        during = json.loads((await invoke({})).payload)
        pids = [pid for pid, _ in during]
        while not all(state_of(pid) == "T" for pid in pids):
            await asyncio.sleep(0.01)
        return [during, json.loads((await invoke({})).payload)]

    first, second = run(make_service, function, scenario)

    assert [pid for pid, _ in first] == [pid for pid, _ in second]
    assert "T" not in {state for _, state in first + second}


def test_concurrent_invocations_get_environments_of_their_own(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    function = make_function(
        "import os, time\ndef handle(event, context):\n    time.sleep(0.5)\n    return os.getpid()\n"
    )

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[InvokeResult]:
        return list(await asyncio.gather(invoke({}), invoke({}), invoke({})))

    results = run(make_service, function, scenario)

    assert len({result.payload for result in results}) == 3


def test_reserved_concurrency_throttles(make_service: MakeService, make_function: MakeFunction) -> None:
    function = make_function(
        "import time\ndef handle(event, context):\n    time.sleep(event)\n    return 'done'\n", reserved_concurrency=1
    )

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[InvokeResult | BaseException]:
        both = await asyncio.gather(invoke(0.2), invoke(0.2), return_exceptions=True)
        return [*both, await invoke(0)]

    first, second, later = run(make_service, function, scenario)

    assert isinstance(second, TooManyRequestsError)
    assert isinstance(first, InvokeResult)
    assert isinstance(later, InvokeResult)
    assert later.payload == b'"done"'


def test_an_alias_gives_its_other_version_a_share_of_the_calls(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    canary = make_function("def handle(event, context):\n    return context.function_version\n", version="8")
    alias = make_function(
        "def handle(event, context):\n    return context.function_version\n", version="7", weighted=((0.5, canary),)
    )

    results = invoke_all(make_service, alias, *[{}] * 30)

    assert {result.payload for result in results} == {b'"7"', b'"8"'}


@pytest.mark.parametrize(("draw", "version"), [(0.0, "8"), (0.099, "8"), (0.1, "9"), (0.29, "9"), (0.31, "7")])
def test_a_draw_below_a_version_s_share_takes_it(make_function: MakeFunction, draw: float, version: str) -> None:
    others = ((0.1, make_function("", version="8")), (0.2, make_function("", version="9")))

    assert version_for(make_function("", version="7", weighted=others), draw).version == version


def test_environments_are_recycled_on_demand_the_busy_one_after_its_invocation(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    function = make_function(
        "import os, time\n"
        "def handle(event, context):\n    time.sleep(event.get('seconds', 0))\n    return os.getpid()\n"
    )

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[bytes]:
        first = await invoke({})
        await service.recycle()
        busy = asyncio.ensure_future(invoke({"seconds": 1, "body": '{"requestId": "r-1"}'}))
        while not service.working_on("r-1"):
            await asyncio.sleep(0.01)
        await service.recycle()
        return [first.payload, (await busy).payload, (await invoke({})).payload]

    assert len(set(run(make_service, function, scenario))) == 3


def test_an_environment_lives_for_two_hours_of_the_stack_s_time(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    function = make_function("import os\ndef handle(event, context):\n    return os.getpid()\n")
    an_hour_a_second = StackClock(scale=3_600, origin=time.time())

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[bytes]:
        before = await invoke({})
        await an_hour_a_second.sleep(7_200)
        return [before.payload, (await invoke({})).payload]

    assert len(set(run(partial(make_service, an_hour_a_second), function, scenario))) == 2


def test_the_account_s_concurrency_throttles(make_service: MakeService, make_function: MakeFunction) -> None:
    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[InvokeResult | BaseException]:
        return list(await asyncio.gather(invoke({"seconds": 1}), invoke({}), return_exceptions=True))

    first, second = run(partial(make_service, account_concurrency=1), make_function(SLEEPY), scenario)

    assert isinstance(first, InvokeResult)
    assert isinstance(second, TooManyRequestsError)


def test_process_sees_only_lambda_s_environment_and_its_own_code(
    make_service: MakeService, make_function: MakeFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "of the person who runs the stack")
    function = make_function(
        "import importlib.util, os, sys\n"
        "def handle(event, context):\n"
        "    found = [name for name in ('boto3', 'pydantic', 'moto', 'pip') if importlib.util.find_spec(name)]\n"
        "    return {'env': dict(os.environ), 'cwd': os.getcwd(), 'path': sys.path, 'found': found}\n",
        environment={"LOG_LEVEL": "INFO"},
    )

    [result] = invoke_all(make_service, function, {})

    seen = json.loads(result.payload)
    assert seen["found"] == []
    assert "HOST_SECRET" not in seen["env"]
    assert seen["env"]["LOG_LEVEL"] == "INFO"
    assert seen["env"]["AWS_ACCESS_KEY_ID"] == "ASIA-arn:aws:iam::123456789012:role/echo"
    assert seen["env"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert seen["env"]["LAMBDA_TASK_ROOT"] == seen["cwd"] == seen["path"][0]
    allowed = re.compile(
        r"AWS_.*|_?LAMBDA_.*|_HANDLER|_X_AMZN_TRACE_ID|LANG|LC_CTYPE|LD_LIBRARY_PATH|LOG_LEVEL|PATH|PYTHONPATH|TZ"
    )
    assert [name for name in seen["env"] if not allowed.fullmatch(name)] == []


def test_exception_is_an_unhandled_error_and_the_environment_survives(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    function = make_function(
        "import os\n"
        "def handle(event, context):\n    if event:\n        raise KeyError('lost')\n    return os.getpid()\n"
    )

    before, failed, after = invoke_all(make_service, function, 0, 1, 0)

    assert failed.function_error == "Unhandled"
    assert json.loads(failed.payload)["errorType"] == "KeyError"
    assert before == after


def test_timeout_kills_and_the_next_invocation_starts_anew(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path
) -> None:
    function = make_function("import os\nprint('pid', os.getpid())\n" + SLEEPY, timeout_seconds=1)

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> tuple[InvokeResult, InvokeResult]:
        service.time_limits["after"] = 60  # the time of its init counts, and a busy machine takes more than a second
        return await invoke({"seconds": 60}), await invoke({"body": '{"requestId": "after"}'})

    timed_out, after = run(make_service, function, scenario)

    error = json.loads(timed_out.payload)
    assert timed_out.function_error == "Unhandled"
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert after.function_error is None
    killed, alive = re.findall(r"^pid (\d+)$", log_of(tmp_path), re.MULTILINE)
    assert killed != alive
    assert "Status: timeout" in log_of(tmp_path)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("os._exit(3)", "exit status 3"),
        ("os._exit(0)", "without providing a reason"),
        ("os.kill(os.getpid(), 9)", "signal: killed"),
    ],
    ids=["exit", "exit-0", "killed"],
)
def test_crash_is_an_exit_error_and_the_next_invocation_starts_anew(
    make_service: MakeService, make_function: MakeFunction, code: str, cause: str
) -> None:
    function = make_function(
        f"import os\ndef handle(event, context):\n    if event:\n        {code}\n    return 'ok'\n"
    )

    crashed, after = invoke_all(make_service, function, 1, 0)

    error = json.loads(crashed.payload)
    assert crashed.function_error == "Unhandled"
    assert error["errorType"] == "Runtime.ExitError"
    assert cause in error["errorMessage"]
    assert after.function_error is None


def test_init_error_names_the_module(make_service: MakeService, make_function: MakeFunction, tmp_path: Path) -> None:
    function = make_function("import not_in_the_zip\n")

    first, second = invoke_all(make_service, function, {}, {})

    for result in (first, second):
        error = json.loads(result.payload)
        assert result.function_error == "Unhandled"
        assert error["errorType"] == "Runtime.ImportModuleError"
        assert "not_in_the_zip" in error["errorMessage"]
    reports = re.findall(
        r"^INIT_REPORT .*\tPhase: (\w+)\tStatus: error\tError Type: (.*)$", log_of(tmp_path), re.MULTILINE
    )
    assert reports == [("init", "Runtime.ImportModuleError"), ("invoke", "Runtime.ImportModuleError")]


def test_each_function_is_started_once_and_its_first_event_finds_it_ready(
    make_service: MakeService, make_function: MakeFunction
) -> None:
    source = "import time\nSTARTED = time.time()\ndef handle(event, context): return STARTED"

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> tuple[list[Any], float, InvokeResult]:
        failures = [await service.start_each(), await service.start_each()]
        return failures, time.time(), await invoke({})

    failures, ready_at, result = run(make_service, make_function(source), scenario)

    assert failures == [[], []]
    assert json.loads(result.payload) < ready_at


def test_a_function_that_cannot_start_is_known_before_its_first_event(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path
) -> None:
    source = "def limit():\n    return 1 / 0\nLIMIT = limit()\ndef handle(event, context): return 1"

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[FunctionFailure]:
        return await service.start_each()

    [failure] = run(make_service, make_function(source), scenario)

    assert str(failure) == "echo: it can't start: ZeroDivisionError: division by zero"
    assert (failure.file, failure.line) == ("handler.py", 2)
    assert "ZeroDivisionError" in log_of(tmp_path)


def test_a_version_that_is_replaced_while_it_starts_leaves_no_process(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path
) -> None:
    function = make_function("import os, time\nprint('pid', os.getpid())\ntime.sleep(1)\ndef handle(*_): return 1")

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[FunctionFailure]:
        starting = asyncio.create_task(service.start_each())
        await asyncio.to_thread(wait_for_lines, tmp_path, "pid", 1)
        await service.deploy({function.arn: replace(function, version="8")})
        return await starting

    failures = run(make_service, function, scenario)

    [pid] = re.findall(r"^pid (\d+)$", log_of(tmp_path), re.MULTILINE)
    assert failures == []
    assert_ends(int(pid))


async def undeploy(service: LambdaService) -> None:
    await service.deploy({})


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("what", [LambdaService.recycle, LambdaService.stop, undeploy])
def test_environments_that_are_being_replaced_end_though_that_is_cancelled(
    make_service: MakeService,
    make_function: MakeFunction,
    tmp_path: Path,
    what: Callable[[LambdaService], Coroutine[Any, Any, Any]],
    rounds: int,
) -> None:
    function = make_function("import os\nprint('pid', os.getpid())\ndef handle(*_): return 1")

    async def scenario() -> None:
        before = open_files()
        service = make_service()
        await service.deploy({function.arn: function})
        await service.start_each()
        await cancelled_after(rounds, what(service))
        await service.stop()
        async with asyncio.timeout(STUCK_SECONDS):
            while open_files() - before:
                await asyncio.sleep(0.01)

    asyncio.run(scenario())

    [pid] = re.findall(r"^pid (\d+)$", log_of(tmp_path), re.MULTILINE)
    assert_ends(int(pid))


def test_code_that_is_being_extracted_when_everything_stops_is_removed(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = make_function("def handle(*_): return 1")
    fetch, fetching, may_go_on = code._fetch, threading.Event(), threading.Event()

    def slow(function: Function) -> bytes:
        fetching.set()
        assert may_go_on.wait(STUCK_SECONDS)
        return fetch(function)

    monkeypatch.setattr(code, "_fetch", slow)

    async def scenario() -> None:
        service = make_service()
        deploying = asyncio.create_task(service.deploy({function.arn: function}))
        assert await asyncio.to_thread(fetching.wait, STUCK_SECONDS)
        deploying.cancel()
        stopping = asyncio.create_task(service.stop())
        await asyncio.wait([stopping], timeout=0.2)
        may_go_on.set()
        await stopping

    asyncio.run(scenario())

    assert not (tmp_path / "work/code").exists()


def test_log_holds_the_function_s_lines_between_start_and_report(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path
) -> None:
    function = make_function(
        "import sys\ndef handle(event, context):\n    print('out')\n    print('err', file=sys.stderr)\n"
    )

    invoke_all(make_service, function, {})

    init, start, out, err, end, report = log_of(tmp_path).splitlines()
    assert init.startswith("INIT_START Runtime Version: python:3.13.")
    assert re.fullmatch(r"START RequestId: [0-9a-f-]{36} Version: 7", start)
    assert (out, err) == ("out", "err")
    assert end.startswith("END RequestId: ")
    assert re.fullmatch(
        r"REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB"
        r"\tMax Memory Used: [1-9]\d* MB\tInit Duration: [\d.]+ ms",
        report,
    )


def test_answer_over_6_mb_is_an_error(make_service: MakeService, make_function: MakeFunction) -> None:
    function = make_function("def handle(event, context):\n    return 'x' * event\n")

    fits, too_large = invoke_all(make_service, function, 6 * 2**20 - 2, 6 * 2**20)

    assert fits.function_error is None
    assert json.loads(too_large.payload)["errorType"] == "Function.ResponseSizeTooLarge"


def test_stop_leaves_no_process_even_when_busy(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path
) -> None:
    function = make_function(
        "import os, subprocess, time\n"
        "def handle(event, context):\n"
        "    child = subprocess.Popen(['sleep', '300'])\n"
        "    print('pids', os.getpid(), child.pid)\n"
        "    time.sleep(event)\n",
        timeout_seconds=900,
    )

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> None:
        await invoke(0)
        busy = asyncio.create_task(invoke(300))
        await asyncio.to_thread(wait_for_lines, tmp_path, "pids", 2)
        await service.stop()
        await asyncio.wait_for(busy, STUCK_SECONDS)

    run(make_service, function, scenario)

    pids = [int(pid) for pid in re.findall(r"\d+", " ".join(re.findall(r"^pids.*$", log_of(tmp_path), re.MULTILINE)))]
    assert len(pids) == 4
    for pid in pids:
        assert_ends(pid)


def test_a_new_version_replaces_warm_environments(make_service: MakeService, make_function: MakeFunction) -> None:
    old = make_function("def handle(event, context):\n    return 'old'\n")
    new = make_function("def handle(event, context):\n    return 'new'\n", version="8")

    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> list[bytes]:
        before = await invoke({})
        await service.deploy({new.arn: new})
        after = await invoke({})
        return [before.payload, after.payload]

    assert run(make_service, old, scenario) == [b'"old"', b'"new"']


def test_code_folder_is_read_only_and_gone_after_stop(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path
) -> None:
    function = make_function(
        "import os\ndef handle(event, context):\n    return os.stat('handler.py').st_mode & 0o777\n"
    )

    [result] = invoke_all(make_service, function, {})

    assert json.loads(result.payload) == 0o444
    assert not (tmp_path / "work/code").exists()


def test_code_that_is_not_what_was_deployed_is_refused(make_service: MakeService, make_function: MakeFunction) -> None:
    function = make_function("", code_sha256="47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")

    with pytest.raises(DeploymentError, match="the code of echo isn't the deployed one"):
        invoke_all(make_service, function, {})


def test_another_python_is_refused(make_service: MakeService, make_function: MakeFunction) -> None:
    function = make_function("", runtime="python3.12")

    with pytest.raises(DeploymentError, match=r"echo wants python3\.12; the stack runs functions on python3\.13 only"):
        invoke_all(make_service, function, {})


async def disturbed(service: LambdaService, invoke: Callable[[Any], Any], do: Callable[[Any], None]) -> InvokeResult:
    """Invoke for a long time, and do something to the environment meanwhile."""
    invocation = asyncio.ensure_future(invoke({"seconds": 30, "body": '{"requestId": "r-1"}'}))
    while not (working := service.working_on("r-1")):
        await asyncio.sleep(0.01)
    do(working[0])
    result: InvokeResult = await invocation
    return result


@pytest.mark.parametrize(
    ("do", "error"),
    [
        (lambda environment: environment.signal(9), "Runtime exited with error: signal: killed"),
        (lambda environment: environment.limit_memory(1), "Runtime exited with error: signal: killed"),
        (lambda environment: environment.time_out(), "Task timed out after 60.00 seconds"),
    ],
    ids=["killed", "out of memory", "timed out"],
)
def test_a_worker_that_is_done_away_with_is_an_error_and_the_next_call_works(
    make_service: MakeService, make_function: MakeFunction, do: Callable[[Any], None], error: str
) -> None:
    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> tuple[InvokeResult, InvokeResult]:
        return await disturbed(service, invoke, do), await invoke({})

    ended, next_one = run(make_service, make_function(SLEEPY, timeout_seconds=60), scenario)

    assert error in json.loads(ended.payload)["errorMessage"]
    assert next_one.payload == b"{}"


def test_a_function_that_takes_more_memory_than_it_has_is_killed(
    make_service: MakeService, make_function: MakeFunction, tmp_path: Path
) -> None:
    greedy = "import time\ndef handle(event, context):\n    held = bytearray(200_000_000)\n    time.sleep(20)\n"

    (result,) = invoke_all(make_service, make_function(greedy, memory_mb=128, timeout_seconds=30), {})

    assert result.error_type == "Runtime.OutOfMemory"
    assert "signal: killed" in json.loads(result.payload)["errorMessage"]
    report = log_of(tmp_path).splitlines()[-1]
    assert report.endswith("\tStatus: error\tError Type: Runtime.OutOfMemory")
    assert "\tMemory Size: 128 MB\tMax Memory Used: 128 MB\t" in report


def test_events_may_have_a_time_limit_of_their_own(make_service: MakeService, make_function: MakeFunction) -> None:
    async def scenario(service: LambdaService, invoke: Callable[[Any], Any]) -> InvokeResult:
        service.time_limits["r-1"] = 1
        result: InvokeResult = await invoke({"seconds": 30, "body": '{"requestId": "r-1"}'})
        return result

    result = run(make_service, make_function(SLEEPY, timeout_seconds=60), scenario)

    assert "timed out after 1.00 seconds" in json.loads(result.payload)["errorMessage"]
