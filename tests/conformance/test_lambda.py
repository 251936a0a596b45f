"""Lambda: the runtime, its environment and its life, and what `Invoke` answers."""

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from ..conftest import STUCK_SECONDS
from .deployment import Deployment
from .stack import ACCOUNT_CONCURRENCY, Stack, eventually

pytestmark = pytest.mark.slow
fact = pytest.mark.fact


class Function:
    """The alias `live` of a function, invoked by boto3."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack = stack
        self.name = name
        self._client = stack.client("lambda")

    def answer(self, payload: Any = None, **options: Any) -> Any:
        body = payload if isinstance(payload, bytes) else json.dumps(payload or {}).encode()
        return self._client.invoke(FunctionName=self.name, Qualifier="live", Payload=body, **options)

    def do(self, **script: Any) -> Any:
        """Return what the function returns."""
        answer = self.answer({"script": script})
        result = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, result
        return result

    def fail(self, **script: Any) -> Mapping[str, Any]:
        """Return the error of a function that fails."""
        answer = self.answer({"script": script})
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
        error: Mapping[str, Any] = json.loads(answer["Payload"].read())
        return error

    def log(self) -> str:
        path = self.stack.work_dir / "logs" / f"{self.name}.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def logs(self, text: str) -> bool:
        return bool(eventually(lambda: text in self.log()))


@pytest.fixture(scope="module")
def function(stack: Stack, deployment: Deployment) -> Function:
    variables = {"MINE": "yes", "TZ": "Europe/Berlin"}
    deployment.scripted("plain", Timeout=2, MemorySize=256, variables=variables)
    return Function(stack, "plain")


@pytest.fixture(scope="module")
def json_function(stack: Stack, deployment: Deployment) -> Function:
    deployment.scripted("json-logs", Timeout=2, LoggingConfig={"LogFormat": "JSON"})
    return Function(stack, "json-logs")


@pytest.fixture(scope="module")
def broken_function(stack: Stack, deployment: Deployment) -> Function:
    deployment.scripted("broken", Timeout=2, variables={"FAILS_TO_START": "yes"})
    return Function(stack, "broken")


@fact("LAM-38")
def test_an_invocation_is_answered_200_with_what_the_function_returns(function: Function) -> None:
    answer = function.answer({"question": 1})

    assert (answer["StatusCode"], json.loads(answer["Payload"].read())) == (200, {"question": 1})


@fact("LAM-38")
@pytest.mark.parametrize(("kind", "status"), [("Event", 202), ("DryRun", 204)])
def test_other_kinds_are_answered_without_a_result(function: Function, kind: str, status: int) -> None:
    answer = function.answer({}, InvocationType=kind)

    assert (answer["StatusCode"], answer["Payload"].read()) == (status, b"")


@fact("LAM-38", "LAM-05")
def test_an_exception_is_a_200_with_an_error(function: Function) -> None:
    error = function.fail(**{"raise": "no luck"})

    assert (error["errorMessage"], error["errorType"]) == ("no luck", "Exception")
    assert isinstance(error["stackTrace"], list)


@fact("LAM-08")
def test_an_exception_has_the_bare_name_of_its_class(function: Function) -> None:
    assert function.fail(evaluate="json.loads('{')")["errorType"] == "JSONDecodeError"


@fact("LAM-12", "LAM-08")
def test_a_result_that_cannot_become_json_is_a_marshal_error(function: Function) -> None:
    assert function.fail(evaluate="{1, 2}")["errorType"] == "Runtime.MarshalError"


@fact("LAM-12")
def test_nan_is_written_as_nan(function: Function) -> None:
    answer = function.answer({"script": {"evaluate": "float('nan')"}})

    assert answer["Payload"].read() == b"NaN"


@fact("LAM-11")
def test_json_is_written_without_ascii_escapes(function: Function) -> None:
    answer = function.answer({"script": {"result": "grüße"}})

    assert answer["Payload"].read() == '"grüße"'.encode()


@fact("LAM-38", "LAM-41")
def test_a_throttled_call_is_429(stack: Stack, deployment: Deployment) -> None:
    with pytest.raises(ClientError) as caught:
        Function(stack, "idle").answer()

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert caught.value.response["Error"]["Code"] == "TooManyRequestsException"


@fact("LAM-41")
def test_an_account_runs_so_many_at_once_and_no_more(stack: Stack, deployment: Deployment, tmp_path: Path) -> None:
    door = tmp_path / "open"
    waits = f"(list(iter(lambda: (time.sleep(0.05), os.path.exists({str(door)!r}))[1], True)), 'let go')[1]"
    deployment.scripted("held", Timeout=STUCK_SECONDS)
    function = Function(stack, "held")

    with ThreadPoolExecutor(ACCOUNT_CONCURRENCY) as callers:
        try:
            calls = [callers.submit(function.do, evaluate=waits) for _ in range(ACCOUNT_CONCURRENCY)]
            stack.awaited(lambda entry: entry["event"] == {"script": {"evaluate": waits}}, ACCOUNT_CONCURRENCY)
            with pytest.raises(ClientError) as refused:
                function.answer()
        finally:
            door.touch()

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert {call.result() for call in calls} == {"let go"}


@fact("LAM-39", "LAM-38")
def test_a_payload_of_more_than_6_mb_is_413(function: Function) -> None:
    assert function.answer(json.dumps("x" * (6 * 2**20 - 100)).encode())["StatusCode"] == 200
    with pytest.raises(ClientError) as caught:
        function.answer(json.dumps("x" * (6 * 2**20 + 200)).encode())

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert caught.value.response["Error"]["Code"] == "RequestTooLargeException"


@fact("LAM-39")
def test_an_asynchronous_payload_has_1_mb(function: Function) -> None:
    with pytest.raises(ClientError) as caught:
        function.answer(json.dumps("x" * (2**20 + 200)).encode(), InvocationType="Event")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


@fact("LAM-04", "LAM-39")
def test_a_response_of_more_than_6_mb_is_an_error(function: Function) -> None:
    error = function.fail(evaluate="'x' * (6 * 2**20 + 100)")

    assert error["errorType"] == "Function.ResponseSizeTooLarge"


@fact("LAM-37", "LAM-26")
def test_a_timeout_is_a_200_whose_body_says_after_how_long(function: Function) -> None:
    error = function.fail(sleep=5)

    assert error["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 2.00 seconds" in error["errorMessage"]


@fact("LAM-02")
def test_the_context_has_the_invocations_facts(function: Function) -> None:
    script = "[context.aws_request_id, context.invoked_function_arn, context.get_remaining_time_in_millis()]"
    request_id, arn, left = function.do(evaluate=script)

    assert len(request_id) == 36
    assert arn == "arn:aws:lambda:us-east-1:123456789012:function:plain:live"
    assert 0 < left <= 2_000


@fact("LAM-03")
def test_the_handler_gets_an_object_and_no_bytes(function: Function) -> None:
    assert function.do(evaluate="type(event).__name__") == "dict"


@fact("LAM-19")
def test_lambda_sets_its_variables(function: Function) -> None:
    variables = function.do(evaluate="dict(os.environ)")

    expected = {
        "_HANDLER": "handler.handle",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "plain",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/plain",
    }
    assert {name: variables.get(name) for name in expected} == expected
    assert variables.keys() >= {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
        "_X_AMZN_TRACE_ID",
    }


@fact("LAM-20")
def test_a_function_may_set_its_own_of_some(function: Function) -> None:
    variables = function.do(evaluate="dict(os.environ)")

    assert (variables["MINE"], variables["TZ"]) == ("yes", "Europe/Berlin")
    assert (variables["LANG"], variables["AWS_XRAY_CONTEXT_MISSING"]) == ("en_US.UTF-8", "LOG_ERROR")


@fact("LAM-20")
@pytest.mark.xfail(reason="The runtime's client is found by `PYTHONPATH` here: a function that sets it can't start.")
def test_a_function_may_set_its_own_pythonpath(stack: Stack, deployment: Deployment) -> None:
    deployment.scripted("own-path", variables={"PYTHONPATH": "/mine"})

    assert Function(stack, "own-path").do(evaluate="os.environ['PYTHONPATH']") == "/mine"


@fact("LAM-19")
def test_nothing_of_this_machines_environment_is_there(function: Function) -> None:
    variables = function.do(evaluate="dict(os.environ)")

    assert variables.keys().isdisjoint({"HOME", "USER", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST"})


@fact("LAM-25", "LAM-23")
def test_a_crash_resets_the_environment(function: Function) -> None:
    function.do(evaluate="CALLS")
    before = function.do(evaluate="CALLS")
    error = function.fail(exit=3)
    after = function.do(evaluate="CALLS")

    assert before > 1
    assert error["errorType"] == "Runtime.ExitError"
    assert "exit status 3" in error["errorMessage"]
    assert after == 1


@fact("LAM-31")
def test_a_thread_stands_still_between_invocations_and_goes_on_in_the_next(function: Function) -> None:
    ticking = (
        "(__import__('threading').Thread(target=lambda: [(TICKS.append(1), time.sleep(0.02)) for _ in range(400)],"
        " daemon=True).start(), None)[1]"
    )
    function.do(evaluate=f"globals().setdefault('TICKS', []) and None or {ticking}")
    first = function.do(evaluate="len(TICKS)")
    time.sleep(3)
    second = function.do(evaluate="len(TICKS)")
    third = function.do(evaluate="(time.sleep(0.5), len(TICKS))[1]")

    assert second - first < 100, "three seconds have 150 ticks"
    assert third > second


@fact("LAM-29")
def test_environments_are_replaced(stack: Stack, function: Function) -> None:
    function.do(evaluate="CALLS")
    function.do(evaluate="CALLS")
    urlopen(Request(f"http://{stack.address}/_control/environments", b"{}", method="POST"), timeout=20).close()

    assert function.do(evaluate="CALLS") == 1


@fact("LAM-54")
def test_an_idle_connection_fails_its_first_request_when_it_was_lost(stack: Stack, function: Function) -> None:
    connect = (
        "globals().__setitem__('KEPT', __import__('http.client').client.HTTPConnection("
        "os.environ['AWS_ENDPOINT_URL'].removeprefix('http://'), timeout=5)) or ask()"
    )
    define = "exec(\"def ask():\\n KEPT.request('GET', '/')\\n return KEPT.getresponse().read() and 1\", globals())"
    function.do(evaluate=define)
    function.do(evaluate=connect)
    urlopen(Request(f"http://{stack.address}/_control/idle-connections", b"{}", method="POST"), timeout=20).close()

    assert function.fail(evaluate="ask()")["errorType"] in {
        "BrokenPipeError",
        "ConnectionResetError",
        "RemoteDisconnected",
    }


@fact("LAM-27", "LAM-28")
def test_nobody_is_told_before_the_end(function: Function) -> None:
    define = "__import__('signal').signal(15, lambda *_: open(os.environ['RECORDS'] + '.term', 'w').close()) and None"
    function.do(evaluate=define)
    function.fail(sleep=5)

    assert not function.stack.records.with_name(function.stack.records.name + ".term").exists()


@fact("LAM-56")
def test_more_memory_than_the_function_has_kills_it(function: Function) -> None:
    error = function.fail(evaluate="(globals().__setitem__('BIG', bytearray(400 * 2**20)), time.sleep(1.5))[1]")

    assert error["errorType"] == "Runtime.OutOfMemory"
    assert function.logs("Max Memory Used: 256 MB")
    assert function.logs("Status: error\tError Type: Runtime.OutOfMemory")


@fact("LAM-32")
def test_each_invocation_writes_start_end_and_report(function: Function) -> None:
    request_id = function.do(evaluate="context.aws_request_id")

    assert function.logs(f"START RequestId: {request_id} Version: 1")
    assert function.logs(f"END RequestId: {request_id}")
    report = next(line for line in function.log().splitlines() if line.startswith(f"REPORT RequestId: {request_id}"))
    assert "Billed Duration: " in report
    assert "Memory Size: 256 MB" in report
    assert "Init Duration: " in function.log(), "the first report has it"


@fact("LAM-33")
def test_a_report_says_how_an_invocation_failed(function: Function) -> None:
    function.fail(sleep=5)
    function.fail(exit=1)

    assert function.logs("Status: timeout")
    assert function.logs("Status: error\tError Type: Runtime.ExitError")


@fact("LAM-55")
def test_a_new_environment_begins_with_its_runtime(function: Function) -> None:
    assert function.log().startswith("INIT_START Runtime Version: python:3.13.v")
    assert "\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:" in function.log().splitlines()[0]


@fact("LAM-15")
def test_lines_of_logging_are_level_time_id_and_message(function: Function) -> None:
    function.do(evaluate="__import__('logging').getLogger().warning('mind the gap')")

    (line,) = (line for line in function.log().splitlines() if line.endswith("mind the gap"))
    assert [line.split("\t")[0], len(line.split("\t")[2])] == ["[WARNING]", 36]


@fact("LAM-34", "LAM-06")
def test_a_function_that_cannot_start_is_an_error_and_a_report_of_its_init(broken_function: Function) -> None:
    error = broken_function.fail()

    assert error["errorType"] == "RuntimeError"
    assert "broken on purpose" in error["errorMessage"]
    assert broken_function.logs("Phase: init\tStatus: error")


@fact("LAM-08", "LAM-10")
@pytest.mark.parametrize(
    ("handler", "error_type"),
    [("nowhere.handle", "Runtime.ImportModuleError"), ("handler.nothing", "Runtime.HandlerNotFound")],
)
def test_a_wrong_handler_is_an_error_of_the_runtime(
    stack: Stack, deployment: Deployment, handler: str, error_type: str
) -> None:
    name = f"wrong-{handler.replace('.', '-')}"
    deployment.scripted(name)
    client = stack.client("lambda")
    client.update_function_configuration(FunctionName=name, Handler=handler)
    version = client.publish_version(FunctionName=name)["Version"]
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)

    assert Function(stack, name).fail()["errorType"] == error_type


@fact("LAM-35")
def test_lambdas_own_lines_as_json(json_function: Function) -> None:
    request_id = json_function.do(evaluate="context.aws_request_id")
    json_function.logs("platform.report")
    lines = [json.loads(line) for line in json_function.log().splitlines()]
    start, report = (
        next(line for line in lines if line.get("type") == kind and line["record"]["requestId"] == request_id)
        for kind in ("platform.start", "platform.report")
    )

    assert start.keys() == report.keys() == {"time", "type", "record"}
    assert start["record"].keys() >= {"requestId", "functionArn", "version"}
    assert report["record"]["status"] == "success"
    assert report["record"]["metrics"].keys() >= {"durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB"}


@fact("LAM-55")
def test_a_new_environment_as_json(json_function: Function) -> None:
    json_function.do()
    first = json.loads(json_function.log().splitlines()[0])

    assert first["type"] == "platform.initStart"
    assert first["record"].keys() >= {
        "initializationType",
        "phase",
        "runtimeVersion",
        "runtimeVersionArn",
        "functionName",
        "functionVersion",
        "instanceMaxMemory",
    }


@fact("LAM-16", "LAM-15")
def test_printed_json_passes_and_logged_json_is_a_string(json_function: Function) -> None:
    json_function.do(print='{"mine": 1}')
    json_function.do(evaluate="__import__('logging').getLogger().warning('{\"mine\": 2}')")

    assert json_function.logs('{"mine": 1}\n')
    lines = [json.loads(line) for line in json_function.log().splitlines()]
    (logged,) = (line for line in lines if line.get("message") == '{"mine": 2}')
    assert logged.keys() >= {"timestamp", "level", "message", "logger", "requestId"}


@fact("LAM-36")
def test_at_the_system_level_warn_there_is_no_report(stack: Stack, deployment: Deployment) -> None:
    levels = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    deployment.scripted("quiet", LoggingConfig=levels)
    quiet = Function(stack, "quiet")
    quiet.do(print="spoken")

    assert quiet.logs("spoken")
    assert "platform.report" not in quiet.log()


@fact("LAM-36")
@pytest.mark.xfail(reason="A level with the format Text is taken here, and does nothing.")
def test_levels_need_the_format_json(deployment: Deployment) -> None:
    with pytest.raises(ClientError) as caught:
        deployment.scripted("loud", LoggingConfig={"LogFormat": "Text", "SystemLogLevel": "WARN"})

    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"


@fact("LAM-47")
def test_a_version_never_changes_and_an_alias_leads_to_one(stack: Stack, deployment: Deployment) -> None:
    deployment.scripted("versioned", variables={"TOLD": "one"})
    client, function = stack.client("lambda"), Function(stack, "versioned")
    assert function.do(evaluate="os.environ['TOLD']") == "one"
    variables = {"RECORDS": str(stack.records), "TOLD": "two"}
    client.update_function_configuration(FunctionName="versioned", Environment={"Variables": variables})
    assert function.do(evaluate="os.environ['TOLD']") == "one"
    version = client.publish_version(FunctionName="versioned")["Version"]
    client.update_alias(FunctionName="versioned", Name="live", FunctionVersion=version)
    stack.load()

    assert function.do(evaluate="os.environ['TOLD']") == "two"


@fact("LAM-57")
def test_an_aliass_own_version_gets_no_share_besides(deployment: Deployment, stack: Stack) -> None:
    deployment.scripted("alone")
    client = stack.client("lambda")
    version = client.get_alias(FunctionName="alone", Name="live")["FunctionVersion"]

    with pytest.raises(ClientError) as caught:
        client.update_alias(
            FunctionName="alone",
            Name="live",
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": {version: 0.5}},
        )

    assert caught.value.response["Error"] == {
        "Code": "InvalidParameterValueException",
        "Message": f"Invalid function version {version}. "
        f"Function version {version} is already included in routing configuration.",
    }


@fact("LAM-48")
def test_a_codes_hash_is_the_zips_sha256_as_base64(stack: Stack, function: Function) -> None:
    found = stack.client("lambda").get_function(FunctionName="plain")
    with urlopen(found["Code"]["Location"], timeout=20) as response:
        digest = hashlib.sha256(response.read()).digest()

    assert base64.b64encode(digest).decode() == found["Configuration"]["CodeSha256"]


@fact("LAM-46")
@pytest.mark.xfail(reason="The runtime here brings no boto3 of its own: what isn't in the zip isn't there.")
def test_the_runtime_brings_a_boto3(function: Function) -> None:
    assert function.do(evaluate="__import__('boto3').__name__") == "boto3"


@fact("LAM-46")
def test_the_runtime_brings_neither_pydantic_nor_structlog(function: Function) -> None:
    found = function.do(evaluate="[__import__('importlib.util').util.find_spec(n) for n in ('pydantic', 'structlog')]")

    assert found == [None, None]


@fact("LAM-23")
@pytest.mark.xfail(reason="A function shares /tmp with everything on this machine.")
def test_tmp_is_the_environments_own(stack: Stack, function: Function) -> None:
    assert function.do(evaluate=f"os.path.exists({str(stack.work_dir)!r})") is False


@fact("LAM-24")
def test_an_init_of_more_than_10_s_begins_again_with_the_first_invocation(stack: Stack, deployment: Deployment) -> None:
    deployment.scripted("slow-init", Timeout=20, variables={"SECONDS_OF_INIT": "11"})
    slow = Function(stack, "slow-init")

    assert slow.do(evaluate="CALLS") == 1
    assert slow.logs("Phase: init\tStatus: timeout")


@fact("LAM-25", "LAM-24")
def test_an_init_inside_an_invocation_counts_against_its_timeout(stack: Stack, deployment: Deployment) -> None:
    deployment.scripted("hardly-starts", Timeout=1, variables={"SECONDS_OF_INIT": "0.8"})
    hardly = Function(stack, "hardly-starts")
    hardly.do(evaluate="CALLS")
    hardly.fail(exit=1)

    assert hardly.fail(sleep=0.5)["errorType"] == "Sandbox.Timedout"
