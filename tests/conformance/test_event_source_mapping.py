"""Event source mappings: what SQS's messages become, and what becomes of them."""

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..local.conftest import Terraform
from .deployment import Deployment
from .stack import Stack, eventually

pytestmark = pytest.mark.slow
fact = pytest.mark.fact


class Mapping:
    """A queue of its own that feeds the scripted function."""

    def __init__(
        self, stack: Stack, deployment: Deployment, *, visibility: str = "2", function: str = "", **settings: Any
    ) -> None:
        self.stack = stack
        self.sqs = stack.client("sqs")
        self.name = f"feeding-{uuid.uuid4().hex[:10]}"
        attributes = {"VisibilityTimeout": visibility}
        self.url = self.sqs.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]
        whole = {"FunctionResponseTypes": ["ReportBatchItemFailures"]} | settings
        self.uuid = stack.client("lambda", checks=False).create_event_source_mapping(
            EventSourceArn=self.arn, FunctionName=function or deployment.function, **whole
        )["UUID"]
        stack.load()

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:us-east-1:123456789012:{self.name}"

    def send(self, *, body: str | None = None, members: dict[str, Any] | None = None, **script: Any) -> str:
        text = body if body is not None else json.dumps({"script": script})
        return str(self.sqs.send_message(QueueUrl=self.url, MessageBody=text, **(members or {}))["MessageId"])

    def invocations(self, count: int = 1) -> list[dict[str, Any]]:
        def is_ours(entry: dict[str, Any]) -> bool:
            records = entry["event"].get("Records", ())
            return any(record["eventSourceARN"] == self.arn for record in records)

        return self.stack.awaited(is_ours, count)

    def left(self) -> int:
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])

    def switch_off(self) -> None:
        """Let it poll no more. Return when what it took by then was worked on, and deleted or left."""
        self.stack.client("lambda").update_event_source_mapping(UUID=self.uuid, Enabled=False)
        self.stack.load()
        eventually(lambda: not self.stack.data_plane.polls(self.uuid))

    def is_emptied(self) -> bool:
        return eventually(lambda: self.left() == 0)


@pytest.fixture(scope="module")
def mapping(stack: Stack, deployment: Deployment) -> Mapping:
    return Mapping(stack, deployment, BatchSize=1)


@fact("ESM-13", "ESM-14")
def test_a_record_has_the_messages_facts(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, BatchSize=1)
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5e3d83c1-e6a0db584850d61342823d4c"}}
    message_id = mapping.send(members={"MessageGroupId": "g", "MessageSystemAttributes": trace})
    (record,) = mapping.invocations()[0]["event"]["Records"]

    assert record.keys() == {
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    }
    assert (record["messageId"], record["eventSource"]) == (message_id, "aws:sqs")
    assert (record["eventSourceARN"], record["awsRegion"]) == (mapping.arn, "us-east-1")
    assert record["attributes"].keys() >= {
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
        "MessageGroupId",
        "AWSTraceHeader",
    }
    assert all(isinstance(value, str) for value in record["attributes"].values())


@fact("ESM-15", "ESM-13")
def test_a_records_message_attributes_are_in_lower_camel_case(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, BatchSize=1)
    mapping.send(members={"MessageAttributes": {"kind": {"DataType": "String", "StringValue": "blue"}}})
    (record,) = mapping.invocations()[0]["event"]["Records"]

    assert record["messageAttributes"]["kind"] == {
        "stringValue": "blue",
        "dataType": "String",
        "stringListValues": [],
        "binaryListValues": [],
    }
    assert "md5OfMessageAttributes" in record


@fact("ESM-16", "LAM-40")
def test_a_success_deletes_the_batch(mapping: Mapping) -> None:
    mapping.send()

    assert mapping.is_emptied()


