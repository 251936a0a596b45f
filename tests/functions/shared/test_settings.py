"""Settings come from the environment alone, and every fault is told at once."""

import pytest

from selador_shared.settings import AuthorizerSettings, MainSettings, SettingsError, WebsocketHandlerSettings, load

HANDLER = {
    "SQS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/selador-dev",
    "QUERY_TEXT_LIMIT": "1000",
    "DEADLINE_SECONDS": "4000",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*HANDLER, "CALLBACK_URL", "KNOWLEDGE_BASE_ID", "MODEL_ARN", "MAX_ATTEMPTS", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


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
