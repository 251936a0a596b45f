"""Settings of the functions, from their environment variables alone. Terraform sets exactly these (a test compares)."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/\S*)?$")]
"""An http(s) address, kept as the text that it is: pydantic's own type would add a slash."""


class SettingsError(Exception):
    """The function's environment variables are missing or malformed; the message names each of them."""


class FunctionSettings(BaseSettings):
    """What every function is told."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    sqs_queue_url: HttpUrl


class WebsocketHandlerSettings(FunctionSettings):
    """`query_text_limit` in characters, the agent's own (BR-02); clients are told `deadline_seconds` in `accepted`."""

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
    # BR-05. The length stands apart: as a repetition in the pattern it took 20 ms of every start to compile.
    model_arn: Annotated[str, StringConstraints(pattern=r"^arn:\S+$", max_length=2048)]
    request_max_age_seconds: Annotated[int, Field(ge=1)]


def load[Settings: FunctionSettings](settings: type[Settings]) -> Settings:
    """Return `settings` read from the environment. Raises SettingsError, once, with every fault in one line."""
    try:
        return settings()  # type: ignore[call-arg]  # the environment gives the fields
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']).upper()}: {_problem(fault['type'], fault['msg'])}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise SettingsError(f"set the function's environment variables: {'; '.join(faults)}") from None


def _problem(kind: str, message: str) -> str:
    return "is missing" if kind == "missing" else message[0].lower() + message[1:]