@fact("ESM-22")
@pytest.mark.parametrize("result", [{"batchItemFailures": []}, {"batchItemFailures": None}, {}, None])
def test_an_empty_answer_means_that_all_is_done(mapping: Mapping, result: Any) -> None:
    mapping.send(result=result)

    assert mapping.is_emptied()


@fact("ESM-23", "ESM-24")
@pytest.mark.parametrize(
    "result",
    [
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"wrong": "key"}]},
        {"batchItemFailures": [{"itemIdentifier": "unknown"}]},
        "text",
        [1],
        7,
    ],
    ids=["empty", "null", "wrong key", "unknown", "a string", "a list", "a number"],
)
def test_an_answer_that_cannot_be_understood_means_that_all_failed(
    stack: Stack, deployment: Deployment, result: Any
) -> None:
    mapping = Mapping(stack, deployment, visibility="30", BatchSize=1)
    mapping.send(result=result)
    mapping.invocations()
    mapping.switch_off()

    assert mapping.left() == 1
    stack.client("lambda").delete_event_source_mapping(UUID=mapping.uuid)


@fact("ESM-21", "ESM-17")
def test_messages_that_are_listed_come_back_when_their_visibility_ends(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, BatchSize=1)
    failing = "{'batchItemFailures': [{'itemIdentifier': event['Records'][0]['messageId']}]}"
    once = "event['Records'][0]['attributes']['ApproximateReceiveCount'] == '1'"
    mapping.send(evaluate=f"{failing} if {once} else None")
    first, second = mapping.invocations(2)

    assert second["at"] - first["at"] >= 1.9, "its visibility timeout is 2 s"
    assert mapping.is_emptied()


@fact("ESM-17", "ESM-33")
@pytest.mark.parametrize("script", [{"raise": "no"}, {"exit": 1}])
def test_after_a_failure_nothing_is_deleted_and_all_come_back(
    stack: Stack, deployment: Deployment, script: dict[str, Any]
) -> None:
    mapping = Mapping(stack, deployment, BatchSize=1)
    mapping.send(**script)
    first, second = mapping.invocations(2)

    assert second["at"] - first["at"] >= 1.9
    assert second["event"]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"
    mapping.sqs.purge_queue(QueueUrl=mapping.url)
    stack.client("lambda").delete_event_source_mapping(UUID=mapping.uuid)


@fact("ESM-25")
def test_without_the_response_type_the_answer_is_ignored(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, BatchSize=1, FunctionResponseTypes=[])
    mapping.send(result={"batchItemFailures": [{"itemIdentifier": "unknown"}]})

    assert mapping.invocations()
    assert mapping.is_emptied()


@fact("ESM-13", "ESM-06")
def test_messages_that_wait_come_as_one_batch(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, BatchSize=4, MaximumBatchingWindowInSeconds=2)
    for _ in range(4):
        mapping.send()
    sizes = [len(entry["event"]["Records"]) for entry in mapping.invocations()]

    assert sizes[0] == 4


@fact("ESM-06")
def test_a_window_that_ends_sends_what_there_is(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, BatchSize=10, MaximumBatchingWindowInSeconds=1)
    mapping.send()

    assert len(mapping.invocations()[0]["event"]["Records"]) == 1


