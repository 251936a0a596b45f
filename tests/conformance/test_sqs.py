"""SQS standard queues, by boto3."""

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..local.conftest import Terraform
from .stack import Stack, eventually

pytestmark = pytest.mark.slow

fact = pytest.mark.fact


class Queue:
    def __init__(self, client: Any, **attributes: str) -> None:
        self.client = client
        self.name = f"queue-{uuid.uuid4().hex[:10]}"
        self.url = client.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]
        self.arn = self.attributes()["QueueArn"]

    def attributes(self) -> dict[str, str]:
        found: dict[str, str] = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])[
            "Attributes"
        ]
        return found

    def send(self, body: str = "body", **members: Any) -> str:
        return str(self.client.send_message(QueueUrl=self.url, MessageBody=body, **members)["MessageId"])

    def receive(self, wait: int = 0, **members: Any) -> list[dict[str, Any]]:
        whole = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"], "WaitTimeSeconds": wait}
        received = self.client.receive_message(QueueUrl=self.url, **whole | members)
        found: list[dict[str, Any]] = received.get("Messages", [])
        return found

    def show(self, message: dict[str, Any], seconds: int = 0) -> None:
        """Change a message's visibility."""
        self.client.change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
        )


@pytest.fixture
def queue(sqs: Any) -> Queue:
    return Queue(sqs)


@pytest.fixture
def fast_sqs(fast_stack: Stack) -> Any:
    return fast_stack.client("sqs")


def code(call: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**members)
    return str(caught.value.response["Error"]["Code"])


@fact("SQS-01")
def test_a_message_has_up_to_1_mib_and_at_least_one_byte(queue: Queue) -> None:
    queue.send("x" * 1_048_576)

    assert code(queue.send, body="x" * 1_048_577) == "InvalidParameterValue"
    assert code(queue.send, body="") in {"MissingParameter", "InvalidParameterValue"}


@fact("SQS-01")
def test_a_batch_has_1_mib_as_a_whole(queue: Queue) -> None:
    entries = [{"Id": str(number), "MessageBody": "x" * 600_000} for number in range(2)]

    assert code(queue.client.send_message_batch, QueueUrl=queue.url, Entries=entries).endswith("BatchRequestTooLong")


@fact("SQS-01", "SQS-03")
def test_attributes_count_with_the_body(queue: Queue) -> None:
    attribute = {"kind": {"DataType": "String", "StringValue": "x" * 100}}

    assert code(queue.send, body="x" * 1_048_500, MessageAttributes=attribute) == "InvalidParameterValue"


@fact("SQS-02")
@pytest.mark.parametrize("character", ["\x0b", "\x1f", "\ufffe", "\uffff"])
def test_other_control_characters_are_refused(queue: Queue, character: str) -> None:
    assert code(queue.send, body=f"a{character}b") == "InvalidMessageContents"


@fact("SQS-02")
def test_tabs_ends_of_lines_all_planes_and_escapes_are_kept(queue: Queue) -> None:
    body = "a\tb\nc\rd ü \ud7ff \ue000 \U0001f600 \\u0000"
    queue.send(body)

    assert queue.receive()[0]["Body"] == body


def attributes(*names: str, value: str = "v") -> dict[str, Any]:
    return {name: {"DataType": "String", "StringValue": value} for name in names}


@fact("SQS-03")
@pytest.mark.parametrize(
    "refused",
    [
        attributes(*map(str, range(11))),
        attributes("AWS.mine"),
        attributes("Amazon.mine"),
        attributes("with space"),
        attributes("a" * 257),
    ],
    ids=["eleven", "AWS.", "Amazon.", "space", "257 letters"],
)
def test_attributes_have_limits(queue: Queue, refused: dict[str, Any]) -> None:
    assert code(queue.send, MessageAttributes=refused) == "InvalidParameterValue"


@fact("SQS-03", "SQS-16")
def test_ten_attributes_arrive(queue: Queue) -> None:
    sent = attributes(*(f"a-{number}.b_c" for number in range(10)))
    queue.send(MessageAttributes=sent)

    assert queue.receive()[0]["MessageAttributes"] == sent


@fact("SQS-04")
def test_a_sender_sets_the_trace_header_and_no_other_system_attribute(queue: Queue) -> None:
    trace = "Root=1-5e3d83c1-e6a0db584850d61342823d4c"
    system = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    queue.send("x" * 1_048_576, MessageSystemAttributes=system)
    other = {"SenderId": {"DataType": "String", "StringValue": "me"}}

    assert queue.receive()[0]["Attributes"]["AWSTraceHeader"] == trace
    assert code(queue.send, MessageSystemAttributes=other) in {"InvalidParameterValue", "ValidationException"}


