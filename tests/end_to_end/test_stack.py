"""What a client and an operator see of the whole: accepted requests end, bad ones are told, nothing is lost."""

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3
import pytest

from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.stack.stack import WORK_DIR, Stack
from selador_shared.protocol import Accepted, Citation, Completed, Delta, Pong, Started, parse_frame
from selador_shared.settings import MainSettings, WebsocketHandlerSettings

from .conftest import Client, connected, is_dead_letter, log_of, messages_in, question

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

pytestmark = pytest.mark.end_to_end

QUESTION = "Which flats near the harbour allow pets?"

type Eventually = Callable[[Callable[[], bool]], bool]


def test_a_question_is_answered_with_citations_by_frames_in_order(
    stack: Stack, client: Client, sqs: "SQSClient", eventually: Eventually
) -> None:
    client.send({"action": "invoke", "text": QUESTION, "requestId": "first"})
    received = client.receive_until("completed", "error")
    received += client.receive_until("accepted") if all(frame["type"] != "accepted" for frame in received) else []

    assert client.subprotocol == "selador.v1"
    frames = [parse_frame(json.dumps(frame)) for frame in received]
    (accepted,) = (frame for frame in frames if isinstance(frame, Accepted))
    assert accepted.request_id == "first"
    assert accepted.deadline_seconds > 900
    answer = [frame for frame in frames if not isinstance(frame, Accepted | Pong)]
    assert [(frame.request_id, frame.attempt, frame.seq) for frame in answer] == [
        ("first", 1, seq) for seq in range(len(answer))
    ]
    assert isinstance(answer[0], Started)
    assert isinstance(answer[-1], Completed)
    assert answer[-1].session_id
    assert {type(frame) for frame in answer[1:-1]} == {Delta, Citation}
    text = "".join(frame.text for frame in answer if isinstance(frame, Delta))
    assert "pets" in text.lower()
    for citation in (frame for frame in answer if isinstance(frame, Citation)):
        assert citation.source is not None
        assert citation.source.startswith("s3://")
        assert citation.span is not None
        assert 0 <= citation.span.start <= citation.span.end < len(text)
    assert client.silent_for(1), "a frame after the terminal one"
    assert eventually(lambda: messages_in(sqs, stack.outputs["queue_url"]) == 0)


def test_a_conversation_goes_on_by_its_session(client: Client) -> None:
    client.send({"action": "invoke", "text": "How long is the notice period?"})
    session_id = client.receive_until("completed")[-1]["sessionId"]

    client.send({"action": "invoke", "text": "And for pets?", "sessionId": session_id})
    completed = client.receive_until("completed", "error")[-1]

    assert completed["type"] == "completed"
    assert completed["sessionId"] == session_id


def test_ping_is_answered(client: Client) -> None:
    client.send({"action": "ping"})

    assert client.receive() == {"type": "pong"}


def test_bad_messages_are_told_what_is_wrong_and_never_reach_the_queue(stack: Stack, client: Client) -> None:
    calls_before = len(stack.bedrock.calls)
    cases: list[tuple[object, str, str | None]] = [
        ("not JSON", "invalid_request", None),
        ([1], "invalid_request", None),
        ({"action": "dance"}, "unknown_action", "action"),
        ({"text": "no action"}, "unknown_action", "action"),
        ({"action": "invoke", "text": ""}, "invalid_request", "text"),
        ({"action": "invoke", "text": "x" * 1_001}, "invalid_request", "text"),
        ({"action": "invoke", "text": "x", "colour": "red"}, "invalid_request", "colour"),
        ({"action": "invoke", "text": "x", "requestId": "no spaces"}, "invalid_request", "requestId"),
    ]

    for message, code, field in cases:
        client.send(message)
        error = client.receive()

        assert (error["type"], error["code"], error.get("field")) == ("error", code, field), message
        assert error["retryable"] is False
    client.send({"action": "ping"})

    assert client.receive() == {"type": "pong"}, "the connection did not stay open"
    assert client.silent_for(1)
    assert len(stack.bedrock.calls) == calls_before


