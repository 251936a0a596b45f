"""A model asked by ConverseStream: real boto3 against the stand-in that speaks Bedrock's wire protocol."""

from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from botocore.config import Config

from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.bedrock.server import BedrockStandIn
from selador_main.agents.agent import (
    AgentFailedError,
    DeploymentFaultError,
    Ended,
    NotReadyError,
    RequestRefusedError,
    Text,
)
from selador_main.agents.model import Model, Prompt
from selador_main.cancellation import Cancellation
from selador_main.transport import Transport
from selador_shared.settings import Guardrail

MODEL_ARN = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"
PROMPT = Prompt("[1] Notice is three months.\n\nHow long is the notice?", None, 100, None)


@pytest.fixture
def model(bedrock: BedrockStandIn) -> Iterator[Model]:
    client = boto3.session.Session().client(
        "bedrock-runtime",
        endpoint_url=bedrock.endpoint,
        config=Config(retries={"total_max_attempts": 1}),
    )
    Transport().carry(client, read_seconds=5)
    yield Model(client, MODEL_ARN, None)
    client.close()


def generated(model: Model, prompt: Prompt = PROMPT) -> list[Text | Ended]:
    return list(model.generate(prompt, Cancellation()))


def test_text_comes_in_pieces_and_then_how_it_ended(model: Model) -> None:
    *texts, ended = generated(model)

    assert "".join(text.text for text in texts if isinstance(text, Text)) == "Notice is three months. [1]"
    assert ended == Ended("end_turn", input_tokens=10, output_tokens=5, truncated=False, service_tier="default")


def test_a_tier_is_asked_for(model: Model) -> None:
    ended = generated(model, replace(PROMPT, service_tier="priority"))[-1]

    assert isinstance(ended, Ended)
    assert ended.service_tier == "priority"


def test_a_tier_that_bedrock_does_not_know_is_the_deployments_fault(model: Model) -> None:
    with pytest.raises(DeploymentFaultError):
        generated(model, replace(PROMPT, service_tier="express"))


def test_reaching_the_limit_of_tokens_is_told(model: Model) -> None:
    *texts, ended = generated(model, replace(PROMPT, max_tokens=2))

    assert len(texts) == 2
    assert isinstance(ended, Ended)
    assert (ended.stop_reason, ended.truncated) == ("max_tokens", True)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Fault(FaultKind.THROTTLE), "throttled", id="throttled"),
        pytest.param(Fault(FaultKind.ACCESS_DENIED), "internal", id="access denied"),
        pytest.param(Fault(FaultKind.CUT, 3), "unavailable", id="cut"),
        pytest.param(Fault(FaultKind.CUT_INSIDE_EVENT, 3), "unavailable", id="ended inside an event"),
        pytest.param(Fault(FaultKind.STREAM_EXCEPTION, 3, "modelStreamErrorException"), "unavailable", id="modelled"),
    ],
)
def test_a_failure_says_what_another_attempt_may_do_about_it(
    model: Model, bedrock: BedrockStandIn, fault: Fault, code: str
) -> None:
    bedrock.faults.add(fault)

    with pytest.raises(AgentFailedError) as raised:
        generated(model)

    assert raised.value.code == code
    assert len(bedrock.calls) == 1


def test_a_guardrail_that_intervenes_refuses_the_request(model: Model, bedrock: BedrockStandIn) -> None:
    bedrock.faults.add(Fault(FaultKind.GUARDRAIL, 3))

    with pytest.raises(RequestRefusedError) as raised:
        generated(model)

    assert raised.value.code == "content_blocked"


WORD: dict[str, object] = {"contentBlockDelta": {"delta": {"text": "word"}}}


class StreamOf:
    """A client whose stream has these events; only what `whole_events` reads of one is here."""

    def __init__(self, *events: dict[str, object]) -> None:
        self.events = events
        self.requests: list[dict[str, object]] = []

    def converse_stream(self, **request: object) -> dict[str, object]:
        self.requests.append(request)
        return {"stream": self}

    def __iter__(self) -> Iterator[dict[str, object]]:
        return iter(self.events)

    def close(self) -> None:
        pass

    _raw_stream = None