@fact("SQS-05")
def test_a_group_on_a_standard_queue_is_kept_and_orders_nothing(queue: Queue) -> None:
    for group in ("a=", "a="):
        queue.send(MessageGroupId=group)
    received = queue.receive(MaxNumberOfMessages=10)

    assert [message["Attributes"]["MessageGroupId"] for message in received] == ["a=", "a="]
    assert code(queue.send, MessageGroupId="a b") == "InvalidParameterValue"
    assert code(queue.send, MessageGroupId="a" * 129) == "InvalidParameterValue"


@fact("SQS-11", "SQS-13")
def test_a_message_that_nobody_deletes_comes_again(queue: Queue) -> None:
    queue.send()
    (first,) = queue.receive()
    queue.show(first)
    (second,) = queue.receive()

    assert first["MessageId"] == second["MessageId"]
    assert first["ReceiptHandle"] != second["ReceiptHandle"]


@fact("SQS-12")
def test_a_message_is_hidden_for_30_s_by_default(fast_sqs: Any, fast_stack: Stack) -> None:
    queue = Queue(fast_sqs)
    queue.send()
    began = fast_stack.now()
    queue.receive()
    eventually(queue.receive)

    assert queue.attributes()["VisibilityTimeout"] == "30"
    assert fast_stack.now() - began >= 30


@fact("SQS-12")
@pytest.mark.parametrize("seconds", ["-1", "43201"])
def test_a_visibility_timeout_is_at_most_12_hours(queue: Queue, seconds: str) -> None:
    assert (
        code(queue.client.set_queue_attributes, QueueUrl=queue.url, Attributes={"VisibilityTimeout": seconds})
        == "InvalidAttributeValue"
    )


@fact("SQS-12")
def test_a_message_stays_hidden_for_12_hours_from_its_receive_at_most(queue: Queue) -> None:
    queue.send()
    (message,) = queue.receive()
    time.sleep(1.1)

    assert code(queue.show, message=message, seconds=43_200) == "InvalidParameterValue"


@fact("SQS-13")
def test_a_change_of_visibility_counts_from_the_call_and_for_this_receive_only(
    fast_sqs: Any, fast_stack: Stack
) -> None:
    queue = Queue(fast_sqs, VisibilityTimeout="43200")
    queue.send()
    (message,) = queue.receive()
    began = fast_stack.now()
    queue.show(message, 900)
    (again,) = eventually(queue.receive)
    waited = fast_stack.now() - began

    assert 900 <= waited < 43_200
    assert again["MessageId"] == message["MessageId"]
    assert queue.receive() == []


@fact("SQS-14")
def test_a_message_that_is_not_in_flight_has_no_visibility_to_change(queue: Queue) -> None:
    queue.send()
    (message,) = queue.receive()
    queue.show(message)

    assert code(queue.show, message=message).endswith("MessageNotInflight")
    assert code(queue.show, message={"ReceiptHandle": "made up"}) == "ReceiptHandleIsInvalid"


@fact("SQS-15")
def test_a_delete_by_an_outdated_handle_succeeds_and_may_delete_nothing(queue: Queue) -> None:
    queue.send()
    (first,) = queue.receive()
    queue.show(first)
    (second,) = queue.receive()
    queue.client.delete_message(QueueUrl=queue.url, ReceiptHandle=first["ReceiptHandle"])
    queue.show(second)

    assert len(queue.receive()) == 1


@fact("SQS-16")
def test_a_receive_returns_the_system_attributes_that_it_asks_for(queue: Queue) -> None:
    queue.send()
    (message,) = queue.receive(MessageSystemAttributeNames=["SentTimestamp"])

    assert message["Attributes"].keys() == {"SentTimestamp"}
    assert abs(int(message["Attributes"]["SentTimestamp"]) / 1000 - time.time()) < 60


@fact("SQS-16", "VAL-06")
@pytest.mark.parametrize("members", [{"MaxNumberOfMessages": 11}, {"MaxNumberOfMessages": 0}, {"wait": 21}])
def test_a_receive_takes_1_to_10_messages_and_waits_up_to_20_s(queue: Queue, members: dict[str, int]) -> None:
    assert code(queue.receive, **members) == "InvalidParameterValue"


@fact("SQS-16")
def test_a_long_poll_ends_with_the_message(queue: Queue) -> None:
    queue.send(DelaySeconds=1)

    assert len(queue.receive(wait=10)) == 1


@fact("SQS-17")
def test_without_messages_the_answer_has_no_member_for_them(queue: Queue) -> None:
    assert "Messages" not in queue.client.receive_message(QueueUrl=queue.url)


@fact("SQS-19")
def test_a_queue_keeps_messages_for_4_days_by_default_and_then_no_longer(fast_sqs: Any) -> None:
    assert Queue(fast_sqs).attributes()["MessageRetentionPeriod"] == "345600"

    queue = Queue(fast_sqs, MessageRetentionPeriod="300")
    queue.send()
    time.sleep(0.6)

    assert queue.receive() == []


