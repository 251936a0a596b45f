"""Settings of the functions, from their environment variables alone. Terraform sets exactly these (a test compares)."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from selador_shared.errors import SeladorSharedError

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/\S*)?$")]
"""An http(s) address, kept as the text that it is: pydantic's own type would add a slash."""

# Bedrock takes ARNs of at most 2,048 characters (BR-05). The length stands apart: as a repetition in the pattern it
# takes 20 ms of every start to compile.
Arn = Annotated[str, StringConstraints(pattern=r"^arn:\S+$", max_length=2_048)]

# The kinds of model that ConverseStream and a knowledge base take (BR-05, BR-17). Terraform accepts the same.
ModelArn = Annotated[
    str,
    StringConstraints(
        pattern=r"^arn:[a-z-]+:bedrock:[a-z0-9-]+:([0-9]{12})?:(foundation-model|(application-)?inference-profile"
        r"|provisioned-model|custom-model-deployment|imported-model|(default-)?prompt-router)/\S+$",
        max_length=2_048,
    ),
]

HttpsUrl = Annotated[str, StringConstraints(pattern=r"^https://[^\s/]+(/\S*)?$")]

_SPLIT = BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)
"""Lists are words with spaces between them, as OAuth writes scopes; NoDecode beside it, or JSON would be expected."""


def _unset(value: object) -> object:
    # A Lambda function's environment has no null: Terraform sets an empty variable for what a deployment doesn't use.
    return None if value == "" else value


class SettingsError(SeladorSharedError):
    """The function's environment variables are missing or malformed; the message names each of them."""


class FunctionSettings(BaseSettings):
    """What every function is told."""

    model_config = SettingsConfigDict(
        defer_build=True,  # a function pays for its own class alone
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,  # a default is made here, and needs no JSON
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class AuthorizerSettings(FunctionSettings):
    """Which tokens count: signed by a key of `jwks_url` with one of `jwt_algorithms`, of `jwt_issuer`, for one of the
    `jwt_audiences`.

    Beside `sub`, the claims named in `jwt_context_claims` are passed on. `jwt_query_parameter` is where a token may
    stand in the URL; empty, it may not.
    """

    jwks_url: HttpsUrl
    jwt_algorithms: Annotated[tuple[Literal["RS256", "ES256"], ...], NoDecode, _SPLIT, Field(min_length=1)]
    jwt_audiences: Annotated[tuple[str, ...], NoDecode, _SPLIT, Field(min_length=1)]
    jwt_context_claims: Annotated[tuple[str, ...], NoDecode, _SPLIT] = ()
    jwt_issuer: Annotated[str, StringConstraints(min_length=1)]
    jwt_query_parameter: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""


class WebsocketHandlerSettings(FunctionSettings):
    """`query_text_limit` is the agent's own, in characters (BR-02); `accepted` tells clients `deadline_seconds`."""

    sqs_queue_url: HttpUrl
    query_text_limit: Annotated[int, Field(ge=1)]
    deadline_seconds: Annotated[int, Field(ge=1)]


class _Structured(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


ServiceTier = Literal["default", "flex", "priority", "reserved"]
"""Which of Bedrock's tiers serves a model. Only ConverseStream takes one, so only `generate` steps have it."""


class Guardrail(_Structured):
    """A Bedrock guardrail, applied to every question and answer."""

    id: str
    version: str


class Generation(_Structured):
    """How answers are made; what is None is left to Bedrock. Ranges are Bedrock's own (BR-06).

    `max_tokens` is always set: without it Bedrock reserves the model's own maximum of the account's quota (BR-35).
    `models` are those that a workflow's step may name besides the default one: name → ARN.
    """

    guardrail: Guardrail | None = None
    max_tokens: Annotated[int, Field(ge=1, le=65_536)] = 4_096
    models: dict[str, ModelArn] = {}
    number_of_results: Annotated[int, Field(ge=1, le=100)] | None = None
    prompt_template: Annotated[str, StringConstraints(max_length=4_000, pattern=r"\$search_results\$")] | None = None
    search_type: Literal["HYBRID", "SEMANTIC"] | None = None
    service_tier: ServiceTier | None = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None


class MainSettings(FunctionSettings):
    """`callback_url` is the base of `@connections`: the API's https address with the stage (WS-69).

    Queries go to the AgentCore runtime `agent_runtime_arn` if there is one, else to the knowledge base, whose type
    decides by which call.
    `request_max_age_seconds` is a request's useful life: no attempt begins after it, and the client is answered
    `deadline_exceeded`. The queue's maxReceiveCount is `max_attempts` + 2.
    """

    agent_runtime_arn: Annotated[Arn | None, BeforeValidator(_unset)] = None
    callback_url: HttpUrl
    generation: Json[Generation] = Generation()
    knowledge_base_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z]{1,10}$")]  # as Bedrock's API (BR-05)
    knowledge_base_type: Literal["VECTOR", "KENDRA", "SQL", "MANAGED"] = "VECTOR"
    max_attempts: Annotated[int, Field(ge=1)]
    model_arn: ModelArn
    request_max_age_seconds: Annotated[int, Field(ge=1)]
    sqs_queue_url: HttpUrl


def load[Settings: FunctionSettings](settings: type[Settings]) -> Settings:
    """Return `settings` read from the environment. Raises SettingsError, once, with every fault in one line.

    A field's variable has its name in capitals; a structured one holds JSON.
    """
    try:
        return settings()
    except ValidationError as error:
        faults = [
            f"{_place(fault['loc'])}: {_problem(fault['type'], fault['msg'])}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise SettingsError(f"set the function's environment variables: {'; '.join(faults)}") from None


def _place(location: tuple[str | int, ...]) -> str:
    variable, *members = map(str, location)
    return ".".join([variable.upper(), *members])


def _problem(kind: str, message: str) -> str:
    return "is missing" if kind == "missing" else message[0].lower() + message[1:]
