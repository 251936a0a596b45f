"""The message body on the queue: what the handler accepted, and whose it is.

The callback endpoint is not in it: main knows its own, so that a message can't redirect an answer.

While a release is rolled out or back, each function reads what the other's earlier or later release writes. So:

- A reader ignores members that it doesn't know, in the request as well.
- A reader takes any `version` from the oldest that it understands up.
- A new member has a default, which means what its absence meant. An old reader answers the request without it.
- No member is removed, renamed or given another meaning.
- A rule for a member is loosened for the reader one release before the writer makes use of it.

tests/events/envelopes holds samples of what each release writes.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from selador_shared.protocol import Invoke

MAX_MESSAGE_BYTES = 262_144
"""What the queue takes: the Terraform provider's largest `max_message_size` (TF-01), a quarter of SQS's own limit."""


class Envelope(BaseModel):
    """One accepted request.

    `received_at` is the handler's clock in epoch milliseconds. `attempts_before` counts the attempts of earlier lives
    of the request: a replay from the dead-letter queue raises it, so that `attempt` never falls. `principal_id` is who
    asked, if clients are authenticated; `claims` are those of its token that the deployment lists.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # an error about an unreadable message is logged, the question in it is not
        serialize_by_alias=True,
        validate_by_name=True,
    )

    version: Annotated[int, Field(ge=1)] = 1
    request_id: str
    connection_id: str
    principal_id: str | None = None
    claims: Mapping[str, Any] | None = None
    received_at: int
    attempts_before: Annotated[int, Field(ge=0)] = 0
    request: Annotated[Invoke, Field(discriminator="type")]


def encode_envelope(envelope: Envelope) -> str:
    """Return the body of the queue's message, in ASCII.

    SQS refuses some characters that JSON lets stand, U+FFFE and U+FFFF among them (SQS-02): they are escaped.
    """
    return json.dumps(envelope.model_dump(exclude_none=True))


def read_envelope(body: str) -> Envelope:
    """Return the envelope in the `body` of a message; raise pydantic's ValidationError where it is none.

    The error names members, and those of a request may be a client's own words.
    """
    return Envelope.model_validate_json(body, extra="ignore")  # of the request's members, too: its own model forbids
