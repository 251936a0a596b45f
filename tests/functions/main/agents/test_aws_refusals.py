"""Whose fault AWS's refusals are, and what of their words may be logged."""

import pytest
from botocore.exceptions import ClientError, EventStreamError

from selador_main.agents.agent import AgentFailedError, DeploymentFaultError, NotReadyError
from selador_main.agents.aws_refusals import failure_of, unquoted

QUESTION = "Which flats near the harbour allow a small dog?"


def refusal(code: str, message: str = "", status: int = 400, *, in_stream: bool = False) -> ClientError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"RequestId": "r-1", "HTTPStatusCode": status},
    }
    return (EventStreamError if in_stream else ClientError)(response, "ConverseStream")  # type: ignore[arg-type]


def judged(error: ClientError, *, begun: bool = False) -> AgentFailedError:
    return failure_of(error, "the model", [QUESTION], begun=begun)


@pytest.mark.parametrize(
    "message",
    [
        (
            "Invocation of model ID a.b-v1:0 with on-demand throughput isn’t supported. Retry your request with the ID"
            " or ARN of an inference profile that contains this model."
        ),
        "The provided model identifier is invalid.",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
        "`temperature` is deprecated for this model.",
        (
            "Malformed input request: extraneous key [temperature] is not permitted, please reformat your input and try"
            " again."
        ),
        (
            "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value"
            " that is lower than 4096."
        ),
        "This model doesn't support system prompts.",
        "The guardrail identifier or version provided in the request does not exist.",
        "Knowledge base storage can't be reached: connection to the vector store timed out.",
        "Operation not allowed",
        "Your account is not verified to use this model.",
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_what_is_invalid_is_the_deployments_fault_and_its_cause_is_told(message: str, begun: bool) -> None:
    """What a client can get wrong was judged at the door."""
    failure = judged(refusal("ValidationException", message), begun=begun)

    assert isinstance(failure, DeploymentFaultError)
    assert failure.code == "internal"
    assert failure.reason == f"the model: ValidationException r-1: {message}"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDeniedException", 403),
        ("ResourceNotFoundException", 404),
        ("UnrecognizedClientException", 403),
        ("UnknownOperationException", 404),
        ("SomethingBrandNewException", 422),
    ],
)
def test_other_refusals_of_the_request_are_the_deployments_fault(code: str, status: int) -> None:
    assert isinstance(judged(refusal(code, status=status)), DeploymentFaultError)


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("ThrottlingException", 429, "throttled"),
        ("ServiceQuotaExceededException", 400, "throttled"),
        ("ServiceQuotaExceededException", 402, "throttled"),
        ("TooManyRequestsException", 429, "throttled"),
        ("ModelNotReadyException", 429, "unavailable"),
        ("ServiceUnavailableException", 503, "unavailable"),
        ("InternalServerException", 500, "unavailable"),
        ("BadGatewayException", 502, "unavailable"),
        ("RetryableConflictException", 409, "unavailable"),
        ("SomethingBrandNewException", 504, "unavailable"),
        ("SomethingBrandNewException", 429, "throttled"),
    ],
)
def test_what_is_refused_before_the_first_event_may_be_asked_again(code: str, status: int, told: str) -> None:
    before, after = (judged(refusal(code, status=status), begun=begun) for begun in (False, True))

    assert isinstance(before, NotReadyError)
    assert type(after) is AgentFailedError
    assert before.code == after.code == told


@pytest.mark.parametrize(
    "message",
    [
        (
            "The knowledge base storage configuration provided is invalid... The Aurora DB instance"
            " arn:aws:rds:eu-west-1:111122223333:cluster:kb is resuming after being auto-paused. Please wait a few"
            " seconds and try again"
        ),
        "The database is resuming.",
        "The cluster was autopaused",
    ],
)
@pytest.mark.parametrize("code", ["ValidationException", "DependencyFailedException"])
def test_a_knowledge_base_that_wakes_up_is_not_ready(code: str, message: str) -> None:
    failure = judged(refusal(code, message))

    assert isinstance(failure, NotReadyError)
    assert failure.code == "unavailable"


def test_a_throttle_behind_another_name_is_one() -> None:
    message = "Failed to invoke the embedding model: Too many requests (Status Code: 429)"

    failure = judged(refusal("ValidationException", message))

    assert isinstance(failure, NotReadyError)
    assert failure.code == "throttled"


@pytest.mark.parametrize("code", ["ModelErrorException", "ModelTimeoutException", "RuntimeClientError"])
def test_what_the_model_worked_on_is_an_attempt(code: str) -> None:
    failure = judged(refusal(code, status=424))

    assert type(failure) is AgentFailedError
    assert failure.code == "unavailable"


def test_an_unknown_failure_inside_a_stream_is_nobodys_fault() -> None:
    """To botocore, every exception inside a stream has status 400."""
    failure = judged(refusal("somethingBrandNewException", in_stream=True), begun=True)

    assert type(failure) is AgentFailedError


@pytest.mark.parametrize(
    "quoted",
    [
        QUESTION,
        QUESTION.upper(),
        QUESTION[:20],
        QUESTION[15:],
        QUESTION.replace(" ", "\n  "),
    ],
    ids=["whole", "in capitals", "its beginning", "its end", "spread over lines"],
)
def test_a_message_ends_where_it_quotes_the_question(quoted: str) -> None:
    assert unquoted(f"The input is invalid: '{quoted}' can't be read", [QUESTION]) == "The input is invalid: '…"


def test_a_quotation_escaped_as_json_is_one_too() -> None:
    message = (
        r"Malformed input: {\"text\": \"\u042f \u0438\u0449\u0443 \u043a\u0432\u0430\u0440\u0442\u0438\u0440\u0443\"}"
    )

    assert unquoted(message, ["Я ищу квартиру"]) == r"Malformed input: {\"text\": \"…"


def test_a_short_question_is_not_quoted_either() -> None:
    assert unquoted("Invalid: Abe", ["abe"]) == "Invalid: …"


def test_a_message_is_one_line_of_a_few_hundred_characters() -> None:
    assert unquoted("a\nb  c", []) == "a b c"
    assert unquoted("x" * 5_000, [""]) == f"{'x' * 300}…"


def test_a_failure_that_the_question_names_is_not_taken_for_one() -> None:
    """What AWS quotes decides nothing."""
    failure = failure_of(
        refusal("ValidationException", "Invalid: is it resuming now?"), "it", ["is it resuming now?"], begun=False
    )

    assert isinstance(failure, DeploymentFaultError)
