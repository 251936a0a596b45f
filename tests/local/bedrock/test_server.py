import asyncio
import gc
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import botocore.eventstream
import botocore.exceptions
import pytest
import urllib3.exceptions
from botocore.config import Config

from selador_local.bedrock import server
from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.bedrock.library import read_library
from selador_local.bedrock.questions import Found
from selador_local.bedrock.retrieval import SearchTimeoutError
from selador_local.bedrock.server import BedrockStandIn

from ...conftest import STUCK_SECONDS, event_loop
from ...patience import in_loop
from ..rounds import ROUNDS, cancelled_after, open_files

DOCUMENTS = Path(__file__).parents[3] / "local" / "documents"
MODEL_ARN = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
KNOWLEDGE_BASE_ID = "KB12345678"


@contextmanager
def running(**options: Any) -> Iterator[BedrockStandIn]:
    """Run a stand-in."""
    stand_in = BedrockStandIn(read_library(DOCUMENTS), **{"token_delay_seconds": 0, **options})
    with event_loop() as loop:
        in_loop(loop, stand_in.start(), "the stand-in listens")
        try:
            yield stand_in
        finally:
            in_loop(loop, stand_in.stop(), "the stand-in has stopped")


@pytest.fixture
def stand_in() -> Iterator[BedrockStandIn]:
    with running() as started:
        yield started


@contextmanager
def client_of(stand_in: BedrockStandIn, *, access_key_id: str = "AKIDEXAMPLE") -> Iterator[Any]:
    client = boto3.client(
        "bedrock-agent-runtime",
        endpoint_url=stand_in.endpoint,
        region_name="us-east-1",
        aws_access_key_id=access_key_id,
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def client(stand_in: BedrockStandIn) -> Iterator[Any]:
    with client_of(stand_in) as made:
        yield made


def ask(client: Any, text: str, **members: Any) -> Any:
    return client.retrieve_and_generate_stream(
        input={"text": text},
        retrieveAndGenerateConfiguration={
            "type": "KNOWLEDGE_BASE",
            "knowledgeBaseConfiguration": {
                "knowledgeBaseId": members.pop("knowledge_base_id", KNOWLEDGE_BASE_ID),
                "modelArn": members.pop("model_arn", MODEL_ARN),
                **members.pop("knowledge_base", {}),
            },
        },
        **members,
    )


def text_of(response: Any) -> str:
    return "".join(event["output"]["text"] for event in response["stream"] if "output" in event)


def refusal(call: Callable[[], Any]) -> tuple[int, str, str]:
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    response: Any = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def outcome_of_only_call(stand_in: BedrockStandIn) -> str:
    """Return the outcome once the call is over: the server may learn of it a moment after the client."""
    [call] = stand_in.calls
    deadline = time.monotonic() + STUCK_SECONDS
    while call.outcome == "under_way" and time.monotonic() < deadline:
        time.sleep(0.01)
    return call.outcome


def control(stand_in: BedrockStandIn, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(stand_in.endpoint + path, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=STUCK_SECONDS) as response:
            status, content = response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            status, content = error.code, error.read()
    return status, json.loads(content) if content else None


def test_a_question_is_answered_in_words_and_citations(stand_in: BedrockStandIn, client: Any) -> None:
    response = ask(client, "Which flats near the harbour allow pets?")

    events = list(response["stream"])
    text = "".join(event["output"]["text"] for event in events if "output" in event)
    citations = [event["citation"] for event in events if "citation" in event]
    assert "Pets are allowed" in text
    assert citations[0]["retrievedReferences"][0]["location"]["s3Location"]["uri"] == (
        "s3://selador-documents/listings/pier-street-14-flat-3b.md"
    )
    assert citations[0]["generatedResponsePart"]["textResponsePart"]["text"] in text
    assert outcome_of_only_call(stand_in) == "completed"


def test_a_session_is_made_by_the_service_and_remembers_what_was_asked(stand_in: BedrockStandIn, client: Any) -> None:
    first = ask(client, "Tell me about Weaver's Row 17")
    list(first["stream"])

    second = ask(client, "And the deposit?", sessionId=first["sessionId"])

    assert second["sessionId"] == first["sessionId"]  # a known session goes on (BR-07)
    assert "The deposit is €5,520." in text_of(second)


def test_without_a_session_a_question_stands_alone(stand_in: BedrockStandIn, client: Any) -> None:
    first = ask(client, "Tell me about Weaver's Row 17")
    list(first["stream"])

    second = ask(client, "And the deposit?")

    assert second["sessionId"] != first["sessionId"]
    assert "€5,520" not in text_of(second)


def test_a_session_id_that_the_service_did_not_make_is_refused(stand_in: BedrockStandIn, client: Any) -> None:
    status, code, message = refusal(lambda: ask(client, "deposit", sessionId="my-own"))

    assert (status, code) == (400, "ValidationException")
    assert "'my-own'" in message


def test_the_newest_calls_and_sessions_are_kept() -> None:
    with running(kept=2) as stand_in, client_of(stand_in) as client:

        def session(**members: Any) -> str:
            answer = ask(client, "Tell me about Weaver's Row 17", **members)
            list(answer["stream"])
            return str(answer["sessionId"])

        first, second = session(), session()
        session(sessionId=first)  # so that the second is the oldest
        third = session()

        assert [call.session_id for call in stand_in.calls] == [first, third]
        assert session(sessionId=first) == first
        assert refusal(lambda: ask(client, "deposit", sessionId=second))[1] == "ValidationException"


def test_a_text_of_a_thousand_characters_is_the_longest(stand_in: BedrockStandIn, client: Any) -> None:

    status, code, message = refusal(lambda: ask(client, "x" * 1_001))
    list(ask(client, "x" * 1_000)["stream"])

    assert (status, code) == (400, "ValidationException")  # botocore has let it through (BR-02)
    assert message == "input.text is 1001 characters; it must be at most 1000"
    assert stand_in.calls[0].outcome == "ValidationException"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("no JSON", "the request body is not JSON"),
        ("[]", "the request body is not a JSON object"),
        ("{}", "input is missing"),
        ('{"input": {"text": 1}}', "text is not a string"),
        ('{"input": {"text": "a"}}', "retrieveAndGenerateConfiguration is missing"),
        (
            '{"input": {"text": "a"}, "retrieveAndGenerateConfiguration": {"type": "EXTERNAL_SOURCES"}}',
            "retrieveAndGenerateConfiguration.type is 'EXTERNAL_SOURCES'; the stand-in answers KNOWLEDGE_BASE only",
        ),
        (
            '{"input": {"text": "a"}, "retrieveAndGenerateConfiguration": {"type": "KNOWLEDGE_BASE"}}',
            "knowledgeBaseConfiguration is missing",
        ),
    ],
)
def test_a_request_without_its_required_members_is_refused(stand_in: BedrockStandIn, body: str, message: str) -> None:
    status, answer = control(stand_in, "POST", "/retrieveAndGenerateStream", body.encode())

    assert (status, answer) == (400, {"message": message})


