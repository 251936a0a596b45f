"""The issuer's tokens. Pure but for the signature's own randomness."""

from datetime import datetime, timedelta

import jwt

from selador_local.issuer.keys import ALGORITHM, IssuerKeys

AUDIENCE = "selador"
_VALID = timedelta(hours=12)
_EXPIRED_SINCE = timedelta(hours=1)


def mint(
    keys: IssuerKeys, issuer: str, subject: str, now: datetime, *, expired: bool = False, valid: timedelta = _VALID
) -> str:
    """Return a token for `subject`. It is `valid` from now on, or it has been over for an hour."""
    ends = now - _EXPIRED_SINCE if expired else now + valid
    claims = {"iss": issuer, "aud": AUDIENCE, "sub": subject, "iat": ends - valid, "exp": ends}
    return jwt.encode(claims, keys.signing_key, ALGORITHM, headers={"kid": keys.key_id})
