"""Which tokens count: signed by the issuer, for this audience, in their time (RFC 7519, RFC 8725)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from selador_authorizer.errors import SeladorAuthorizerError
from selador_authorizer.key_set import KeySet
from selador_shared.identity import Identity
from selador_shared.subprotocols import BEARER, offered

LEEWAY_SECONDS = 60
"""What the issuer's clock and ours may differ."""


class TokenRefusedError(SeladorAuthorizerError):
    """The token doesn't count, or there is none. The message says why, and quotes nothing of it."""


def token_of(event: Mapping[str, Any], query_parameter: str) -> str:
    """Return the token in an authorizer's `event`.

    It is the subprotocol `bearer.<jwt>` or, where `query_parameter` isn't empty, the parameter of that name.

    Raises TokenRefusedError where there is none, or more than one.
    """
    tokens = [protocol.removeprefix(BEARER) for protocol in offered(event) if protocol.startswith(BEARER)]
    if query_parameter:
        # Repeated parameters: the plain member holds the last one alone.
        parameters = event.get("multiValueQueryStringParameters") or {}
        tokens += parameters.get(query_parameter) or []
    if len(tokens) != 1 or not tokens[0]:
        raise TokenRefusedError(f"the client sent {len(tokens)} tokens; it has to be one that isn't empty")
    return str(tokens[0])


@dataclass(frozen=True)
class Verifier:
    """Judges tokens. `algorithms` are the deployment's choice; a token only says which of them it was signed with."""

    keys: KeySet
    algorithms: tuple[str, ...]
    issuer: str
    audiences: tuple[str, ...]
    context_claims: tuple[str, ...]

    def verify(self, token: str) -> Identity:
        """Return whose `token` it is.

        Raises TokenRefusedError where it doesn't count, KeySetUnavailableError where that can't be told.
        """
        key_id, algorithm = self._read_header(token)
        key = self.keys.find(key_id, algorithm)
        if key is None:
            raise TokenRefusedError(f"the issuer has no {algorithm} key with the id that the token names")
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "sub"], "verify_aud": False},
            )
        except (jwt.PyJWTError, RecursionError) as error:
            raise TokenRefusedError(type(error).__name__) from None  # PyJWT's sentences may quote the token
        if not _meant_for(claims).intersection(self.audiences):
            raise TokenRefusedError(
                "the token is not for one of the audiences: neither by aud nor, without it, client_id"
            )
        if not claims["sub"]:
            raise TokenRefusedError("sub is empty")
        identity = Identity(
            principal_id=claims["sub"],
            expires_at=int(claims["exp"]),
            claims={name: claims[name] for name in self.context_claims if name in claims},
        )
        if (name := identity.unreadable_claim()) is not None:
            raise TokenRefusedError(f"{name} holds half a surrogate pair, or is nested too deeply")
        return identity

    def _read_header(self, token: str) -> tuple[str, str]:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, RecursionError) as error:
            raise TokenRefusedError(type(error).__name__) from None
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in self.algorithms:
            raise TokenRefusedError(f"the token's algorithm is not {' or '.join(self.algorithms)}")
        if not isinstance(key_id, str):
            raise TokenRefusedError("the token names no key (kid)")
        if "crit" in header:
            # RFC 7515, section 4.1.11: what is critical has to be understood, and nothing is here.
            raise TokenRefusedError("the token has a critical extension (crit)")
        return key_id, str(algorithm)


def _meant_for(claims: Mapping[str, Any]) -> set[str]:
    """Return whom a token is for: `aud` or, only without one, `client_id`, as API Gateway's own authorizers have it.

    Amazon Cognito's access tokens have no `aud` (AUTH-14).
    """
    names = claims["aud"] if "aud" in claims else claims.get("client_id")
    if isinstance(names, list) and "aud" in claims:
        return {name for name in names if isinstance(name, str)}
    return {names} if isinstance(names, str) else set()
