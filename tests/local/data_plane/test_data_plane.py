"""The data plane as a whole: control plane, API Gateway, Lambda and SQS, nothing faked but the functions' purpose."""

import asyncio
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from websockets.asyncio import client as websockets
from websockets.exceptions import ConnectionClosed

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.data_plane import DataPlane
from selador_local.data_plane.emulation import Emulation
from selador_local.data_plane.lambda_service.service import LambdaService

from ...conftest import STUCK_SECONDS
from ..conftest import Terraform
from ..rounds import ROUNDS, cancelled_after, open_files

# A handshake waits for a function's start: on a busy machine longer than for the 10 s of a client by default.
connect = partial(websockets.connect, open_timeout=STUCK_SECONDS)

HANDLER = """
import json
def handle(event, context):
    context_ = event["requestContext"]
    if context_["eventType"] == "CONNECT":
        return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "selador.v1"}}
    print(context_["eventType"], context_.get("disconnectStatusCode", ""))
    return {"statusCode": 200, "body": json.dumps({"type": "accepted", "connection": context_["connectionId"]})}
"""
# What a worker does without an SDK: it signs nothing, but names its key as SigV4 would.
WORKER = """
import json, os, urllib.parse, urllib.request
def handle(event, context):
    [record] = event["Records"]
    job = json.loads(record["body"])
    path = f"{job['callback']}/@connections/{urllib.parse.quote(job['connection'])}"
    key = os.environ["AWS_ACCESS_KEY_ID"]
    signature = f"AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/execute-api/aws4_request, Signature=none"
    request = urllib.request.Request(path, job["text"].encode(), {"Authorization": signature})
    urllib.request.urlopen(request, timeout=10).close()
    return {"batchItemFailures": []}
"""


