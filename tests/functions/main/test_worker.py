"""One message from receive to its end: moto's SQS, a scripted `@connections`, an agent that does as told."""

import json
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import moto
import pytest
import structlog
from botocore.credentials import Credentials

from selador_main.agents.agent import (
    AgentEvent,
    AgentFailedError,
    Caller,
    CitedSource,
    Ended,
    RequestRefusedError,
    Session,
    StepChanged,
    Text,
)
from selador_main.cancellation import Cancellation
from selador_main.connection import Connections
from selador_main.lease import LEASE_SECONDS
from selador_main.outcomes import Limits
from selador_main.patience import Ask
from selador_main.reserve import RESERVED_SECONDS
from selador_main.transport import Transport
from selador_main.waiting import RealWaiting
from selador_main.worker import Worker
from selador_shared import logs
from selador_shared.envelope import Envelope
from selador_shared.protocol import Query, Workflow

from ...conftest import STUCK_SECONDS
from .conftest import RECEIVED_AT_MS, ConnectionsApi, Moved

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

MAX_ATTEMPTS = 3


class ScriptedAgent:
    """Yields its events, raising those that are exceptions and waiting for cancellation at a None."""

    text_limit = 1_000

    def __init__(self, *script: AgentEvent | Exception | None) -> None:
        self.script = script
        self.asked: list[Query | Workflow] = []
        self.callers: list[Caller] = []
        self.closed = 0

    def answer(
        self, request: Query | Workflow, caller: Caller, cancellation: Cancellation, ask: Ask | None = None
    ) -> Generator[AgentEvent]:
        self.asked.append(request)
        self.callers.append(caller)
        try:
            for item in self.script:
                match item:
                    case None:
                        stopped = threading.Event()
                        with cancellation.calling(stopped.set):
                            assert stopped.wait(STUCK_SECONDS)
                    case Exception():
                        raise item
                    case _:
                        yield item
        finally:
            self.closed += 1


ANSWER = (Session("s-1"), Text("Two flats "), Text("do."), CitedSource("passage", "s3://b/k", 0, 13))


@pytest.fixture
def sqs() -> "Iterator[SQSClient]":
    # moto answers for AWS, and lets the scripted API through.
    with moto.mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1:"]}}}):
        yield boto3.client("sqs")


@pytest.fixture
def queue_url(sqs: "SQSClient") -> str:
    return sqs.create_queue(QueueName="selador-test", Attributes={"VisibilityTimeout": "5400"})["QueueUrl"]


@pytest.fixture
def received(
    sqs: "SQSClient", queue_url: str, envelope: Envelope, aws_event: Callable[[str], dict[str, Any]]
) -> Callable[..., dict[str, Any]]:
    """Send an envelope (or another body), receive it and return the record that the mapping would hand over."""

    def receive(receive_count: int = 1, body: str | None = None) -> dict[str, Any]:
        sqs.send_message(QueueUrl=queue_url, MessageBody=body or envelope.model_dump_json(exclude_none=True))
        (message,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
        record = aws_event("sqs_record")
        record |= {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
        }
        record["attributes"]["ApproximateReceiveCount"] = str(receive_count)
        return record

    return receive


@pytest.fixture
def worker_with(sqs: "SQSClient", queue_url: str, connections_api: ConnectionsApi) -> Callable[[ScriptedAgent], Worker]:
    connections = Connections(
        Transport(),
        connections_api.url,
        Credentials("testing", "testing"),
        "eu-west-1",
        epoch_ms=RealWaiting().epoch_ms,
    )

    def make(agent: ScriptedAgent) -> Worker:
        return Worker(
            sqs=sqs,
            queue_url=queue_url,
            post=connections.post,
            agent=agent,
            workflows=agent,
            limits=Limits(MAX_ATTEMPTS, max_age_seconds=900),
            waiting=Moved(RECEIVED_AT_MS + 1_000),
        )

    return make


@pytest.fixture
def visible_again(sqs: "SQSClient", queue_url: str) -> Callable[[], bool]:
    """Tell whether the message can be received right now."""
    return lambda: "Messages" in sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=1)


