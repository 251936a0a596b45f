"""The message body on the queue: what the handler accepted, and whose it is.

The callback endpoint is not in it: main knows its own, so that a message can't redirect an answer.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from selador_shared.protocol import Invoke

MAX_MESSAGE_BYTES = 262_144
"""What the queue takes: the Terraform provider's largest `max_message_size` (TF-01), a quarter of SQS's own limit."""


class Envelope(BaseModel):
    """One accepted request.

    `received_at` is the handler's clock in epoch milliseconds. `attempts_before` counts the attempts of earlier lives
    of the request: a replay from the dead-letter queue raises it, so that `attempt` never falls. `principal_id` and
    `claims` are the token's `sub` and those of its claims that the deployment lists, where clients have tokens.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # an error about an unreadable message is logged, the question in it is not
        serialize_by_alias=True,
        validate_by_name=True,
    )

    version: Literal[1] = 1
    request_id: str
    connection_id: str
    principal_id: str | None = None
    claims: Mapping[str, Any] | None = None
    received_at: int
    attempts_before: Annotated[int, Field(ge=0)] = 0
    request: Annotated[Invoke, Field(discriminator="type")]