def test_a_workflow_that_does_not_exist_is_an_error_of_the_door_that_names_those_that_do(client: Client) -> None:
    client.send({"action": "invoke", "type": "workflow", "workflow": "brief", "inputs": {}})

    error = client.receive()

    assert (error["type"], error["code"], error["field"]) == ("error", "invalid_request", "workflow")
    assert "attempt" not in error
    assert "compare_listings, draft_reply, long_question, neighbourhood_brief" in error["message"]


@pytest.mark.parametrize(
    ("workflow", "inputs", "steps"),
    [
        ("long_question", {"question": "How long is the notice period, " * 40}, ["passages", "answer"]),
        (
            "compare_listings",
            {"first": "Pier Street 14", "second": "Park Row 9", "priorities": "pets"},
            ["first_listing", "second_listing", "comparison"],
        ),
        (
            "neighbourhood_brief",
            {"neighbourhood": "Harbour Quarter", "reader": "a couple with ${steps.brief} and $HOME"},
            ["overview", "neighbourhood_passages", "listing_passages", "brief"],
        ),
        ("draft_reply", {"enquiry": "May I keep a dog, and who pays for repairs?"}, ["questions", "rules", "reply"]),
    ],
)
def test_the_shipped_workflows_answer_with_sources(
    client: Client, workflow: str, inputs: dict[str, str], steps: list[str]
) -> None:
    client.send({"action": "invoke", "type": "workflow", "workflow": workflow, "inputs": inputs})

    frames = [frame for frame in client.receive_until("completed", "error") if "attempt" in frame]

    completed = frames[-1]
    assert completed["type"] == "completed", completed
    progress = [(frame["name"], frame["status"], frame["index"]) for frame in frames if frame["type"] == "step"]
    assert progress == [
        (name, status, index) for index, name in enumerate(steps) for status in ("started", "completed")
    ]
    text = "".join(frame["text"] for frame in frames if frame["type"] == "delta")
    citations = [frame for frame in frames if frame["type"] == "citation"]
    assert text
    assert citations
    for citation in citations:
        assert citation["source"].startswith("s3://")
        span = citation["span"]
        assert text[span["start"] : span["end"] + 1].strip("[]").isdigit()
    assert completed["usage"]["outputTokens"] > 0
    assert completed["stopReason"] == "end_turn"
    assert completed["truncated"] is False


def test_a_failed_attempt_is_followed_by_another_that_begins_again(stack: Stack, client: Client) -> None:
    stack.bedrock.faults.add(Fault(FaultKind.CUT_INSIDE_EVENT, after_events=3, question=question("cut")))

    client.send({"action": "invoke", "text": question("cut")})
    frames = [frame for frame in client.receive_until("completed", "error") if "attempt" in frame]

    first = [frame for frame in frames if frame["attempt"] == 1]
    second = [frame for frame in frames if frame["attempt"] == 2]
    assert first[0]["type"] == "started"
    assert (first[-1]["type"], first[-1]["code"]) == ("retrying", "unavailable")
    assert second[0]["type"] == "started"
    assert second[-1]["type"] == "completed"
    for attempt in (first, second):
        assert [frame["seq"] for frame in attempt] == list(range(len(attempt)))


def test_a_request_whose_attempts_all_fail_is_buried(stack: Stack, client: Client, sqs: "SQSClient") -> None:
    stack.bedrock.faults.add(Fault(FaultKind.CUT_INSIDE_EVENT, after_events=3, question=question("doomed")), times=3)
    client.send({"action": "invoke", "text": question("doomed"), "requestId": "doomed"})
    frames = [frame for frame in client.receive_until("error", "completed") if "attempt" in frame]

    told = ("started", "retrying", "error")
    assert [(frame["attempt"], frame["type"]) for frame in frames if frame["type"] in told] == [
        (1, "started"),
        (1, "retrying"),
        (2, "started"),
        (2, "retrying"),
        (3, "started"),
        (4, "error"),
    ]
    assert frames[-1]["code"] == "attempts_exhausted"
    assert is_dead_letter(sqs, stack, "doomed")
    assert client.silent_for(1), "a frame after the burial"