def summary(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the line that ends an attempt."""
    (line,) = (line for line in capsys.readouterr().out.splitlines() if '"attempt ended"' in line)
    members: dict[str, Any] = json.loads(line)
    return members


def types(connections_api: ConnectionsApi) -> list[str]:
    return [frame["type"] for frame in connections_api.frames]


def test_a_query_is_answered_in_order_and_done(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    agent = ScriptedAgent(*ANSWER)

    done = worker_with(agent).process(received(), remaining_seconds=900, alone=True)

    assert done
    frames = connections_api.frames
    assert [(frame["requestId"], frame["attempt"], frame["seq"]) for frame in frames] == [
        ("r-1", 1, seq) for seq in range(len(frames))
    ]
    assert frames[0]["type"] == "started"
    assert "".join(frame["text"] for frame in frames if frame["type"] == "delta") == "Two flats do."
    citation, completed = frames[-2:]
    assert citation["source"] == "s3://b/k"
    assert citation["span"] == {"start": 0, "end": 13}
    assert completed["type"] == "completed"
    assert completed["sessionId"] == "s-1"


def test_the_lease_shortens_the_visibility_of_the_message(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    sqs: "SQSClient",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes: list[int] = []
    change = sqs.change_message_visibility

    def noted(**call: Any) -> Any:
        changes.append(call["VisibilityTimeout"])
        return change(**call)

    monkeypatch.setattr(sqs, "change_message_visibility", noted)

    worker_with(ScriptedAgent(*ANSWER)).process(received(), remaining_seconds=900, alone=True)

    assert changes == [60]


def test_a_failed_attempt_says_retrying_and_gives_the_message_back(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    agent = ScriptedAgent(Session("s-1"), AgentFailedError("throttled", reason="ThrottlingException"))

    done = worker_with(agent).process(received(), remaining_seconds=900, alone=True)

    assert not done
    assert types(connections_api) == ["started", "retrying"]
    retrying = connections_api.frames[-1]
    assert retrying["code"] == "throttled"
    assert 3 <= retrying["delaySeconds"] <= 5


def test_the_last_attempt_gives_the_message_back_at_once_and_says_nothing_of_a_retry(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    visible_again: Callable[[], bool],
) -> None:
    agent = ScriptedAgent(AgentFailedError("unavailable", reason="cut"))

    done = worker_with(agent).process(received(MAX_ATTEMPTS), remaining_seconds=900, alone=True)

    assert not done
    assert types(connections_api) == ["started"]
    assert visible_again()


def test_the_receive_after_the_last_attempt_buries_without_asking_the_agent(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    visible_again: Callable[[], bool],
) -> None:
    agent = ScriptedAgent(*ANSWER)

    done = worker_with(agent).process(received(MAX_ATTEMPTS + 1), remaining_seconds=900, alone=True)

    assert not done
    assert agent.asked == []
    (error,) = connections_api.frames
    assert (error["type"], error["code"], error["attempt"]) == ("error", "attempts_exhausted", MAX_ATTEMPTS + 1)
    assert visible_again() or visible_again()


def test_a_burial_goes_to_the_dead_letter_queue_even_when_nobody_hears_it(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    connections_api.answers.extend([(410, "GoneException")] * 2)

    done = worker_with(ScriptedAgent()).process(received(MAX_ATTEMPTS + 1), remaining_seconds=900, alone=True)

    assert not done


def test_a_refused_request_ends_in_one_error_and_is_done(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    agent = ScriptedAgent(RequestRefusedError("content_blocked", "a guardrail blocked it"))

    done = worker_with(agent).process(received(), remaining_seconds=900, alone=True)

    assert done
    assert types(connections_api) == ["started", "error"]
    assert connections_api.frames[-1]["code"] == "content_blocked"
    assert connections_api.frames[-1]["retryable"] is False


def test_a_client_that_has_gone_stops_the_agent_and_is_done(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    capsys: pytest.CaptureFixture[str],
) -> None:
    connections_api.answers.extend([(200, ""), (410, "GoneException"), (410, "GoneException")])
    agent = ScriptedAgent(Text("nobody reads this"), None, Text("nor this"))

    done = worker_with(agent).process(received(), remaining_seconds=900, alone=True)

    assert done
    assert agent.closed == 1
    assert types(connections_api) == ["started"]
    line = summary(capsys)
    assert (line["Abandoned"], line["FailedPosts"]) == (1, 0), "no delivery failed: there is nobody to deliver to"


def test_a_connection_that_takes_nothing_keeps_the_message_for_another_attempt(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    connections_api.answers.append((403, "ForbiddenException"))

    done = worker_with(ScriptedAgent(*ANSWER)).process(received(), remaining_seconds=900, alone=True)

    assert not done
    assert types(connections_api) == []


def test_an_attempt_that_runs_out_of_time_tells_the_client_and_is_done(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    agent = ScriptedAgent(Text("half an answer"), None)

    done = worker_with(agent).process(received(), remaining_seconds=RESERVED_SECONDS + 0.2, alone=True)

    assert done
    assert agent.closed == 1
    assert connections_api.frames[-1]["type"] == "error"
    assert connections_api.frames[-1]["code"] == "deadline_exceeded"


def test_a_request_that_waited_too_long_is_told_so_before_any_paid_call(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    envelope: Envelope,
) -> None:
    old = envelope.model_copy(update={"received_at": RECEIVED_AT_MS - 901_000})
    agent = ScriptedAgent(*ANSWER)

    record = received(body=old.model_dump_json(exclude_none=True))
    record["attributes"]["SentTimestamp"] = str(old.received_at)

    done = worker_with(agent).process(record, remaining_seconds=900, alone=True)

    assert done
    assert agent.asked == []
    (error,) = connections_api.frames
    assert error["code"] == "deadline_exceeded"


def counts(capsys: pytest.CaptureFixture[str], *names: str) -> dict[str, int]:
    """Return how often the metrics were moved so far."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return {name: sum(line.get(name, 0) for line in lines) for name in names}


def test_a_burial_is_told_and_counted_once_over_its_two_receives(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    capsys: pytest.CaptureFixture[str],
) -> None:
    worker = worker_with(ScriptedAgent())
    record = received(MAX_ATTEMPTS + 1)

    worker.process(record, remaining_seconds=900, alone=True)
    record["attributes"]["ApproximateReceiveCount"] = str(MAX_ATTEMPTS + 2)
    worker.process(record, remaining_seconds=900, alone=True)

    assert types(connections_api) == ["error"]
    assert counts(capsys, "Buried", "Attempts") == {"Buried": 1, "Attempts": MAX_ATTEMPTS + 2}


def test_a_burial_whose_worker_died_is_told_by_the_spare_receive_under_the_same_number(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    capsys: pytest.CaptureFixture[str],
) -> None:
    worker_with(ScriptedAgent()).process(received(MAX_ATTEMPTS + 2), remaining_seconds=900, alone=True)

    (error,) = connections_api.frames
    assert (error["code"], error["attempt"], error["seq"]) == ("attempts_exhausted", MAX_ATTEMPTS + 1, 0)
    assert counts(capsys, "Buried") == {"Buried": 1}


def test_an_unreadable_message_whose_address_can_be_read_is_an_error_and_has_a_lease(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    sqs: "SQSClient",
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    worker = worker_with(ScriptedAgent())
    visibilities: list[int] = []
    monkeypatch.setattr(sqs, "change_message_visibility", lambda **call: visibilities.append(call["VisibilityTimeout"]))
    record = received(
        body='{"version":1,"requestId":"r-9","connectionId":"c=","receivedAt":1707502309017,"request":{"type":"dance"}}'
    )

    for count in range(1, MAX_ATTEMPTS + 3):
        record["attributes"]["ApproximateReceiveCount"] = str(count)
        assert not worker.process(record, remaining_seconds=900, alone=True)

    (error,) = connections_api.frames
    assert (error["requestId"], error["type"], error["code"]) == ("r-9", "error", "internal")
    assert visibilities[0] == LEASE_SECONDS
    assert counts(capsys, "Unreadable") == {"Unreadable": 1}


def test_where_a_request_has_waited_a_client_that_has_gone_costs_nothing(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    connections_api.answers.extend([(410, "GoneException")] * 100)
    agent = ScriptedAgent(*ANSWER)
    worker = replace(worker_with(agent), waiting=Moved(RECEIVED_AT_MS + 1_500))

    done = worker.process(received(), remaining_seconds=900, alone=True)

    assert done
    assert agent.asked == []


def test_a_second_attempt_asks_the_model_only_after_started_was_taken(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    connections_api.answers.extend([(410, "GoneException")] * 2)
    agent = ScriptedAgent(*ANSWER)

    worker_with(agent).process(received(2), remaining_seconds=900, alone=True)

    assert agent.asked == []


def test_a_message_done_in_a_batch_is_deleted_at_once(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    sqs: "SQSClient",
    queue_url: str,
) -> None:
    """Its lease ends with its attempt, and the batch may go on for minutes."""
    done = worker_with(ScriptedAgent(*ANSWER)).process(received(), remaining_seconds=900, alone=False)

    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    assert done
    assert (attributes["ApproximateNumberOfMessages"], attributes["ApproximateNumberOfMessagesNotVisible"]) == (
        "0",
        "0",
    )


def test_an_attempts_start_and_end_are_lines_with_their_level(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A killed attempt has only the first of the two: by it, its request leads to Lambda's own lines."""
    logs.configure("INFO")
    with structlog.contextvars.bound_contextvars(lambdaRequestId="l-1"):
        worker_with(ScriptedAgent(*ANSWER)).process(received(), remaining_seconds=900, alone=True)
    structlog.reset_defaults()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line for line in lines if line["message"] in {"attempt started", "attempt ended"}]
    assert [(line["message"], line["level"], line["requestId"], line["lambdaRequestId"]) for line in told] == [
        ("attempt started", "info", "r-1", "l-1"),
        ("attempt ended", "info", "r-1", "l-1"),
    ]


def test_an_unreadable_message_is_released_for_the_dead_letter_queue_and_nobody_is_told(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    visible_again: Callable[[], bool],
) -> None:
    done = worker_with(ScriptedAgent()).process(received(body="not an envelope"), remaining_seconds=900, alone=True)

    assert not done
    assert connections_api.posts == []
    assert visible_again()


def test_a_workflow_is_run_and_its_steps_are_told(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    envelope: Envelope,
) -> None:
    body = json.loads(envelope.model_dump_json(exclude_none=True))
    body["request"] = {"action": "invoke", "type": "workflow", "workflow": "brief", "inputs": {}}
    ended = Ended("max_tokens", 3, 4, truncated=True)
    workflows = ScriptedAgent(StepChanged("find", "started", 0, 2), Text("x"), CitedSource("p", None), ended)

    done = worker_with(workflows).process(received(body=json.dumps(body)), remaining_seconds=900, alone=True)

    assert done
    assert isinstance(workflows.asked[0], Workflow)
    started, step, delta, citation, completed = connections_api.frames
    assert (step["type"], step["name"], step["status"]) == ("step", "find", "started")
    assert (step["index"], step["count"]) == (0, 2)
    assert (started["type"], delta["type"]) == ("started", "delta")
    assert "span" not in citation
    assert completed["usage"] == {"inputTokens": 3, "outputTokens": 4}
    assert (completed["stopReason"], completed["truncated"]) == ("max_tokens", True)


def test_agents_are_told_on_whose_behalf_they_are_asked(
    worker_with: Callable[[ScriptedAgent], Worker], received: Callable[..., dict[str, Any]], envelope: Envelope
) -> None:
    theirs = envelope.model_copy(update={"principal_id": "user-7"})
    record = received(body=theirs.model_dump_json(exclude_none=True))
    record["attributes"]["AWSTraceHeader"] = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    agent = ScriptedAgent(*ANSWER)

    worker_with(agent).process(record, remaining_seconds=900, alone=True)

    assert agent.callers == [Caller("user-7", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")]


def test_one_line_tells_the_attempts_life_and_is_its_metrics(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    capsys: pytest.CaptureFixture[str],
) -> None:
    connections_api.answers.extend([(429, "LimitExceededException"), (500, "")])
    record = received()
    record["attributes"]["AWSTraceHeader"] = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"

    worker_with(ScriptedAgent(*ANSWER, Ended("end_turn", 30, 4))).process(record, remaining_seconds=900, alone=True)

    line = summary(capsys)
    facts = ("requestId", "attempt", "receiveCount", "outcome", "type", "traceId", "failedPosts")
    assert {name: line[name] for name in facts} == {
        "requestId": "r-1",
        "attempt": 1,
        "receiveCount": 1,
        "outcome": "Completed",
        "type": "query",
        "traceId": "1-5759e988-bd862e3fe1be46a994272793",
        "failedPosts": {"429 LimitExceededException": 1, "500": 1},
    }
    counted = ("Completed", "QueueWait", "InputTokens", "OutputTokens", "Attempts", "ThrottledPosts", "FailedPosts")
    assert [line[name] for name in counted] == [1, 1_000, 30, 4, 1, 1, 1]
    assert line["Frames"] == len(connections_api.frames)
    assert line["Posts"] == len(connections_api.posts)
    assert line["PostedBytes"] == sum(len(body) for body in connections_api.posts[2:])
    assert 0 < line["TimeToFirstToken"] <= line["AttemptDuration"]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert {metric["Name"] for metric in directive["Metrics"]} <= line.keys()


def test_the_line_says_who_asked(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    envelope: Envelope,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = envelope.model_copy(update={"principal_id": "user-7", "claims": {"tenant": "t-1"}})

    worker_with(ScriptedAgent(*ANSWER)).process(
        received(body=asked.model_dump_json(exclude_none=True)), remaining_seconds=900, alone=True
    )

    line = summary(capsys)
    assert (line["principalId"], line["claims"]) == ("user-7", {"tenant": "t-1"})


def test_outcomes_are_counted_by_their_code_too(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    agent = ScriptedAgent(AgentFailedError("throttled", reason="ThrottlingException"))

    worker_with(agent).process(received(), remaining_seconds=900, alone=True)

    line = summary(capsys)
    assert (line["code"], line["reason"], line["BedrockThrottled"]) == ("throttled", "ThrottlingException", 1)
    assert line["_aws"]["CloudWatchMetrics"][1] == {
        "Namespace": "Selador",
        "Dimensions": [["FunctionName", "code"]],
        "Metrics": [{"Name": "AttemptFailed", "Unit": "Count"}],
    }


def test_an_attempt_that_begins_with_too_little_time_is_left_to_another(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    agent = ScriptedAgent(*ANSWER)

    done = worker_with(agent).process(received(), remaining_seconds=RESERVED_SECONDS - 0.1, alone=True)

    assert not done
    assert connections_api.posts == []
    assert agent.asked == []


def test_an_agent_that_raises_anything_else_is_retried_as_internal(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
) -> None:
    done = worker_with(ScriptedAgent(ZeroDivisionError())).process(received(), remaining_seconds=900, alone=True)

    assert not done
    assert connections_api.frames[-1]["code"] == "internal"


def test_a_message_that_is_another_workers_by_now_is_left_alone(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    sqs: "SQSClient",
    queue_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = received()
    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=record["receiptHandle"])
    agent = ScriptedAgent(None)

    done = worker_with(agent).process(record, remaining_seconds=900, alone=True)

    assert not done
    assert agent.closed == len(agent.asked)  # the lease may be lost before the agent is asked at all
    assert "completed" not in types(connections_api)
    assert '"LeaseLost": 1' in capsys.readouterr().out


def test_a_burial_whose_lease_is_lost_is_another_workers(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    connections_api: ConnectionsApi,
    sqs: "SQSClient",
    queue_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = received(MAX_ATTEMPTS + 1)
    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=record["receiptHandle"])
    connections_api.answers.extend([(429, "LimitExceededException")] * 50)  # long enough for the lease to be lost

    done = worker_with(ScriptedAgent()).process(record, remaining_seconds=900, alone=True)

    assert not done
    assert connections_api.frames == []
    assert summary(capsys)["outcome"] == "LeaseLost"


def test_no_thread_and_no_text_is_left_behind(
    worker_with: Callable[[ScriptedAgent], Worker],
    received: Callable[..., dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Lambda freezes threads when the handler returns, and they go on in the next invocation (LAM-31)."""
    worker_with(ScriptedAgent(Text("SECRET answer"))).process(received(), remaining_seconds=900, alone=True)

    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"lease", "frame-writer"}
    output = capsys.readouterr().out
    assert '"Completed": 1' in output
    assert "SECRET" not in output
    assert "Which flats" not in output