@pytest.mark.parametrize(
    "members",
    [
        {"knowledge_base_id": "not-an-id"},
        {"knowledge_base_id": "KB123456789"},
        {"knowledge_base": {"retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": 101}}}},
    ],
)
def test_a_member_out_of_its_range_is_refused(stand_in: BedrockStandIn, client: Any, members: dict[str, Any]) -> None:
    status, code, _ = refusal(lambda: ask(client, "deposit", **members))

    assert (status, code) == (400, "ValidationException")


def test_the_number_of_results_bounds_the_citations(stand_in: BedrockStandIn, client: Any) -> None:
    one = {"retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": 1}}}

    response = ask(client, "How long is the notice period?", knowledge_base=one)

    assert sum("citation" in event for event in response["stream"]) == 1


def test_only_the_configured_knowledge_base_exists() -> None:
    with running(knowledge_base_id="KNOWN") as stand_in, client_of(stand_in) as client:
        status, code, message = refusal(lambda: ask(client, "deposit", knowledge_base_id="OTHER"))

        assert (status, code) == (404, "ResourceNotFoundException")
        assert "'OTHER'" in message
        assert text_of(ask(client, "deposit", knowledge_base_id="KNOWN"))


def test_passages_can_be_retrieved_without_an_answer(stand_in: BedrockStandIn, client: Any) -> None:
    response = client.retrieve(
        knowledgeBaseId=KNOWLEDGE_BASE_ID,
        retrievalQuery={"text": "How long is the notice period?"},
        retrievalConfiguration={"vectorSearchConfiguration": {"numberOfResults": 2}},
    )

    first, second = response["retrievalResults"]  # with location and score (BR-13)
    assert first["location"]["s3Location"]["uri"] == "s3://selador-documents/tenancy/notice-periods.md"
    assert first["score"] > second["score"]


