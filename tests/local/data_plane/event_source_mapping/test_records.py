"""The event for a batch of SQS messages: records (ESM-13), their attributes (ESM-14), those of messages (ESM-15)."""

from typing import TYPE_CHECKING

from selador_local.data_plane.event_source_mapping.records import sqs_event

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

ARN = "arn:aws:sqs:us-east-1:123456789012:requests"


def test_plain_message() -> None:
    message: MessageTypeDef = {
        "MessageId": "id",
        "ReceiptHandle": "handle",
        "Body": "the body",
        "MD5OfBody": "md5",
        "Attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1700000000000",
            "SenderId": "AIDA",
            "ApproximateFirstReceiveTimestamp": "1700000000001",
        },
    }

    assert sqs_event([message], ARN) == {
        "Records": [
            {
                "messageId": "id",
                "receiptHandle": "handle",
                "body": "the body",
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "md5OfBody": "md5",
                "eventSource": "aws:sqs",
                "eventSourceARN": ARN,
                "awsRegion": "us-east-1",
            }
        ]
    }


def test_message_attributes_are_in_lower_camel_case() -> None:
    message: MessageTypeDef = {
        "MessageId": "id",
        "ReceiptHandle": "handle",
        "Body": "the body",
        "MD5OfBody": "md5",
        "MD5OfMessageAttributes": "md5 too",
        "MessageAttributes": {
            "requestId": {"DataType": "String", "StringValue": "r1"},
            "blob": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    }

    [record] = sqs_event([message], ARN)["Records"]

    assert record["md5OfMessageAttributes"] == "md5 too"
    assert record["messageAttributes"] == {
        "requestId": {"stringValue": "r1", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "blob": {"binaryValue": "AAE=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }


def test_group_and_trace_are_passed_on_and_the_queue_s_own_business_is_not() -> None:
    message: MessageTypeDef = {
        "MessageId": "id",
        "ReceiptHandle": "handle",
        "Body": "",
        "MD5OfBody": "md5",
        "Attributes": {"MessageGroupId": "g", "AWSTraceHeader": "Root=1-0-0", "SequenceNumber": "1"},
    }

    [record] = sqs_event([message], ARN)["Records"]

    assert record["attributes"] == {"MessageGroupId": "g", "AWSTraceHeader": "Root=1-0-0"}
