"""Tokens, as the deployed authorizer looks at them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from selador_local.issuer.keys import IssuerKeys, open_keys
from selador_local.issuer.tokens import AUDIENCE, mint

ISSUER = "https://127.0.0.1:8790"


@pytest.fixture
def keys(tmp_path: Path) -> IssuerKeys:
    return open_keys(tmp_path, datetime.now(UTC))


def verified(token: str, keys: IssuerKeys) -> dict[str, Any]:
    """Verify a token by what the issuer publishes."""
    published = {key["kid"]: jwt.PyJWK(key) for key in keys.key_set["keys"]}
    key = published[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, ["ES256"], audience=AUDIENCE, issuer=ISSUER, options={"require": ["exp", "iat", "sub"]}
    )
    return claims


def test_a_token_is_its_subjects_for_twelve_hours(keys: IssuerKeys) -> None:
    now = datetime.now(UTC)

    claims = verified(mint(keys, ISSUER, "alice", now), keys)

    assert claims["sub"] == "alice"
    assert claims["exp"] == int((now + timedelta(hours=12)).timestamp())
    assert claims["iat"] == int(now.timestamp())


def test_an_expired_one_is_good_but_for_its_time(keys: IssuerKeys) -> None:
    token = mint(keys, ISSUER, "alice", datetime.now(UTC), expired=True)

    with pytest.raises(jwt.ExpiredSignatureError):
        verified(token, keys)