def test_a_message_that_is_no_envelope_goes_to_the_dead_letter_queue(stack: Stack, sqs: "SQSClient") -> None:
    sqs.send_message(QueueUrl=stack.outputs["queue_url"], MessageBody="not an envelope")

    assert is_dead_letter(sqs, stack, "not an envelope")
    assert '"Unreadable": 1' in log_of(stack, "main")


def test_a_client_that_leaves_stops_the_model_and_is_counted(
    stack: Stack, sqs: "SQSClient", eventually: Eventually
) -> None:
    abandoned_before = log_of(stack, "main").count('"Abandoned": 1')
    # The answer streams on until somebody leaves.
    stack.bedrock.faults.add(Fault(FaultKind.STALL, after_events=2_000, question=question("leaves")))

    with connected(stack) as client:
        client.send({"action": "invoke", "text": question("leaves")})
        client.receive_until("delta")

    (call,) = (call for call in stack.bedrock.calls if call.text == question("leaves"))
    assert eventually(lambda: call.outcome == "client_closed")
    assert eventually(lambda: log_of(stack, "main").count('"Abandoned": 1') == abandoned_before + 1)
    assert eventually(lambda: messages_in(sqs, stack.outputs["queue_url"]) == 0)


def test_terraform_sets_exactly_the_variables_that_the_functions_read(stack: Stack) -> None:
    functions = boto3.client("lambda", **stack.control_plane.client_arguments)

    for output, settings in (
        ("websocket_handler_function_name", WebsocketHandlerSettings),
        ("main_function_name", MainSettings),
    ):
        configuration = functions.get_function_configuration(FunctionName=stack.outputs[output])
        variables = configuration["Environment"]["Variables"]

        assert set(variables) == {name.upper() for name in settings.model_fields}


def test_a_second_plan_is_empty(stack: Stack) -> None:
    plan = asyncio.run(stack.terraform("plan"))

    assert "No changes." in plan


def test_no_question_and_no_answer_is_in_any_log(stack: Stack, client: Client) -> None:
    client.send({"action": "invoke", "text": "zanzibar deposit"})
    frames = client.receive_until("completed")
    answer = "".join(frame["text"] for frame in frames if frame["type"] == "delta")

    logs = {path.name: path.read_text() for path in (WORK_DIR / "logs").iterdir()}

    assert answer
    for name, text in logs.items():
        assert "zanzibar" not in text, name
        assert answer[:60] not in text, name


def test_the_main_function_may_do_only_what_its_role_says(stack: Stack) -> None:
    """IAM is enforced: the role's own credentials reach the queue, and nothing beyond."""
    functions = boto3.client("lambda", **stack.control_plane.client_arguments)
    main = functions.get_function_configuration(FunctionName=stack.outputs["main_function_name"])
    credentials = stack.control_plane.ask(
        "role-credentials", {"roleArn": main["Role"], "service": "lambda.amazonaws.com"}
    )
    as_main = boto3.client(
        "sqs",
        endpoint_url=stack.control_plane.endpoint,
        region_name=stack.control_plane.region,
        aws_access_key_id=credentials["accessKeyId"],
        aws_secret_access_key=credentials["secretAccessKey"],
        aws_session_token=credentials["sessionToken"],
    )

    attributes = as_main.get_queue_attributes(QueueUrl=stack.outputs["queue_url"], AttributeNames=["QueueArn"])
    with pytest.raises(as_main.exceptions.ClientError) as refused:
        as_main.send_message(QueueUrl=stack.outputs["queue_url"], MessageBody="not mine to send")

    assert attributes["Attributes"]["QueueArn"]
    assert "AccessDenied" in refused.value.response["Error"]["Code"]
