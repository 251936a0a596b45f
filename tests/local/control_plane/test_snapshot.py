"""What the control plane holds, written and read back by two processes, the second after the first was killed."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from selador_local.control_plane.snapshot import Origin
from selador_local.control_plane_client.client import ControlPlane

from ...conftest import STUCK_SECONDS
from ...patience import first_line


@contextmanager
def control_plane(snapshot: Path) -> Iterator[tuple[ControlPlane, dict[str, Any]]]:
    """A control plane and its ready line; it is killed at the end."""
    command = [sys.executable, "-m", "selador_local.control_plane", "--port", "0", "--data-plane-port", "1"]
    with subprocess.Popen([*command, "--snapshot", str(snapshot)], stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = json.loads(first_line(process))
            yield (
                ControlPlane(
                    ready["endpoint"],
                    ready["region"],
                    ready["accountId"],
                    ready["accessKeyId"],
                    ready["secretAccessKey"],
                ),
                ready,
            )
        finally:
            process.kill()
            process.wait(STUCK_SECONDS)


def fill(control_plane: ControlPlane) -> None:
    """Make something in each service, in the states that a stack may be left in."""
    arguments = control_plane.client_arguments
    sqs = boto3.client("sqs", **arguments)
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    queue = sqs.create_queue(QueueName="queue", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="received once")
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)
    sqs.send_message(QueueUrl=dead, MessageBody="dead")
    sqs.start_message_move_task(SourceArn=dead_arn, MaxNumberOfMessagesPerSecond=1)
    s3 = boto3.client("s3", **arguments)
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="bucket", Key="state", Body=b"1")
    s3.put_object(Bucket="bucket", Key="state", Body=b"2" * 1_000_000)
    iam = boto3.client("iam", **arguments)
    trust = {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    functions = boto3.client("lambda", **arguments)
    functions.create_function(
        FunctionName="main", Runtime="python3.13", Role=role, Handler="h.h", Code={"ZipFile": b"PK"}, Publish=True
    )
    functions.create_alias(FunctionName="main", Name="live", FunctionVersion="1")
    boto3.client("apigatewayv2", **arguments).create_api(Name="api", ProtocolType="WEBSOCKET")
    boto3.client("logs", **arguments).create_log_group(logGroupName="/aws/lambda/main")
    boto3.client("sns", **arguments).create_topic(Name="topic")
    boto3.client("kms", **arguments).create_key(Description="key")
    boto3.client("cloudwatch", **arguments).put_metric_alarm(
        AlarmName="alarm",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="M",
        Namespace="N",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )


def held(control_plane: ControlPlane) -> dict[str, Any]:
    """Return what the services answer about all that."""
    arguments = control_plane.client_arguments
    sqs = boto3.client("sqs", **arguments)
    queues = {url.rpartition("/")[2]: url for url in sqs.list_queues()["QueueUrls"]}
    answers = {
        "alias": boto3.client("lambda", **arguments).get_alias(FunctionName="main", Name="live"),
        "api": boto3.client("apigatewayv2", **arguments).get_apis()["Items"],
        "alarms": boto3.client("cloudwatch", **arguments).describe_alarms()["MetricAlarms"],
        "key": boto3.client("kms", **arguments).list_keys()["Keys"],
        "logs": boto3.client("logs", **arguments).describe_log_groups()["logGroups"],
        "queue": sqs.get_queue_attributes(QueueUrl=queues["queue"], AttributeNames=["All"])["Attributes"],
        "role": boto3.client("iam", **arguments).get_role(RoleName="role")["Role"],
        "state": boto3.client("s3", **arguments).get_object(Bucket="bucket", Key="state")["Body"].read(),
        "topics": boto3.client("sns", **arguments).list_topics()["Topics"],
        "versions": [
            version["VersionId"]
            for version in boto3.client("s3", **arguments).list_object_versions(Bucket="bucket")["Versions"]
        ],
    }
    answers["alias"].pop("ResponseMetadata")
    return answers


def test_a_new_control_plane_holds_what_a_killed_one_held_at_its_last_snapshot(tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    with control_plane(snapshot) as (first, ready):
        assert ready["restored"] is False
        fill(first)
        first.ask("snapshot", {})
        before = held(first)
        boto3.client("sns", **first.client_arguments).create_topic(Name="after-it")

    with control_plane(snapshot) as (second, ready):
        assert ready["restored"] is True
        assert ready["accessKeyId"] == first.access_key_id
        assert ready["secretAccessKey"] == first.secret_access_key
        assert held(second) == before
        boto3.client("s3", **second.client_arguments).create_bucket(Bucket="bucket")  # it is there already
        assert held(second) == before
        sqs = boto3.client("sqs", **second.client_arguments)
        # Its one receive still counts: at the next it moves, to the very queue that its redrive policy names.
        assert "Messages" not in sqs.receive_message(QueueUrl=f"{second.endpoint}/{second.account_id}/queue")
        dead = sqs.receive_message(QueueUrl=f"{second.endpoint}/{second.account_id}/dead", MaxNumberOfMessages=10)
        assert "received once" in [message["Body"] for message in dead["Messages"]]
        # The move task's thread ended with its process, so it keeps nobody from starting another.
        sqs.start_message_move_task(SourceArn=f"arn:aws:sqs:{second.region}:{second.account_id}:dead")


def test_only_its_owner_may_read_a_snapshot(tmp_path: Path) -> None:
    with control_plane(tmp_path / "snapshot") as (running, _):
        running.ask("snapshot", {})

    assert (tmp_path / "snapshot").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot"]


@pytest.mark.parametrize(
    ("origin", "complaint"),
    [
        ({"moto": "4.0.0"}, "moto 4.0.0 wrote it, this is moto "),
        ({"python": "3.12.1"}, "Python 3.12.1 wrote it, this is Python 3.13."),
        ({"overlay": "another"}, "the control plane's own code has changed since it was written"),
        ({}, "it is damaged (UnpicklingError)"),
        (None, "it has no first line that says what wrote it"),
    ],
    ids=["another moto", "another Python", "another overlay", "damaged", "no snapshot at all"],
)
def test_a_snapshot_that_cannot_be_read_is_named_and_put_aside(
    tmp_path: Path, origin: dict[str, str] | None, complaint: str
) -> None:
    snapshot = tmp_path / "snapshot"
    line = "?" if origin is None else json.dumps(dataclasses.asdict(dataclasses.replace(Origin.here(), **origin)))
    snapshot.write_bytes(line.encode() + b"\nnot a pickle")

    with control_plane(snapshot) as (_, ready):
        assert ready["restored"] is False
        assert ready["refused"].startswith(complaint)
        assert ready["refused"].endswith(f"; the file is now {tmp_path}/snapshot.unreadable")

    assert (tmp_path / "snapshot.unreadable").read_bytes().endswith(b"not a pickle")
    assert not snapshot.exists()
