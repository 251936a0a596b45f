"""SQS through boto3, against the running server."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import receive


class TestSend:
    def test_group_and_trace_come_back_as_system_attributes(self, sqs: Any, queue: str) -> None:
        """A connection id is a valid group of a standard queue (SQS-05); a receive asks for both (SQS-16)."""
        trace = "Root=1-5759e988-bd862e3fe1be46a994272793"
        sqs.send_message(
            QueueUrl=queue,
            MessageBody="body",
            MessageGroupId="PJqB0fHsqRcCHlw=",
            MessageAttributes={"requestId": {"DataType": "String", "StringValue": "r-1"}},
            MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": trace}},
        )

        [message] = receive(sqs, queue)

        assert message["Body"] == "body"
        assert message["MessageAttributes"]["requestId"]["StringValue"] == "r-1"
        assert message["Attributes"]["MessageGroupId"] == "PJqB0fHsqRcCHlw="
        assert message["Attributes"]["AWSTraceHeader"] == trace
        assert message["Attributes"]["ApproximateReceiveCount"] == "1"

    def test_attributes_come_only_if_asked_for(self, sqs: Any, queue: str) -> None:
        """A receive returns no attributes unasked (SQS-16)."""
        attribute = {"a": {"DataType": "String", "StringValue": "x"}}
        sqs.send_message(QueueUrl=queue, MessageBody="body", MessageAttributes=attribute)

        [message] = sqs.receive_message(QueueUrl=queue)["Messages"]

        assert {"Attributes", "MessageAttributes"}.isdisjoint(message)

    def test_no_message_means_no_member(self, sqs: Any, queue: str) -> None:
        assert "Messages" not in sqs.receive_message(QueueUrl=queue)  # nor an empty list (SQS-17)

    @pytest.mark.parametrize("character", ["\x00", "\x0b", "\ufffe"])
    def test_refused_characters_are_named(self, sqs: Any, queue: str, character: str) -> None:
        """A body holds no control characters but three, and no U+FFFE (SQS-02)."""
        with pytest.raises(sqs.exceptions.InvalidMessageContents, match=f"#x{ord(character):X}"):
            sqs.send_message(QueueUrl=queue, MessageBody=f"a{character}b")

    def test_an_escaped_nul_inside_json_is_fine(self, sqs: Any, queue: str) -> None:
        body = json.dumps({"text": "\x00"})
        sqs.send_message(QueueUrl=queue, MessageBody=body)

        assert receive(sqs, queue)[0]["Body"] == body

    def test_size_counts_bytes_and_attributes_against_the_queues_maximum(self, sqs: Any, queue: str) -> None:
        """Body and attributes count together (SQS-01); Terraform makes queues of 256 KiB (TF-01)."""
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MaximumMessageSize": "262144"})
        attribute = {"n": {"DataType": "String", "StringValue": "v"}}  # 1 + 6 + 1 bytes

        sqs.send_message(QueueUrl=queue, MessageBody="é" * (131_072 - 4), MessageAttributes=attribute)

        with pytest.raises(ClientError, match="262144 bytes; body and attributes together are 262146"):
            sqs.send_message(QueueUrl=queue, MessageBody="é" * (131_072 - 3), MessageAttributes=attribute)

    def test_the_default_limit_is_one_mebibyte(self, sqs: Any, queue: str) -> None:
        sqs.send_message(QueueUrl=queue, MessageBody="x" * 1_048_576)

        with pytest.raises(ClientError, match="1048577"):
            sqs.send_message(QueueUrl=queue, MessageBody="x" * 1_048_577)

    def test_an_empty_body_is_refused(self, sqs: Any, queue: str) -> None:
        with pytest.raises(ClientError, match="MessageBody"):
            sqs.send_message(QueueUrl=queue, MessageBody="")

    @pytest.mark.parametrize(
        ("members", "message"),
        [
            (
                {"DelaySeconds": 901},
                "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
            ),
            (
                {"MessageGroupId": "a b"},
                "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length",
            ),
            (
                {"MessageAttributes": {"AWS.x": {"DataType": "String", "StringValue": "v"}}},
                "The message attribute name 'AWS.x' is invalid.",
            ),
            (
                {"MessageSystemAttributes": {"Trace": {"DataType": "String", "StringValue": "v"}}},
                "Message system attribute name 'Trace' is invalid.",
            ),
            (
                {"MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "Number", "StringValue": "1"}}},
                "Message system attribute 'AWSTraceHeader' must be of type String.",
            ),
            (
                {"MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}},
                "Message system attribute 'AWSTraceHeader' is not a valid X-Ray trace header.",
            ),
        ],
    )
    def test_what_sqs_refuses_in_a_message_fails_the_call_or_the_entry(
        self, sqs: Any, queue: str, members: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ClientError) as refused:
            sqs.send_message(QueueUrl=queue, MessageBody="m", **members)
        batch = sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "1", "MessageBody": "m", **members}])

        [failed] = batch["Failed"]
        assert refused.value.response["Error"]["Code"] == failed["Code"] == "InvalidParameterValue"
        assert refused.value.response["Error"]["Message"] == failed["Message"] == message
        assert failed["SenderFault"]

    def test_a_batch_reports_each_entry_by_itself(self, sqs: Any, queue: str) -> None:
        entries = [
            {"Id": "good", "MessageBody": "one", "MessageGroupId": "g"},
            {"Id": "bad", "MessageBody": "\x00"},
        ]

        answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)

        assert [one["Id"] for one in answer["Successful"]] == ["good"]
        assert [(one["Id"], one["Code"]) for one in answer["Failed"]] == [("bad", "InvalidMessageContents")]
        assert receive(sqs, queue)[0]["Attributes"]["MessageGroupId"] == "g"

    def test_a_batch_over_one_mebibyte_is_refused(self, sqs: Any, queue: str) -> None:
        entries = [{"Id": str(number), "MessageBody": "x" * 262_145} for number in range(4)]

        with pytest.raises(sqs.exceptions.BatchRequestTooLong):
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)


class TestReceipts:
    def test_a_message_no_longer_in_flight(self, sqs: Any, queue: str) -> None:
        """A message that is visible again can't be hidden by its old handle (SQS-14)."""
        sqs.send_message(QueueUrl=queue, MessageBody="a")
        [message] = receive(sqs, queue)
        handle = message["ReceiptHandle"]
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)

        with pytest.raises(sqs.exceptions.MessageNotInflight):
            sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=10)

    def test_a_bad_handle(self, sqs: Any, queue: str) -> None:
        with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle="junk")

    def test_more_than_twelve_hours(self, sqs: Any, queue: str) -> None:
        """They are counted from the receive (SQS-12), so even the maximum is too much a moment later."""
        sqs.send_message(QueueUrl=queue, MessageBody="a")
        [message] = receive(sqs, queue)
        time.sleep(0.01)

        with pytest.raises(ClientError, match="43200"):
            sqs.change_message_visibility(
                QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=43_200
            )

    def test_batches_report_each_handle(self, sqs: Any, queue: str) -> None:
        sqs.send_message(QueueUrl=queue, MessageBody="a")
        [message] = receive(sqs, queue)
        entries = [
            {"Id": "good", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0},
            {"Id": "bad", "ReceiptHandle": "junk", "VisibilityTimeout": 0},
        ]

        changed = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)

        assert [one["Id"] for one in changed["Successful"]] == ["good"]
        assert [(one["Id"], one["Code"]) for one in changed["Failed"]] == [("bad", "ReceiptHandleIsInvalid")]


def test_with_a_seed_a_queue_delivers_some_messages_twice_until_it_is_taken_back(
    server: Any, sqs: Any, queue: str
) -> None:
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "43200"})
    assert server.ask("disorder", {"seed": "7"}) == (200, {})
    for number in range(20):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number))

    bodies: list[str] = []
    while len(bodies) == len(set(bodies)):
        bodies += [message["Body"] for message in receive(sqs, queue, WaitTimeSeconds=1)]

    assert server.ask("disorder", {"seed": None}) == (200, {})
    sqs.send_message(QueueUrl=queue, MessageBody="on time")
    while "on time" not in bodies:
        bodies += [message["Body"] for message in receive(sqs, queue)]
