"""What is seen of a real control plane and a data plane."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from websockets.asyncio.client import connect

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.data_plane import DataPlane
from selador_local.data_plane.emulation import Emulation
from selador_local.stack.failures import Failures
from selador_local.stack.observer import Observer

from ...conftest import STUCK_SECONDS


def observed(
    control_plane: ControlPlane,
    work_dir: Path,
    scenario: Callable[[DataPlane, Observer, Failures], Awaitable[None]],
    *,
    seen_through: ControlPlane | None = None,
) -> None:
    async def run() -> None:
        data_plane = DataPlane(control_plane, work_dir, 0, "http://127.0.0.1:1", Emulation())
        failures = Failures(work_dir, work_dir / "logs", lambda: 0, lambda _: None)
        observer = Observer(seen_through or control_plane, data_plane, failures, itertools.count(100).__next__)
        await data_plane.start()
        try:
            async with asyncio.timeout(STUCK_SECONDS):
                await scenario(data_plane, observer, failures)
        finally:
            await data_plane.stop()

    asyncio.run(run())


def test_connections_queues_and_alarms_are_seen(control_plane: ControlPlane, terraform: Any, tmp_path: Path) -> None:
    terraform.queue("seen")
    url = terraform.sqs.get_queue_url(QueueName="seen")["QueueUrl"]
    terraform.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"requestId": "r-1"}))
    cloudwatch = boto3.client("cloudwatch", **control_plane.client_arguments)
    cloudwatch.put_metric_alarm(
        AlarmName="too-old",
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=60,
        Period=60,
        EvaluationPeriods=1,
        Statistic="Maximum",
    )
    api_id = terraform.api("seen")
    role_arn = terraform.role("seen", {"Action": "sqs:SendMessage", "Resource": "*"})
    terraform.route(api_id, "other", terraform.function("seen", "", role_arn))
    terraform.deploy(api_id, "local")

    async def scenario(data_plane: DataPlane, observer: Observer, _: Failures) -> None:
        await data_plane.load()
        async with connect(f"ws://127.0.0.1:{data_plane.port}/{api_id}/local") as client:
            await client.send("a message without a route")
            await client.recv()
            state = await observer.look()

        assert len(state.connections) == 1
        assert state.queues is not None
        [queue] = [queue for queue in state.queues if queue["name"] == "seen"]
        assert [message["requestId"] for message in queue["messages"]] == ["r-1"]
        assert state.alarms is not None
        assert [(alarm.name, alarm.state) for alarm in state.alarms] == [("too-old", "INSUFFICIENT_DATA")]

    observed(control_plane, tmp_path, scenario)


def test_a_new_dead_letter_is_a_failure_once(control_plane: ControlPlane, terraform: Any, tmp_path: Path) -> None:
    dead_arn, source_arn = terraform.queue("dead"), terraform.queue("source")
    dead, source = (terraform.sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("dead", "source"))
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    terraform.sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": policy})
    assert source_arn

    async def scenario(_: DataPlane, observer: Observer, failures: Failures) -> None:
        terraform.sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"requestId": "r-old"}))
        await observer.look()
        assert failures.newest_first() == []

        terraform.sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"requestId": "r-new"}))
        for _look in range(3):
            await observer.look()

        assert [failure.text for failure in failures.newest_first()] == ["request r-new is in the dead-letter queue"]

    observed(control_plane, tmp_path, scenario)


def test_a_control_plane_without_an_answer_leaves_queues_and_alarms_unknown(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    gone = replace(control_plane, endpoint="http://127.0.0.1:1")

    async def scenario(_: DataPlane, observer: Observer, __: Failures) -> None:
        state = await observer.look()

        assert (state.queues, state.alarms) == (None, None)

    observed(control_plane, tmp_path, scenario, seen_through=gone)


def test_looks_go_on_and_on(control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selador_local.stack.observer.LOOK_SECONDS", 0)

    async def scenario(_: DataPlane, observer: Observer, __: Failures) -> None:
        seen = [state.at async for state in _first(3, observer)]

        assert seen == sorted(set(seen))

    observed(control_plane, tmp_path, scenario)


async def _first(count: int, observer: Observer) -> Any:
    states = observer.states()
    for _ in range(count):
        yield await anext(states)
