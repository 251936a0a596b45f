"""Who is connected: written into the authorizer's context at `$connect`, read back from every event of the connection.

API Gateway repeats that context on each message (WS-45), so the handler knows its clients without keeping them
anywhere. Numbers may arrive as strings (WS-46), and objects are not allowed (AUTH-05): the claims are one JSON text.
Where handshakes are signed, API Gateway itself says who signed, in the event's `identity`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

CONTEXT_BYTES = 8 * 1024
"""API Gateway's limit for all that an authorizer returns (WS-64)."""


@dataclass(frozen=True)
class Identity:
    """A client: `principal_id` is None if nobody asked who it is.

    `expires_at` is when its token ends, in seconds since the epoch; `claims` are those of the token that the deployment
    wants to see in envelopes and logs.
    """

    principal_id: str | None = None
    expires_at: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)

    def has_expired(self, now_ms: int) -> bool:
        """Return whether the token has expired: API Gateway only looks at it on `$connect` (AUTH-11)."""
        return self.expires_at is not None and now_ms >= self.expires_at * 1000

    def unreadable_claim(self) -> str | None:
        """Return the name of the first claim that main couldn't read from the queue, None if there is none.

        Main's reader of JSON takes no half of a surrogate pair, and less depth than Python's own.
        """
        for name, value in {"sub": self.principal_id, **self.claims}.items():
            try:
                from_json(json.dumps({"claims": {name: value}}))  # as deep as in the envelope
            except (ValueError, RecursionError):
                return name
        return None

    def to_context(self) -> dict[str, str]:
        """Return what `of_event` reads again; the principal is a member beside the context (AUTH-05)."""
        context = {} if self.expires_at is None else {"expiresAt": str(self.expires_at)}
        if self.claims:
            context["claims"] = json.dumps(self.claims, separators=(",", ":"))
        return context


def of_event(request_context: Mapping[str, Any]) -> Identity:
    """Return who sent an event with this `requestContext`."""
    context = request_context.get("authorizer") or {}
    expires_at, claims = context.get("expiresAt"), context.get("claims")
    return Identity(
        principal_id=context.get("principalId") or _signer(request_context.get("identity") or {}),
        expires_at=None if expires_at is None else int(expires_at),
        claims=json.loads(claims) if claims else {},
    )


def _signer(identity: Mapping[str, Any]) -> str | None:
    # People who get their credentials from a Cognito identity pool share the ARN of one session (AUTH-15).
    return identity.get("cognitoIdentityId") or identity.get("userArn")