def test_an_operation_that_does_not_exist_is_refused(stand_in: BedrockStandIn, client: Any) -> None:

    status, code, message = refusal(
        lambda: client.retrieve_and_generate(
            input={"text": "deposit"},
        )
    )

    assert (status, code) == (404, "UnknownOperationException")
    assert message == "operation POST /retrieveAndGenerate does not exist"


def test_a_caller_needs_the_three_permissions_on_knowledge_base_and_model() -> None:
    asked = []

    async def authorize(access_key_id: str, action: str, resource: str) -> bool:
        asked.append((access_key_id, action, resource))
        return True

    with running(authorize=authorize) as stand_in, client_of(stand_in, access_key_id="AKIDMAIN") as client:
        text_of(ask(client, "deposit"))

    knowledge_base = "arn:aws:bedrock:us-east-1:123456789012:knowledge-base/KB12345678"
    assert asked == [  # the stream has no action of its own (BR-29), and needs two more (BR-30)
        ("AKIDMAIN", "bedrock:RetrieveAndGenerate", knowledge_base),
        ("AKIDMAIN", "bedrock:Retrieve", knowledge_base),
        ("AKIDMAIN", "bedrock:InvokeModelWithResponseStream", MODEL_ARN),
    ]


@pytest.mark.parametrize(
    "denied", ["bedrock:RetrieveAndGenerate", "bedrock:Retrieve", "bedrock:InvokeModelWithResponseStream"]
)
def test_a_caller_without_one_of_them_is_refused_and_told_which(denied: str) -> None:
    async def authorize(access_key_id: str, action: str, resource: str) -> bool:
        return action != denied

    with running(authorize=authorize) as stand_in, client_of(stand_in) as client:
        status, code, message = refusal(lambda: ask(client, "deposit"))

    assert (status, code) == (403, "AccessDeniedException")
    assert f"not authorized to perform: {denied} on resource: arn:aws:bedrock:" in message


def test_a_bare_model_id_is_authorized_as_a_foundation_model() -> None:
    async def authorize(access_key_id: str, action: str, resource: str) -> bool:
        return action != "bedrock:InvokeModelWithResponseStream" or resource == MODEL_ARN

    with running(authorize=authorize) as stand_in, client_of(stand_in) as client:
        assert text_of(ask(client, "deposit", model_arn="amazon.nova-lite-v1:0"))


def test_an_unsigned_request_is_refused_where_callers_are_authorized() -> None:
    async def authorize(access_key_id: str, action: str, resource: str) -> bool:
        return True

    with running(authorize=authorize) as stand_in:
        body = json.dumps({"retrievalQuery": {"text": "deposit"}}).encode()
        status, _ = control(stand_in, "POST", "/knowledgebases/KB1/retrieve", body)

    assert status == 403


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (FaultKind.THROTTLE, 429, "ThrottlingException"),
        (FaultKind.ACCESS_DENIED, 403, "AccessDeniedException"),
        (FaultKind.INTERNAL, 500, "InternalServerException"),
    ],
)
def test_a_fault_before_the_stream_refuses_that_many_calls(
    stand_in: BedrockStandIn, client: Any, kind: FaultKind, status: int, code: str
) -> None:
    stand_in.faults.add(Fault(kind), times=2)

    refusals = [refusal(lambda: ask(client, "deposit"))[:2] for _ in range(2)]

    assert refusals == [(status, code)] * 2
    assert text_of(ask(client, "deposit"))
    assert [call.outcome for call in stand_in.calls[:2]] == [kind, kind]


def test_an_exception_comes_after_as_many_events_as_asked_for(stand_in: BedrockStandIn, client: Any) -> None:
    stand_in.faults.add(Fault(FaultKind.STREAM_EXCEPTION, after_events=3, exception="internalServerException"))
    with closing(ask(client, "deposit")["stream"]) as stream:
        events = iter(stream)
        before = [next(events) for _ in range(3)]
        with pytest.raises(botocore.exceptions.EventStreamError) as caught:
            next(events)

    assert all("output" in event for event in before)
    error: Any = caught.value.response
    # botocore gives the code in lower camel case (BR-25).
    assert error["Error"] == {"Code": "internalServerException", "Message": "failed on demand"}
    assert outcome_of_only_call(stand_in) == "stream_exception"


