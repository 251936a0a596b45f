"""SQS through boto3, against the running server."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


@pytest.fixture
def sqs(server: Any) -> Any:
    return server.client("sqs")


@pytest.fixture
def queue(sqs: Any, name: str) -> Iterator[str]:
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def arn(queue_name: str) -> str:
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue_name}"


def attributes(sqs: Any, url: str, *names: str) -> dict[str, str]:
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])["Attributes"]
    return found


def receive(sqs: Any, url: str, **parameters: Any) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = sqs.receive_message(
        QueueUrl=url, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"], **parameters
    ).get("Messages", [])
    return messages


@pytest.fixture
def pair(sqs: Any, name: str) -> tuple[str, str]:
    """A queue whose messages are received twice at most, and its dead-letter queue."""
    dead: str = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": arn(f"{name}-dlq"), "maxReceiveCount": 2}, separators=(",", ":"))
    source: str = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})[
        "QueueUrl"
    ]
    return source, dead


def wait_for_task(sqs: Any, source_arn: str) -> dict[str, Any]:
    while True:
        task: dict[str, Any] = sqs.list_message_move_tasks(SourceArn=source_arn)["Results"][0]
        if task["Status"] != "RUNNING":
            return task
        time.sleep(0.01)


class TestAttributes:
    def test_policies_come_back_as_they_were_sent(self, sqs: Any, name: str) -> None:
        """Terraform compares texts; a space more is a change in every plan."""
        sqs.create_queue(QueueName=f"{name}-dlq")
        sent = {
            "Policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"sqs:*",'
            '"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}',
            "RedrivePolicy": f'{{"deadLetterTargetArn":"{arn(f"{name}-dlq")}","maxReceiveCount":4}}',
            "RedriveAllowPolicy": f'{{"redrivePermission":"byQueue","sourceQueueArns":["{arn(name)}"]}}',
        }

        url = sqs.create_queue(QueueName=name, Attributes=sent)["QueueUrl"]

        assert sent.items() <= attributes(sqs, url).items()
        assert attributes(sqs, url, "RedriveAllowPolicy") == {"RedriveAllowPolicy": sent["RedriveAllowPolicy"]}

    def test_setting_another_attribute_keeps_the_policy(self, sqs: Any, queue: str) -> None:
        policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*"}]}'
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})

        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "60"})

        assert attributes(sqs, queue)["Policy"] == policy
        assert attributes(sqs, queue)["VisibilityTimeout"] == "60"

    def test_an_empty_text_takes_a_policy_away(self, sqs: Any, queue: str) -> None:
        allow = '{"redrivePermission":"denyAll"}'
        policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*"}]}'
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": allow, "Policy": policy})

        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": "", "Policy": ""})

        assert {"RedriveAllowPolicy", "Policy"}.isdisjoint(attributes(sqs, queue))

    def test_times_are_whole_seconds(self, sqs: Any, queue: str) -> None:
        assert attributes(sqs, queue)["CreatedTimestamp"].isdigit()

    def test_fifo_queues_are_refused(self, sqs: Any, name: str) -> None:
        with pytest.raises(ClientError, match="standard queues only"):
            sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})


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


class TestReceive:
    def test_parallel_receivers_never_share_a_message(self, sqs: Any, queue: str) -> None:
        sent = 60
        for start in range(0, sent, 10):
            entries = [{"Id": str(number), "MessageBody": str(number)} for number in range(start, start + 10)]
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)

        def drain(_: int) -> list[str]:
            bodies: list[str] = []
            while found := receive(sqs, queue, MaxNumberOfMessages=3):
                bodies += [message["Body"] for message in found]
            return bodies

        with ThreadPoolExecutor(6) as pool:
            received = [body for bodies in pool.map(drain, range(6)) for body in bodies]

        assert sorted(received, key=int) == [str(number) for number in range(sent)]

    def test_a_long_poll_ends_when_a_message_comes(self, sqs: Any, queue: str) -> None:
        threading.Timer(0.3, sqs.send_message, kwargs={"QueueUrl": queue, "MessageBody": "late"}).start()

        assert [message["Body"] for message in receive(sqs, queue, WaitTimeSeconds=20)] == ["late"]

    def test_the_server_answers_while_many_wait(self, sqs: Any, queue: str) -> None:
        with ThreadPoolExecutor(8) as pool:
            polls = [pool.submit(receive, sqs, queue, WaitTimeSeconds=20) for _ in range(8)]
            for number in range(8):
                sqs.send_message(QueueUrl=queue, MessageBody=str(number))
            bodies = [message["Body"] for poll in polls for message in poll.result()]

        assert sorted(bodies) == [str(number) for number in range(8)]

    def test_a_long_poll_sees_a_message_come_back(self, sqs: Any, queue: str) -> None:
        sqs.send_message(QueueUrl=queue, MessageBody="a")
        [message] = receive(sqs, queue)
        release = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
        threading.Timer(0.3, sqs.change_message_visibility, kwargs=release).start()

        [again] = receive(sqs, queue, WaitTimeSeconds=20)

        assert again["Attributes"]["ApproximateReceiveCount"] == "2"


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


class TestDeadLetters:
    def test_a_message_keeps_its_sending_time_and_its_count(self, sqs: Any, pair: tuple[str, str]) -> None:
        """After two receives (SQS-20) the third moves it (SQS-21), with its count (SQS-22) and its time (SQS-23)."""
        source, dead = pair
        sqs.send_message(QueueUrl=source, MessageBody="poison", MessageGroupId="g")
        [first], [second] = receive(sqs, source), receive(sqs, source)
        assert attributes(sqs, dead)["ApproximateNumberOfMessages"] == "0"

        assert receive(sqs, source) == []

        [moved] = receive(sqs, dead)
        assert moved["MessageId"] == first["MessageId"]
        assert moved["Attributes"]["SentTimestamp"] == first["Attributes"]["SentTimestamp"]
        assert second["Attributes"]["ApproximateReceiveCount"] == "2"
        assert moved["Attributes"]["ApproximateReceiveCount"] == "3"
        assert moved["Attributes"]["MessageGroupId"] == "g"
        assert moved["Attributes"]["DeadLetterQueueSourceArn"] == attributes(sqs, source)["QueueArn"]

    def bury(self, sqs: Any, source: str, count: int) -> None:
        for number in range(count):
            sqs.send_message(QueueUrl=source, MessageBody=str(number), MessageGroupId="g")
        for _ in range(3):
            receive(sqs, source, MaxNumberOfMessages=10)

    def test_a_move_task_returns_messages_to_their_source_as_new_ones(self, sqs: Any, pair: tuple[str, str]) -> None:
        """They have new ids and sending times (SQS-27), and their receives are counted anew (SQS-28)."""
        source, dead = pair
        self.bury(sqs, source, 3)
        dead_arn = attributes(sqs, dead)["QueueArn"]

        handle = sqs.start_message_move_task(SourceArn=dead_arn)["TaskHandle"]
        task = wait_for_task(sqs, dead_arn)

        assert handle
        assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 3)
        assert attributes(sqs, dead)["ApproximateNumberOfMessages"] == "0"
        messages = receive(sqs, source, MaxNumberOfMessages=10)
        assert {message["Body"] for message in messages} == {"0", "1", "2"}
        assert {message["Attributes"]["ApproximateReceiveCount"] for message in messages} == {"1"}
        assert {message["Attributes"]["MessageGroupId"] for message in messages} == {"g"}

    def test_a_move_task_goes_where_it_is_told(self, sqs: Any, pair: tuple[str, str], queue: str) -> None:
        source, dead = pair
        self.bury(sqs, source, 1)
        dead_arn = attributes(sqs, dead)["QueueArn"]

        sqs.start_message_move_task(SourceArn=dead_arn, DestinationArn=attributes(sqs, queue)["QueueArn"])

        assert wait_for_task(sqs, dead_arn)["Status"] == "COMPLETED"
        assert len(receive(sqs, queue)) == 1

    def test_only_one_task_runs_per_queue_and_it_can_be_cancelled(self, sqs: Any, pair: tuple[str, str]) -> None:
        source, dead = pair
        self.bury(sqs, source, 10)  # ten seconds in which to cancel
        dead_arn = attributes(sqs, dead)["QueueArn"]
        handle = sqs.start_message_move_task(SourceArn=dead_arn, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]

        with pytest.raises(sqs.exceptions.UnsupportedOperation, match="already a task running"):
            sqs.start_message_move_task(SourceArn=dead_arn)
        sqs.cancel_message_move_task(TaskHandle=handle)

        assert wait_for_task(sqs, dead_arn)["Status"] == "CANCELLED"
        assert attributes(sqs, dead)["ApproximateNumberOfMessages"] != "0"

    def test_a_message_without_a_source_fails_the_task_and_stays(self, sqs: Any, pair: tuple[str, str]) -> None:
        _, dead = pair
        sqs.send_message(QueueUrl=dead, MessageBody="sent here by hand")
        dead_arn = attributes(sqs, dead)["QueueArn"]

        sqs.start_message_move_task(SourceArn=dead_arn)
        task = wait_for_task(sqs, dead_arn)

        assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
        assert len(receive(sqs, dead)) == 1

    def test_a_queue_that_is_no_dead_letter_queue_has_no_move_task(self, sqs: Any, queue: str) -> None:
        with pytest.raises(ClientError, match="Dead Letter Queue"):
            sqs.start_message_move_task(SourceArn=attributes(sqs, queue)["QueueArn"])
