"""Who is connected: written into the authorizer's context at `$connect`, read back from every event of the connection.

API Gateway repeats that context on each message (WS-45), so the handler knows its clients without keeping them
anywhere. Numbers may arrive as strings (WS-46), and objects are not allowed (AUTH-05): the claims are one JSON text.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CONTEXT_BYTES = 8 * 1024
"""API Gateway's limit for all that an authorizer returns (WS-64)."""


@dataclass(frozen=True)
class Identity:
    """A client: `principal_id` is None where nobody asked who it is.

    `expires_at` is when its token ends, in seconds since the epoch; `claims` are those of the token that the deployment
    wants to see in envelopes and logs.
    """

    principal_id: str | None = None
    expires_at: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)

    def has_expired(self, now_ms: int) -> bool:
        """Return whether the token has expired: API Gateway only looks at it on `$connect` (AUTH-11)."""
        return self.expires_at is not None and now_ms >= self.expires_at * 1000

    def to_context(self) -> dict[str, str]:
        """Return what `of_event` reads again; the principal is a member beside the context (AUTH-05)."""
        context = {} if self.expires_at is None else {"expiresAt": str(self.expires_at)}
        if self.claims:
            context["claims"] = json.dumps(self.claims, separators=(",", ":"))
        return context


def of_event(request_context: Mapping[str, Any]) -> Identity:
    """Return who sent an event with this `requestContext`."""
    context = request_context.get("authorizer") or {}
    expires_at = context.get("expiresAt")
    return Identity(
        principal_id=context.get("principalId"),
        expires_at=None if expires_at is None else int(expires_at),
        claims=json.loads(context.get("claims", "{}")),
    )