def test_events_before_a_fault_arrive(stand_in: BedrockStandIn, client: Any) -> None:
    stand_in.faults.add(Fault(FaultKind.CUT_INSIDE_EVENT, after_events=3))

    events = list(ask(client, "deposit")["stream"])

    assert len(events) == 3  # and botocore raised no error (BR-26)
    assert outcome_of_only_call(stand_in) == "cut_inside_event"


def test_a_cut_connection_is_an_error_to_the_client(stand_in: BedrockStandIn, client: Any) -> None:
    stand_in.faults.add(Fault(FaultKind.CUT, after_events=1))

    with pytest.raises(urllib3.exceptions.ProtocolError):  # botocore does not translate it
        list(ask(client, "deposit")["stream"])

    assert outcome_of_only_call(stand_in) == "cut"


def test_garbage_in_the_stream_breaks_its_framing(stand_in: BedrockStandIn, client: Any) -> None:
    stand_in.faults.add(Fault(FaultKind.GARBAGE, after_events=1))

    with pytest.raises(botocore.eventstream.ChecksumMismatch):
        list(ask(client, "deposit")["stream"])

    assert outcome_of_only_call(stand_in) == "garbage"


def test_a_stalled_stream_sends_nothing_more_until_the_client_goes(stand_in: BedrockStandIn, client: Any) -> None:
    stand_in.faults.add(Fault(FaultKind.STALL, after_events=1))
    stream = ask(client, "deposit")["stream"]
    events = iter(stream)
    next(events)

    stream.close()

    assert outcome_of_only_call(stand_in) == "client_closed"


def test_a_client_that_closes_an_answer_early_is_noticed() -> None:
    with running(token_delay_seconds=0.5) as stand_in, client_of(stand_in) as client:
        stream = ask(client, "How long is the notice period?")["stream"]
        next(iter(stream))

        stream.close()

        assert outcome_of_only_call(stand_in) == "client_closed"


def test_a_client_that_is_killed_is_noticed(stand_in: BedrockStandIn, client: Any) -> None:
    stand_in.faults.add(Fault(FaultKind.STALL))
    body = json.dumps(
        {
            "input": {"text": "deposit"},
            "retrieveAndGenerateConfiguration": {
                "type": "KNOWLEDGE_BASE",
                "knowledgeBaseConfiguration": {"knowledgeBaseId": "KB1", "modelArn": MODEL_ARN},
            },
        }
    ).encode()
    head = b"POST /retrieveAndGenerateStream HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)

    with socket.create_connection(("127.0.0.1", int(stand_in.endpoint.rpartition(":")[2]))) as connection:
        connection.sendall(head + body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")

    assert outcome_of_only_call(stand_in) == "client_closed"


def test_faults_can_be_asked_for_and_calls_read_over_http(stand_in: BedrockStandIn, client: Any) -> None:
    fault = b'{"fault": "stream_exception", "times": 1, "afterEvents": 2, "exception": "badGatewayException"}'

    assert control(stand_in, "POST", "/_control/faults", fault) == (204, None)
    response = ask(client, "deposit")
    with closing(response["stream"]) as stream, pytest.raises(botocore.exceptions.EventStreamError, match="badGateway"):
        list(stream)

    outcome_of_only_call(stand_in)
    assert control(stand_in, "GET", "/_control/calls") == (
        200,
        [{"operation": "RetrieveAndGenerateStream", "sessionId": response["sessionId"], "outcome": "stream_exception"}],
    )


def test_faults_can_be_cleared_over_http(stand_in: BedrockStandIn, client: Any) -> None:
    stand_in.faults.add(Fault(FaultKind.THROTTLE), times=5)

    assert control(stand_in, "DELETE", "/_control/faults") == (204, None)

    assert text_of(ask(client, "deposit"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"no JSON", 'the body is no JSON object such as {"fault": "throttle"}'),
        (b'{"fault": "melt"}', "fault is 'melt'; known faults are throttle, access_denied"),
        (b'{"fault": "cut", "times": 0}', "times is 0; it has to be a whole number from 1"),
        (b'{"fault": "cut", "afterEvents": true}', "afterEvents is True; it has to be a whole number from 0"),
        (b'{"fault": "cut", "after": 1}', "after: not among fault, times, afterEvents, exception"),
    ],
)
def test_a_fault_that_does_not_exist_is_refused(stand_in: BedrockStandIn, body: bytes, message: str) -> None:
    status, answer = control(stand_in, "POST", "/_control/faults", body)

    assert status == 400
    assert answer["message"].startswith(message)


