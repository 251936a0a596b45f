"""Settings come from the environment alone, and every fault is told at once."""

import pytest

from selador_shared.settings import (
    AuthorizerSettings,
    Generation,
    Guardrail,
    MainSettings,
    SettingsError,
    WebsocketHandlerSettings,
    load,
)

HANDLER = {
    "SQS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/selador-dev",
    "QUERY_TEXT_LIMIT": "1000",
    "DEADLINE_SECONDS": "4000",
}
ARN = "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0"
MAIN = {
    "SQS_QUEUE_URL": HANDLER["SQS_QUEUE_URL"],
    "CALLBACK_URL": "https://abc.execute-api.eu-west-1.amazonaws.com/dev",
    "KNOWLEDGE_BASE_ID": "KB12345678",
    "MAX_ATTEMPTS": "3",
    "MODEL_ARN": ARN,
    "REQUEST_MAX_AGE_SECONDS": "900",
}
GENERATION = f"""{{"guardrail": {{"id": "gr1", "version": "2"}}, "max_tokens": 700, "models": {{"fast": "{ARN}"}},
"number_of_results": null, "prompt_template": null, "search_type": null, "temperature": 0.5}}"""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*HANDLER, *MAIN, "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def main_environment(environment: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The variables of the main function that have to be set."""
    for name, value in MAIN.items():
        environment.setenv(name, value)
    return environment


def test_settings_are_read_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    for name, value in HANDLER.items():
        environment.setenv(name, value)

    settings = load(WebsocketHandlerSettings)

    assert settings.sqs_queue_url == HANDLER["SQS_QUEUE_URL"]
    assert settings.query_text_limit == 1000
    assert settings.log_level == "INFO"


def test_one_line_names_every_missing_variable(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as raised:
        load(MainSettings)

    message = str(raised.value)
    assert "\n" not in message
    for name in ("SQS_QUEUE_URL", "CALLBACK_URL", "KNOWLEDGE_BASE_ID", "MODEL_ARN", "MAX_ATTEMPTS"):
        assert f"{name}: is missing" in message


def test_one_line_names_every_malformed_variable(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SQS_QUEUE_URL", "selador-dev")
    environment.setenv("QUERY_TEXT_LIMIT", "many")
    environment.setenv("DEADLINE_SECONDS", "0")
    environment.setenv("LOG_LEVEL", "loud")

    with pytest.raises(SettingsError) as raised:
        load(WebsocketHandlerSettings)

    for name in ("SQS_QUEUE_URL", "QUERY_TEXT_LIMIT", "DEADLINE_SECONDS", "LOG_LEVEL"):
        assert f"{name}: " in str(raised.value)


def test_lists_are_words_with_spaces_between_them(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("JWKS_URL", "https://issuer.example/jwks.json")
    environment.setenv("JWT_ALGORITHMS", "RS256 ES256")
    environment.setenv("JWT_AUDIENCES", "a")
    environment.setenv("JWT_CONTEXT_CLAIMS", "")
    environment.setenv("JWT_ISSUER", "https://issuer.example")

    settings = load(AuthorizerSettings)

    assert settings.jwt_algorithms == ("RS256", "ES256")
    assert settings.jwt_audiences == ("a",)
    assert settings.jwt_context_claims == ()
    assert settings.jwt_query_parameter == ""


def test_a_structured_variable_is_json_and_an_empty_one_is_unset(main_environment: pytest.MonkeyPatch) -> None:
    """As Terraform sets them: jsonencode, with nulls; and "" where a deployment has no agent runtime."""
    main_environment.setenv("AGENT_RUNTIME_ARN", "")
    main_environment.setenv("GENERATION", GENERATION)

    settings = load(MainSettings)

    assert settings.agent_runtime_arn is None
    assert settings.generation == Generation(
        guardrail=Guardrail(id="gr1", version="2"), max_tokens=700, models={"fast": ARN}, temperature=0.5
    )


@pytest.mark.parametrize(
    "model",
    [
        "provisioned-model/abcdefghij12",
        "custom-model-deployment/abcdefghij12",
        "imported-model/abcdefghij12",
        "prompt-router/abcdefghij12",
        "default-prompt-router/anthropic.claude:1",
        "application-inference-profile/abcdefghij12",
        "inference-profile/eu.amazon.nova-lite-v1:0",
    ],
)
def test_every_kind_of_model_is_taken(main_environment: pytest.MonkeyPatch, model: str) -> None:
    main_environment.setenv("MODEL_ARN", f"arn:aws:bedrock:eu-west-1:111122223333:{model}")

    assert load(MainSettings).model_arn.endswith(model)


def test_generation_has_a_limit_of_tokens_where_nothing_is_said(main_environment: pytest.MonkeyPatch) -> None:
    """Without it Bedrock would reserve the model's own maximum of the account's quota (BR-35)."""
    assert load(MainSettings).generation.max_tokens == 4_096


@pytest.mark.parametrize(
    ("generation", "fault"),
    [
        ("{", "GENERATION: invalid JSON"),
        ('{"max_tokens": 65537}', "GENERATION.max_tokens: "),
        ('{"colour": "red"}', "GENERATION.colour: "),
        ('{"prompt_template": "no place for passages"}', "GENERATION.prompt_template: "),
        ('{"models": {"fast": "a-model"}}', "GENERATION.models.fast: "),
    ],
)
def test_a_fault_in_a_structured_variable_is_named_by_its_member(
    main_environment: pytest.MonkeyPatch, generation: str, fault: str
) -> None:
    main_environment.setenv("GENERATION", generation)

    with pytest.raises(SettingsError) as raised:
        load(MainSettings)

    assert fault in str(raised.value)
