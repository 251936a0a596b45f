"""Settings of the functions, from their environment variables alone. Terraform sets exactly these (a test compares).

Read by pydantic itself: pydantic-settings, which also reads files and command lines, costs a fifth of the handler's
cold start (benchmarks/handler.md), and what is needed of it is four lines.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/\S*)?$")]
"""An http(s) address, kept as the text that it is: pydantic's own type would add a slash."""

HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://[^\s/]+(/\S*)?$")]

_SPLIT = BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)
"""Lists are words with spaces between them, as OAuth writes scopes."""


class SettingsError(Exception):
    """The function's environment variables are missing or malformed; the message names each of them."""


class FunctionSettings(BaseModel):
    """What every function is told."""

    model_config = ConfigDict(
        defer_build=True,  # a function pays for its own class alone
        frozen=True,
        hide_input_in_errors=True,
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class AuthorizerSettings(FunctionSettings):
    """Which tokens count: signed by a key of `jwks_url` with one of `jwt_algorithms`, of `jwt_issuer`, for one of the
    `jwt_audiences`.

    Beside `sub`, the claims named in `jwt_context_claims` are passed on. `jwt_query_parameter` is where a token may
    stand in the URL; empty, it may not.
    """

    jwks_url: HttpsUrl
    jwt_algorithms: Annotated[tuple[Literal["RS256", "ES256"], ...], _SPLIT, Field(min_length=1)]
    jwt_audiences: Annotated[tuple[str, ...], _SPLIT, Field(min_length=1)]
    jwt_context_claims: Annotated[tuple[str, ...], _SPLIT] = ()
    jwt_issuer: Annotated[str, StringConstraints(min_length=1)]
    jwt_query_parameter: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""


class WebsocketHandlerSettings(FunctionSettings):
    """`query_text_limit` in characters, the agent's own (BR-02); clients are told `deadline_seconds` in `accepted`."""

    sqs_queue_url: HttpUrl
    query_text_limit: Annotated[int, Field(ge=1)]
    deadline_seconds: Annotated[int, Field(ge=1)]


class MainSettings(FunctionSettings):
    """`callback_url` is the base of `@connections` (WS-69).

    `request_max_age_seconds` is a request's useful life: one that waited longer in the queue before its first attempt
    is answered `deadline_exceeded` and costs nothing. The queue's maxReceiveCount is `max_attempts` + 1.
    """

    callback_url: HttpUrl
    knowledge_base_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z]{1,10}$")]  # BR-05
    max_attempts: Annotated[int, Field(ge=1)]
    model_arn: Annotated[str, StringConstraints(pattern=r"^arn:[^\s]{1,2044}$")]  # BR-05
    request_max_age_seconds: Annotated[int, Field(ge=1)]
    sqs_queue_url: HttpUrl


def load[Settings: FunctionSettings](settings: type[Settings], environment: Mapping[str, str] = os.environ) -> Settings:
    """Return `settings` read from the environment: each field from the variable of its name in capitals.

    Raises SettingsError, once, with every fault in one line.
    """
    try:
        return settings.model_validate(
            {name: environment[name.upper()] for name in settings.model_fields if name.upper() in environment}
        )
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']).upper()}: {_problem(fault['type'], fault['msg'])}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise SettingsError(f"set the function's environment variables: {'; '.join(faults)}") from None


def _problem(kind: str, message: str) -> str:
    return "is missing" if kind == "missing" else message[0].lower() + message[1:]