@fact("SQS-19")
@pytest.mark.parametrize(
    ("name", "value"),
    [("MessageRetentionPeriod", "59"), ("MessageRetentionPeriod", "1209601"), ("DelaySeconds", "901")],
)
def test_retention_and_delay_have_ranges(queue: Queue, name: str, value: str) -> None:
    assert (
        code(queue.client.set_queue_attributes, QueueUrl=queue.url, Attributes={name: value}) == "InvalidAttributeValue"
    )


def with_dead_letters(client: Any, most: int = 1, **attributes: str) -> tuple[Queue, Queue]:
    dead = Queue(client)
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": most})
    return Queue(client, RedrivePolicy=redrive, **attributes), dead


@fact("SQS-20", "SQS-21")
def test_a_message_moves_when_it_would_be_received_once_more(sqs: Any) -> None:
    queue, dead = with_dead_letters(sqs, most=2)
    queue.send()
    for _ in range(2):
        queue.show(queue.receive()[0])
    assert dead.receive() == [], "it moves at the next receive, not before"

    assert queue.receive() == []
    assert len(dead.receive()) == 1


@fact("SQS-22", "SQS-23")
def test_a_dead_letter_goes_on_counting_and_keeps_its_sending_time(sqs: Any) -> None:
    queue, dead = with_dead_letters(sqs)
    queue.send()
    (first,) = queue.receive()
    queue.show(first)
    queue.receive()
    (moved,) = dead.receive()

    assert first["Attributes"]["ApproximateReceiveCount"] == "1"
    assert moved["Attributes"]["ApproximateReceiveCount"] == "2"
    assert moved["Attributes"]["SentTimestamp"] == first["Attributes"]["SentTimestamp"]
    assert moved["MessageId"] == first["MessageId"]


@fact("SQS-26")
@pytest.mark.parametrize("most", [0, 1001])
def test_max_receive_count_is_1_to_1000(sqs: Any, most: int) -> None:
    dead = Queue(sqs)
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": most})

    assert (
        code(sqs.create_queue, QueueName=f"{dead.name}-source", Attributes={"RedrivePolicy": redrive})
        == "InvalidParameterValue"
    )


@fact("SQS-27", "SQS-28")
def test_a_task_moves_dead_letters_as_new_messages_counted_from_1(sqs: Any) -> None:
    queue, dead = with_dead_letters(sqs)
    queue.send()
    (first,) = queue.receive()
    queue.show(first)
    queue.receive()
    time.sleep(0.01)
    sqs.start_message_move_task(SourceArn=dead.arn)
    (again,) = eventually(queue.receive)

    assert again["MessageId"] != first["MessageId"]
    assert int(again["Attributes"]["SentTimestamp"]) > int(first["Attributes"]["SentTimestamp"])
    assert again["Attributes"]["ApproximateReceiveCount"] == "1"


@fact("SQS-29", "SQS-30")
def test_errors_have_their_older_name_as_the_code_and_a_class(sqs: Any) -> None:
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.get_queue_url(QueueName="nowhere")

    response = caught.value.response
    assert response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "x-amzn-query-error" in response["ResponseMetadata"]["HTTPHeaders"]


@fact("SQS-35")
def test_creating_a_queue_again_with_the_same_attributes_returns_it(queue: Queue) -> None:
    again = queue.client.create_queue(QueueName=queue.name, Attributes={})

    assert again["QueueUrl"] == queue.url
    assert code(queue.client.create_queue, QueueName=queue.name, Attributes={"VisibilityTimeout": "7"}) in {
        "QueueAlreadyExists",
        "QueueNameExists",
    }


@fact("SQS-31")
@pytest.mark.xfail(reason="Nothing is encrypted by keys here, so no call is refused for want of a key's permission.")
def test_a_sender_needs_the_queues_key(stack: Stack, sqs: Any) -> None:
    key = stack.client("kms").create_key()["KeyMetadata"]["KeyId"]
    queue = Queue(sqs, KmsMasterKeyId=key)
    role = Terraform(stack.control_plane).role(queue.name, {"Action": "sqs:*", "Resource": "*"})
    sender = stack.client("sqs", **stack.lend(role))

    assert code(sender.send_message, QueueUrl=queue.url, MessageBody="x") == "KMS.AccessDeniedException"


@fact("VAL-06")
def test_attributes_out_of_range_are_refused_in_sqss_words(queue: Queue) -> None:
    with pytest.raises(ClientError) as caught:
        queue.client.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "50000"})
    assert caught.value.response["Error"]["Message"] == "Invalid value for the parameter VisibilityTimeout."

    assert (
        code(queue.client.set_queue_attributes, QueueUrl=queue.url, Attributes={"Nothing": "1"})
        == "InvalidAttributeName"
    )