def test_an_unknown_control_path_is_refused(stand_in: BedrockStandIn) -> None:
    assert control(stand_in, "GET", "/_control/nothing")[0] == 404


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (FaultKind.QUOTA, 400, "ServiceQuotaExceededException"),
        (FaultKind.NOT_READY, 429, "ModelNotReadyException"),
        (FaultKind.UNAVAILABLE, 503, "ServiceUnavailableException"),
        (FaultKind.INVALID, 400, "ValidationException"),
    ],
)
def test_a_refusal_says_what_it_is_told_to(
    stand_in: BedrockStandIn, client: Any, kind: FaultKind, status: int, code: str
) -> None:
    stand_in.faults.add(Fault(kind, message="The database is resuming."))

    assert refusal(lambda: ask(client, "deposit")) == (status, code, "The database is resuming.")


def test_a_call_may_be_hung_up_on(stand_in: BedrockStandIn, client: Any) -> None:
    stand_in.faults.add(Fault(FaultKind.HANG_UP))

    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        ask(client, "deposit")

    assert stand_in.calls[0].outcome == FaultKind.HANG_UP


def test_an_answer_may_have_no_words(stand_in: BedrockStandIn, client: Any) -> None:
    stand_in.faults.add(Fault(FaultKind.WORDLESS))

    assert [*ask(client, "deposit")["stream"]] == [{"output": {"text": ""}}]


def test_a_fault_may_be_the_whole_answer(stand_in: BedrockStandIn) -> None:
    fault = {"fault": "says", "body": '{"result": "Hello."}', "contentType": "application/json"}
    control(stand_in, "POST", "/_control/faults", json.dumps(fault).encode())

    answer = control(stand_in, "POST", "/runtimes/arn/invocations", b'{"prompt": "deposit"}')

    assert answer == (200, {"result": "Hello."})


def test_an_idle_connection_can_be_lost_and_its_next_call_fails(stand_in: BedrockStandIn, client: Any) -> None:
    list(ask(client, "Which flats allow pets?")["stream"])

    assert control(stand_in, "POST", "/_control/idle-connections") == (204, None)

    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        ask(client, "Which flats allow pets?")
    assert list(ask(client, "Which flats allow pets?")["stream"])


def test_a_slow_search_keeps_nobody_else_waiting(
    stand_in: BedrockStandIn, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> Found:
        begun.set()
        assert may_end.wait(STUCK_SECONDS)
        return Found(())

    monkeypatch.setattr(server, "find", slow)
    asking = threading.Thread(target=lambda: list(ask(client, "deposit")["stream"]))
    asking.start()
    assert begun.wait(STUCK_SECONDS)

    status, calls = control(stand_in, "GET", "/_control/calls")
    may_end.set()
    asking.join()

    assert (status, calls[0]["outcome"]) == (200, "under_way")


def test_a_search_that_takes_too_long_is_a_failure_of_the_service(
    stand_in: BedrockStandIn, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object, **__: object) -> Found:
        raise SearchTimeoutError("the search took more than 5 s; name a smaller folder")

    monkeypatch.setattr(server, "find", endless)

    assert refusal(lambda: ask(client, "deposit")) == (
        500,
        "InternalServerException",
        "the search took more than 5 s; name a smaller folder",
    )


def test_a_second_question_is_answered_by_itself_and_says_what_the_documents_do_not(
    stand_in: BedrockStandIn, client: Any
) -> None:
    first = ask(client, "Which flats near the harbour allow pets?")
    text_of(first)

    second = text_of(ask(client, "How much is the deposit for the villa?", sessionId=first["sessionId"]))

    assert second.startswith("The documents do not say this “for the villa”. In general they say:")
    assert "three months' basic rent" in second
    assert "Pets" not in second


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_start_that_is_cancelled_leaves_nothing_open(rounds: int) -> None:
    async def scenario() -> set[str]:
        before = open_files()
        stand_in = BedrockStandIn(read_library(DOCUMENTS))
        await cancelled_after(rounds, stand_in.start())
        await stand_in.stop()
        return open_files() - before

    assert asyncio.run(scenario()) == set()

    gc.collect()  # which warns of an index that nobody has closed