@pytest.fixture(scope="module")
def api_id(control_plane: ControlPlane) -> str:
    """A WebSocket API, a queue and a worker, deployed to the stage `local`."""
    terraform = Terraform(control_plane)
    handler_role = terraform.role("handler", {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"})
    queue_arn = terraform.queue("requests")
    worker_role = terraform.role(
        "worker",
        {
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "Resource": queue_arn,
        },
        {"Action": "execute-api:ManageConnections", "Resource": "arn:aws:execute-api:*:*:*/local/POST/@connections/*"},
    )
    handler_arn = terraform.function("handler", HANDLER, handler_role, Timeout=10)
    terraform.mapping(queue_arn, terraform.function("worker", WORKER, worker_role, Timeout=20), BatchSize=1)
    identifier: str = terraform.api("demo")
    for key in ("$connect", "$disconnect"):
        terraform.route(identifier, key, handler_arn)
    terraform.route(identifier, "invoke", handler_arn, two_way=True)
    terraform.deploy(identifier, "local")
    return identifier


def with_data_plane(
    control_plane: ControlPlane,
    work_dir: Path,
    scenario: Callable[[DataPlane], Awaitable[None]],
    port: int = 0,
    trusted: Path | None = None,
) -> None:
    async def run() -> None:
        data_plane = DataPlane(control_plane, work_dir, port, "http://127.0.0.1:1", Emulation(), trusted=trusted)
        await data_plane.start()
        try:
            async with asyncio.timeout(STUCK_SECONDS):
                await scenario(data_plane)
        finally:
            await data_plane.stop()

    asyncio.run(run())


@pytest.fixture(scope="module")
def travelled(control_plane: ControlPlane, api_id: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The API, and the folder of a data plane in which a message travelled to the worker and back."""
    terraform = Terraform(control_plane)
    work_dir = tmp_path_factory.mktemp("travelled")
    logs = boto3.Session().client("logs", **control_plane.client_arguments)
    for function in ("handler", "worker"):
        logs.create_log_group(logGroupName=f"/aws/lambda/{function}")
    queue_url = terraform.sqs.get_queue_url(QueueName="requests")["QueueUrl"]

    async def scenario(data_plane: DataPlane) -> None:
        await data_plane.load()
        address = f"127.0.0.1:{data_plane.port}/{api_id}/local"
        async with connect(f"ws://{address}", subprotocols=["selador.v1"]) as client:  # type: ignore[list-item]  # a NewType of str
            assert client.subprotocol == "selador.v1"
            await client.send('{"action":"invoke"}')
            accepted = json.loads(await client.recv())
            job = {"callback": f"http://{address}", "connection": accepted["connection"], "text": "the answer"}
            await asyncio.to_thread(terraform.sqs.send_message, QueueUrl=queue_url, MessageBody=json.dumps(job))

            assert await client.recv() == "the answer"
            await data_plane.load()  # nothing has changed: the connection and the processes stay
            await client.send('{"action":"invoke"}')
            assert json.loads(await client.recv()) == accepted

    with_data_plane(control_plane, work_dir, scenario)
    return api_id, work_dir


def test_a_message_travels_to_the_worker_and_back(terraform: Any, travelled: tuple[str, Path]) -> None:
    _, work_dir = travelled

    handler_log = (work_dir / "logs/handler.log").read_text()
    assert "DISCONNECT 1000" in handler_log
    assert len(re.findall("Init Duration", handler_log)) == 1
    queue_url = terraform.sqs.get_queue_url(QueueName="requests")["QueueUrl"]
    counts = terraform.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_a_function_can_be_invoked_by_whoever_may(
    control_plane: ControlPlane, data_plane_port: int, terraform: Any, tmp_path: Path
) -> None:
    """Neither an integration nor a mapping names the function; its alias and its newest code are asked for."""
    role_arn = terraform.role("alone", {"Action": "sqs:SendMessage", "Resource": "*"})
    terraform.function("alone", "def handle(event, context):\n    return context.function_version\n", role_arn)
    versions = {}

    async def scenario(data_plane: DataPlane) -> None:
        await data_plane.load()
        for qualifier in ("live", "$LATEST"):
            answer = await asyncio.to_thread(terraform.lambda_.invoke, FunctionName="alone", Qualifier=qualifier)
            versions[qualifier] = json.load(answer["Payload"])
        with pytest.raises(ClientError, match="Could not parse request body into json"):
            await asyncio.to_thread(terraform.lambda_.invoke, FunctionName="alone", Payload=b"{")

    with_data_plane(control_plane, tmp_path, scenario, data_plane_port)

    assert versions == {"live": "1", "$LATEST": "$LATEST"}


def test_cloudwatch_has_the_metrics_and_the_lines_that_a_role_may_write(
    control_plane: ControlPlane, travelled: tuple[str, Path]
) -> None:
    logs = boto3.Session().client("logs", **control_plane.client_arguments)
    cloudwatch = boto3.Session().client("cloudwatch", **control_plane.client_arguments)
    api_id, _ = travelled

    def total(namespace: str, metric: str, **dimensions: str) -> float:
        points = cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=datetime.now(UTC) - timedelta(minutes=10),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    written = logs.filter_log_events(logGroupName="/aws/lambda/handler", filterPattern="DISCONNECT")["events"]
    assert [event["message"] for event in written] == ["DISCONNECT 1000"]
    assert logs.describe_log_streams(logGroupName="/aws/lambda/worker")["logStreams"] == []
    assert total("AWS/ApiGateway", "MessageCount", ApiId=api_id, Stage="local") == 5, "two asked and answered, a post"
    assert total("AWS/ApiGateway", "ConnectCount", ApiId=api_id) == 1
    assert total("AWS/Lambda", "Invocations", FunctionName="handler", Resource="handler:live") == 4
    assert total("AWS/Lambda", "Invocations", FunctionName="worker") == 1
    assert total("AWS/Lambda", "Errors", FunctionName="worker") == 0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition; `with_data_plane` ends a wait that is in vain."""
    while not await condition():
        await asyncio.sleep(0.05)


@asynccontextmanager
async def followed(data_plane: DataPlane) -> AsyncIterator[None]:
    """A data plane that looks after changes by itself, and has loaded what is there."""
    await data_plane.load()
    task = asyncio.create_task(data_plane.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def answer(data_plane: DataPlane, api_id: str) -> str:
    """Connect, send one message and return what comes back."""
    async with connect(f"ws://127.0.0.1:{data_plane.port}/{api_id}/local") as client:
        await client.send('{"action":"invoke"}')
        return str(await client.recv())


def test_a_permission_that_is_taken_away_is_gone_and_comes_back_when_given(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path
) -> None:
    role_arn = terraform.role("guarded", {"Action": "sqs:SendMessage", "Resource": "*"})
    arn = terraform.function("guarded", HANDLER, role_arn)
    api_id = terraform.api("guarded")
    terraform.route(api_id, "invoke", arn, two_way=True)
    terraform.deploy(api_id, "local")
    statement = f"{api_id}-invoke"

    async def scenario(data_plane: DataPlane) -> None:
        async with followed(data_plane):
            assert "accepted" in await answer(data_plane, api_id)
            await asyncio.to_thread(terraform.lambda_.remove_permission, FunctionName=arn, StatementId=statement)

            async def is_refused() -> bool:
                return "Internal server error" in await answer(data_plane, api_id)

            await until(is_refused)
            await asyncio.to_thread(terraform.permission, api_id, "invoke", arn)

            async def is_back() -> bool:
                return "accepted" in await answer(data_plane, api_id)

            await until(is_back)

    with_data_plane(control_plane, tmp_path, scenario)


def test_a_function_that_a_change_has_broken_is_known_before_its_first_event(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path
) -> None:
    role_arn = terraform.role("broken", {"Action": "sqs:SendMessage", "Resource": "*"})
    arn = terraform.function("broken", HANDLER, role_arn)
    api_id = terraform.api("broken")
    terraform.route(api_id, "invoke", arn, two_way=True)
    terraform.deploy(api_id, "local")
    failures: list[str] = []

    def break_it() -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zip_file:
            zip_file.writestr("handler.py", "import nothing_of_this_name")
        version = terraform.lambda_.update_function_code(
            FunctionName="broken", ZipFile=archive.getvalue(), Publish=True
        )["Version"]
        terraform.lambda_.update_alias(FunctionName="broken", Name="live", FunctionVersion=version)

    async def scenario(data_plane: DataPlane) -> None:
        data_plane.journal.on_failure = lambda failure: failures.append(str(failure))
        async with followed(data_plane):
            assert "accepted" in await answer(data_plane, api_id)
            await asyncio.to_thread(break_it)

            async def is_known() -> bool:
                return bool(failures)

            await until(is_known)

    with_data_plane(control_plane, tmp_path, scenario)

    assert failures[0].startswith("broken: it can't start: Runtime.ImportModuleError")


def test_a_mapping_that_is_switched_off_takes_no_message_and_switched_on_takes_them(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path
) -> None:
    role_arn = terraform.role("switched", {"Action": "sqs:*", "Resource": "*"})
    source = "def handle(event, context):\n    print('took', event['Records'][0]['body'])\n    return {}"
    queue_arn = terraform.queue("switched")
    uuid = terraform.mapping(queue_arn, terraform.function("switched", source, role_arn))
    queue_url = terraform.sqs.get_queue_url(QueueName="switched")["QueueUrl"]
    log = tmp_path / "logs" / "switched.log"

    async def took(body: str) -> bool:
        return log.exists() and f"took {body}" in log.read_text()

    async def scenario(data_plane: DataPlane) -> None:
        async with followed(data_plane):
            await asyncio.to_thread(terraform.sqs.send_message, QueueUrl=queue_url, MessageBody="first")
            await until(lambda: took("first"))
            await asyncio.to_thread(terraform.lambda_.update_event_source_mapping, UUID=uuid, Enabled=False)

            async def is_off() -> bool:
                return not data_plane.polls(uuid)

            await until(is_off)
            await asyncio.to_thread(terraform.sqs.send_message, QueueUrl=queue_url, MessageBody="second")
            await asyncio.sleep(1)
            assert not await took("second")
            await asyncio.to_thread(terraform.lambda_.update_event_source_mapping, UUID=uuid, Enabled=True)
            await until(lambda: took("second"))

    with_data_plane(control_plane, tmp_path, scenario)


def test_a_function_that_is_deleted_fails_as_on_aws_and_takes_nothing_else_with_it(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path
) -> None:
    role_arn = terraform.role("deleted", {"Action": "sqs:*", "Resource": "*"})
    gone, stays = terraform.function("gone", HANDLER, role_arn), terraform.function("stays", HANDLER, role_arn)
    apis = {}
    for name, arn in (("gone", gone), ("stays", stays)):
        apis[name] = terraform.api(f"{name}-api")
        terraform.route(apis[name], "invoke", arn, two_way=True)
        terraform.deploy(apis[name], "local")
    terraform.mapping(terraform.queue("deleted"), gone)

    async def scenario(data_plane: DataPlane) -> None:
        async with followed(data_plane):
            await asyncio.to_thread(terraform.lambda_.delete_function, FunctionName="gone")

            async def fails() -> bool:
                return "Internal server error" in await answer(data_plane, apis["gone"])

            await until(fails)
            assert "accepted" in await answer(data_plane, apis["stays"])

    with_data_plane(control_plane, tmp_path, scenario)


def test_functions_trust_the_certificates_that_the_stack_gives_them(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path
) -> None:
    role_arn = terraform.role("trusting", {"Action": "sqs:*", "Resource": "*"})
    source = (
        "import os\ndef handle(event, context):\n    return {'statusCode': 200, 'body': os.environ['SSL_CERT_FILE']}"
    )
    api_id = terraform.api("trusting")
    terraform.route(api_id, "invoke", terraform.function("trusting", source, role_arn), two_way=True)
    terraform.deploy(api_id, "local")

    async def scenario(data_plane: DataPlane) -> None:
        await data_plane.load()
        assert await answer(data_plane, api_id) == "/certificate.pem"

    with_data_plane(control_plane, tmp_path, scenario, trusted=Path("/certificate.pem"))


def test_nothing_is_served_before_it_is_loaded_and_stop_closes_with_1001(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path
) -> None:
    role_arn = terraform.role("plain", {"Action": "sqs:SendMessage", "Resource": "*"})
    api_id = terraform.api("plain")
    terraform.route(api_id, "invoke", terraform.function("plain", HANDLER, role_arn))
    terraform.deploy(api_id, "local")

    async def scenario(data_plane: DataPlane) -> None:
        url = f"ws://127.0.0.1:{data_plane.port}/{api_id}/local"
        with pytest.raises(Exception, match="403"):
            await connect(url)

        await data_plane.load()
        async with connect(url) as client:
            seen = asyncio.ensure_future(client.recv())
            await data_plane.stop()

            with pytest.raises(ConnectionClosed) as caught:
                await seen
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1001

    with_data_plane(control_plane, tmp_path, scenario)


def test_what_cannot_run_here_is_named_once_and_fails_alone(
    control_plane: ControlPlane, terraform: Any, tmp_path: Path
) -> None:
    role_arn = terraform.role("partly", {"Action": "sqs:SendMessage", "Resource": "*"})
    api_id = terraform.api("partly")
    terraform.route(api_id, "invoke", terraform.function("partly", HANDLER, role_arn), two_way=True)
    terraform.route(api_id, "old", terraform.function("old", HANDLER, role_arn, Runtime="python3.12"), two_way=True)
    mock = terraform.gateway.create_integration(ApiId=api_id, IntegrationType="MOCK")["IntegrationId"]
    terraform.gateway.create_route(ApiId=api_id, RouteKey="mock", Target=f"integrations/{mock}")
    terraform.deploy(api_id, "local")

    async def scenario(data_plane: DataPlane) -> None:
        named = [part.reason for part in await data_plane.load() if "old" in part.reason or api_id in part.reason]
        assert sorted(named) == [
            f"API {api_id} has an integration of type MOCK; only AWS_PROXY with a function's invoke ARN runs here",
            "old wants python3.12; the stack runs functions on python3.13 only",
        ]
        assert await data_plane.load() == []

        async with connect(f"ws://127.0.0.1:{data_plane.port}/{api_id}/local") as client:
            answers = {}
            for action in ("mock", "old", "invoke"):
                await client.send(json.dumps({"action": action}))
                answers[action] = json.loads(await client.recv())
        assert answers["mock"]["message"] == answers["old"]["message"] == "Internal server error"
        assert answers["invoke"]["type"] == "accepted"

    try:
        with_data_plane(control_plane, tmp_path, scenario)
    finally:
        terraform.gateway.delete_api(ApiId=api_id)


NOWHERE = ControlPlane("http://127.0.0.1:1", "us-east-1", "123456789012", "AKIA", "secret")


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_start_that_is_cancelled_leaves_nothing_open(tmp_path: Path, rounds: int) -> None:
    async def scenario() -> set[str]:
        before = open_files()
        data_plane = DataPlane(NOWHERE, tmp_path, 0, "http://127.0.0.1:1", Emulation())
        await cancelled_after(rounds, data_plane.start())
        await data_plane.stop()
        return open_files() - before

    assert asyncio.run(scenario()) == set()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_stop_that_is_cancelled_leaves_nothing_open(tmp_path: Path, rounds: int) -> None:
    async def scenario() -> set[str]:
        before = open_files()
        data_plane = DataPlane(NOWHERE, tmp_path, 0, "http://127.0.0.1:1", Emulation())
        await data_plane.start()
        await cancelled_after(rounds, data_plane.stop())
        return open_files() - before

    assert asyncio.run(scenario()) == set()


def test_a_part_that_fails_to_stop_leaves_no_port_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: LambdaService) -> None:
        raise OSError("the folder is somebody else's")

    monkeypatch.setattr(LambdaService, "stop", fail)

    async def scenario() -> set[str]:
        before = open_files()
        data_plane = DataPlane(NOWHERE, tmp_path, 0, "http://127.0.0.1:1", Emulation())
        await data_plane.start()
        with pytest.raises(OSError, match="somebody else's"):
            await data_plane.stop()
        return open_files() - before

    assert asyncio.run(scenario()) == set()