@fact("ESM-03")
def test_the_maximum_concurrency_is_kept(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, visibility="30", BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    for _ in range(4):
        mapping.send(sleep=0.8)
    at = sorted(entry["at"] for entry in mapping.invocations(4))

    assert at[2] - at[0] >= 0.75, "the third waits for one of two"
    assert mapping.is_emptied()


@fact("ESM-18")
def test_a_throttled_batch_is_kept_until_its_visibility_would_end(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, visibility="30", BatchSize=1, function=deployment.idle_function)
    mapping.send()
    eventually(
        lambda: (
            mapping.sqs.get_queue_attributes(QueueUrl=mapping.url, AttributeNames=["All"])["Attributes"][
                "ApproximateNumberOfMessagesNotVisible"
            ]
            == "1"
        )
    )
    time.sleep(1)

    assert mapping.left() == 1
    assert mapping.sqs.receive_message(QueueUrl=mapping.url).get("Messages") is None
    stack.client("lambda").delete_event_source_mapping(UUID=mapping.uuid)


@fact("ESM-28", "ESM-11")
def test_a_mapping_that_is_disabled_polls_no_more(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, BatchSize=1)
    client = stack.client("lambda")
    mapping.switch_off()
    mapping.send()
    time.sleep(1)

    assert mapping.left() == 1
    client.update_event_source_mapping(UUID=mapping.uuid, Enabled=True)
    stack.load()
    assert mapping.is_emptied()


@fact("ESM-30", "LAM-02")
def test_the_alias_is_in_the_functions_arn_that_the_runtime_is_told(mapping: Mapping, deployment: Deployment) -> None:
    mapping.send()

    assert {entry["arn"] for entry in mapping.invocations()} == {deployment.function}
    assert deployment.function.endswith(":scripted:live")


@fact("ESM-12")
def test_a_role_that_may_not_receive_is_refused(stack: Stack, deployment: Deployment) -> None:
    role = deployment.role_without("sqs:ReceiveMessage")
    made = Terraform(stack.control_plane)
    function = made.function("no-receiver", "def handle(event, context): return None", role)

    with pytest.raises(ClientError) as caught:
        Mapping(stack, deployment, visibility="30", function=function)

    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert "does not have permissions to call ReceiveMessage on SQS" in str(caught.value)


@fact("ESM-08")
def test_a_visibility_timeout_below_the_functions_timeout_is_refused(stack: Stack, deployment: Deployment) -> None:
    with pytest.raises(ClientError) as caught:
        Mapping(stack, deployment, visibility="1")

    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert "is less than Function timeout: 2 seconds" in str(caught.value)


@fact("ESM-09")
def test_a_functions_timeout_that_is_raised_later_is_not_compared(stack: Stack, deployment: Deployment) -> None:
    function = deployment.scripted("raised-later", Timeout=2)
    Mapping(stack, deployment, function=function)

    stack.client("lambda").update_function_configuration(FunctionName="raised-later", Timeout=100)


@fact("ESM-05", "VAL-05")
@pytest.mark.parametrize(
    "settings",
    [
        {"BatchSize": 11},
        {"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1},
        {"MaximumBatchingWindowInSeconds": 301},
        {"ScalingConfig": {"MaximumConcurrency": 1}},
        {"ScalingConfig": {"MaximumConcurrency": 1_001}},
        {"StartingPosition": "LATEST"},
    ],
    ids=["no window", "batch", "window", "concurrency 1", "concurrency 1001", "position"],
)
def test_a_mappings_settings_have_ranges(stack: Stack, deployment: Deployment, settings: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        Mapping(stack, deployment, **settings)

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@fact("ESM-03")
def test_two_and_a_thousand_are_in_the_range(stack: Stack, deployment: Deployment) -> None:
    for most in (2, 1_000):
        Mapping(stack, deployment, ScalingConfig={"MaximumConcurrency": most})


@fact("SQS-20", "ESM-32")
def test_attempts_that_are_used_up_end_in_the_dead_letter_queue(stack: Stack, deployment: Deployment) -> None:
    mapping = Mapping(stack, deployment, BatchSize=1)
    dead = mapping.sqs.create_queue(QueueName=f"{mapping.name}-dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": f"{mapping.arn}-dead", "maxReceiveCount": 1}
    mapping.sqs.set_queue_attributes(QueueUrl=mapping.url, Attributes={"RedrivePolicy": json.dumps(redrive)})
    message_id = mapping.send(evaluate="1 / 0")
    (letter,) = eventually(lambda: mapping.sqs.receive_message(QueueUrl=dead).get("Messages"))

    assert letter["MessageId"] == message_id