class Raw:
    def stream(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        pass


def test_a_stream_without_its_end_is_no_answer() -> None:
    """botocore ends a stream that was cut off without an error (BR-26)."""
    client = StreamOf({"contentBlockDelta": {"delta": {"text": "half"}}})
    client._raw_stream = Raw()  # type: ignore[assignment]

    with pytest.raises(AgentFailedError, match="without messageStop"):
        generated(Model(client, MODEL_ARN, None))


def test_an_unknown_stop_reason_and_unknown_events_are_taken() -> None:
    client = StreamOf({"brandNew": {}}, WORD, {"messageStop": {"stopReason": "bored"}})
    client._raw_stream = Raw()  # type: ignore[assignment]

    assert generated(Model(client, MODEL_ARN, None)) == [Text("word"), Ended("bored")]


@pytest.mark.parametrize("stop_reason", ["end_turn", "max_tokens"])
@pytest.mark.parametrize("delta", [{"text": ""}, {"text": " \n"}, {"reasoningContent": {"text": "Hm."}}])
def test_an_answer_without_a_character_is_none(stop_reason: str, delta: dict[str, object]) -> None:
    """A model may spend all its tokens on reasoning."""
    client = StreamOf({"contentBlockDelta": {"delta": delta}}, {"messageStop": {"stopReason": stop_reason}})
    client._raw_stream = Raw()  # type: ignore[assignment]

    with pytest.raises(AgentFailedError, match=f"{stop_reason}, without a word"):
        generated(Model(client, MODEL_ARN, None))


def test_the_tier_that_served_is_told() -> None:
    metadata = {"usage": {"inputTokens": 3, "outputTokens": 1}, "serviceTier": {"type": "flex"}}
    client = StreamOf(WORD, {"messageStop": {"stopReason": "end_turn"}}, {"metadata": metadata})
    client._raw_stream = Raw()  # type: ignore[assignment]

    ended = generated(Model(client, MODEL_ARN, None), replace(PROMPT, service_tier="flex"))[-1]

    assert ended == Ended("end_turn", 3, 1, service_tier="flex")
    assert client.requests[0]["serviceTier"] == {"type": "flex"}


@pytest.mark.parametrize(
    ("kind", "code"),
    [(FaultKind.NOT_READY, "unavailable"), (FaultKind.UNAVAILABLE, "unavailable"), (FaultKind.THROTTLE, "throttled")],
)
def test_a_model_that_refuses_before_its_first_event_costs_nothing(
    model: Model, bedrock: BedrockStandIn, kind: FaultKind, code: str
) -> None:
    bedrock.faults.add(Fault(kind))

    with pytest.raises(NotReadyError) as raised:
        generated(model)

    assert raised.value.code == code


def test_a_model_that_cannot_be_asked_so_is_the_deployments_fault(model: Model, bedrock: BedrockStandIn) -> None:
    message = "Invocation of model ID a.b-v1:0 with on-demand throughput isn’t supported."
    bedrock.faults.add(Fault(FaultKind.INVALID, message=f"{message} You asked: How long is the notice?"))

    with pytest.raises(DeploymentFaultError) as raised:
        generated(model)

    assert message in raised.value.reason
    assert "notice" not in raised.value.reason


def test_the_model_is_told_every_limit_and_the_guardrail() -> None:
    client = StreamOf(WORD, {"messageStop": {"stopReason": "end_turn"}})
    client._raw_stream = Raw()  # type: ignore[assignment]

    generated(Model(client, MODEL_ARN, Guardrail(id="gr1", version="2")), Prompt("p", "s", 7, 0.5))

    assert client.requests == [
        {
            "modelId": MODEL_ARN,
            "messages": [{"role": "user", "content": [{"text": "p"}]}],
            "system": [{"text": "s"}],
            "inferenceConfig": {"maxTokens": 7, "temperature": 0.5},
            "guardrailConfig": {"guardrailIdentifier": "gr1", "guardrailVersion": "2"},
        }
    ]
