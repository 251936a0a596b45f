"""What CloudWatch shows of the running system, on a stack of its own whose minutes take three seconds."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from selador_local.clock import StackClock
from selador_local.data_plane.emulation import Emulation
from selador_local.stack.stack import Stack

from ..conftest import STUCK_SECONDS
from ..patience import COMMAND_SECONDS, in_loop
from .conftest import brought_up, connected

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_sqs import SQSClient

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

type Eventually = Callable[[Callable[[], bool]], bool]

SCALE = 20


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fast")


@pytest.fixture(scope="module")
def fast_stack(loop: asyncio.AbstractEventLoop, work_dir: Path) -> Iterator[Stack]:
    """A stack that has answered one question, `watched`."""
    parts = AsyncExitStack()
    emulation = Emulation(StackClock(SCALE, time.time()))
    try:
        up = parts.enter_async_context(brought_up(work_dir, emulation=emulation))
        stack = in_loop(loop, up, "the stack is up", COMMAND_SECONDS)
        with connected(stack) as client:
            client.send({"action": "invoke", "text": "How long is the notice period?", "requestId": "watched"})
            assert client.receive_until("completed", "error")[-1]["type"] == "completed"
        yield stack
    finally:
        in_loop(loop, parts.aclose(), "the stack is down", COMMAND_SECONDS)


@pytest.fixture
def cloudwatch(fast_stack: Stack) -> "CloudWatchClient":
    return boto3.client("cloudwatch", **fast_stack.control_plane.client_arguments)


@pytest.fixture
def logs(fast_stack: Stack) -> "CloudWatchLogsClient":
    return boto3.client("logs", **fast_stack.control_plane.client_arguments)


@pytest.fixture
def fast_sqs(fast_stack: Stack) -> "SQSClient":
    return boto3.client("sqs", **fast_stack.control_plane.client_arguments)


def messages(logs: "CloudWatchLogsClient", group: str, pattern: str) -> list[dict[str, Any]]:
    found = logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]
    return [json.loads(event["message"]) for event in found]


def name_of(queue_url: str) -> str:
    return queue_url.rpartition("/")[2]


def values(cloudwatch: "CloudWatchClient", stack: Stack, metric: list[str], stat: str) -> list[float]:
    """Return a statistic of a metric, written as on a dashboard: namespace, name, and pairs of dimensions."""
    namespace, name, *pairs = metric
    dimensions = [{"Name": key, "Value": value} for key, value in zip(pairs[::2], pairs[1::2], strict=True)]
    metric_stat: Any = {
        "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions},
        "Period": 60,
        "Stat": stat,
    }
    now = stack.data_plane.clock.time()
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "a", "MetricStat": metric_stat}],
        StartTime=datetime.fromtimestamp(now - 3600, UTC),
        EndTime=datetime.fromtimestamp(now + 60, UTC),
    )
    return answer["MetricDataResults"][0]["Values"]


def test_a_request_moves_the_metrics_that_aws_would_publish(
    fast_stack: Stack, cloudwatch: "CloudWatchClient", eventually: Eventually
) -> None:
    outputs = fast_stack.outputs
    api = ["ApiId", outputs["api_id"], "Stage", outputs["stage_name"]]
    handler, main = outputs["websocket_handler_function_name"], outputs["main_function_name"]

    for metric, least in (
        (["AWS/ApiGateway", "ConnectCount", *api], 1),
        (["AWS/ApiGateway", "MessageCount", *api], 5),
        (["AWS/Lambda", "Invocations", "FunctionName", handler], 2),
        (["AWS/Lambda", "Invocations", "FunctionName", main, "Resource", f"{main}:live"], 1),
        (["AWS/SQS", "NumberOfMessagesSent", "QueueName", name_of(outputs["queue_url"])], 1),
        (["AWS/SQS", "NumberOfMessagesDeleted", "QueueName", name_of(outputs["queue_url"])], 1),
        (["Selador", "Accepted", "FunctionName", handler], 1),
        (["Selador", "Completed", "FunctionName", main], 1),
    ):
        assert eventually(lambda: sum(values(cloudwatch, fast_stack, metric, "Sum")) >= least), metric  # noqa: B023 # asked at once
    assert sum(values(cloudwatch, fast_stack, ["AWS/Lambda", "Errors", "FunctionName", main], "Sum")) == 0
    (duration,) = values(cloudwatch, fast_stack, ["AWS/Lambda", "Duration", "FunctionName", main], "p95")
    assert duration > 0


@pytest.mark.usefixtures("fast_stack")
def test_the_dashboard_can_be_drawn(work_dir: Path, eventually: Eventually) -> None:
    command = [sys.executable, "-m", "selador_local.dashboard_preview", "--work-dir", str(work_dir)]

    def picture() -> str:
        subprocess.run(command, check=True, timeout=STUCK_SECONDS)
        return (work_dir / "dashboard.svg").read_text()

    assert eventually(lambda: "completed: 1<" in picture())
    assert ">answers-are-not-coming<" in picture()


def test_the_lines_of_a_request_are_in_the_deployed_log_groups(
    fast_stack: Stack, logs: "CloudWatchLogsClient", eventually: Eventually
) -> None:
    groups = fast_stack.outputs["log_group_names"]
    of_request = '{ $.requestId = "watched" }'

    for function in ("main", "websocket_handler"):
        assert eventually(lambda: bool(messages(logs, groups[function], of_request))), function  # noqa: B023 # asked at once
        (stream, *_) = logs.describe_log_streams(logGroupName=groups[function])["logStreams"]
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\d+\][0-9a-f]{32}", stream["logStreamName"])
        reports = messages(logs, groups[function], '{ $.type = "platform.report" }')
        assert reports
        assert {report["record"]["status"] for report in reports} == {"success"}

    def exchanges() -> list[tuple[str, str, str]]:
        lines = messages(logs, groups["api_access"], "")
        return [(line["eventType"], line["routeKey"], line["status"]) for line in lines]

    assert eventually(lambda: exchanges()[:2] == [("CONNECT", "$connect", "200"), ("MESSAGE", "invoke", "200")])


def test_a_deployed_alarm_goes_off_and_is_over_and_its_topic_tells(
    fast_stack: Stack, cloudwatch: "CloudWatchClient", fast_sqs: "SQSClient", eventually: Eventually
) -> None:
    """The alarms on the dead-letter queue, for a message that no worker can read: one begins, the other ends."""
    outputs = fast_stack.outputs
    arguments = fast_stack.control_plane.client_arguments
    fast_sqs.create_queue(QueueName="on-call")
    boto3.client("sns", **arguments).subscribe(
        TopicArn=outputs["ticket_topic_arn"], Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:on-call"
    )
    arrives, lies = (outputs["alarms"][key]["name"] for key in ("dead-letters-arrive", "dead-letters"))

    def states() -> list[str]:
        history = cloudwatch.describe_alarm_history(
            AlarmName=lies, HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
        )
        return [item["HistorySummary"].rpartition(" ")[2] for item in history["AlarmHistoryItems"]]

    assert eventually(lambda: states() == ["OK"])
    fast_sqs.send_message(QueueUrl=outputs["queue_url"], MessageBody='{"version":1,"requestId":"unreadable"}')
    off = told(fast_sqs, arrives)
    fast_sqs.purge_queue(QueueUrl=outputs["dead_letter_queue_url"])
    over = told(fast_sqs, lies)

    assert (off["OldStateValue"], off["NewStateValue"]) == ("OK", "ALARM")
    assert off["NewStateReason"].startswith("Threshold Crossed: 1 ")
    assert "ApproximateNumberOfMessagesVisible" in json.dumps(off["Trigger"]["Metrics"])
    assert (over["OldStateValue"], over["NewStateValue"]) == ("ALARM", "OK")
    assert states() == ["OK", "ALARM", "OK"]


def told(sqs: "SQSClient", alarm: str) -> dict[str, Any]:
    """Return the next message about an alarm; others may come of the same fault."""
    queue_url = sqs.get_queue_url(QueueName="on-call")["QueueUrl"]
    deadline = time.monotonic() + STUCK_SECONDS
    while time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=20).get("Messages", []):
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            notification: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
            if notification["AlarmName"] == alarm:
                return notification
    raise AssertionError(f"nobody was told of {alarm}")
