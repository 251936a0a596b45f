"""The authorizer's entry point: whether a client may connect, by its token.

It is a function with an artifact of its own, so that no other function carries cryptography. API Gateway asks it at
each handshake, since it caches no decision (AUTH-07). It answers the handshake 401 when the authorizer raises exactly
`Unauthorized` (AUTH-08), and 500 when it raises anything else (WS-26).
"""

import gc

gc.disable()  # until all is made: collecting meanwhile is a twelfth of a cold start (benchmarks/handler.md)

import json
import time
from functools import partial
from typing import Any

import structlog

from selador_authorizer.errors import SeladorAuthorizerError
from selador_authorizer.key_set import KeySet, KeySetUnavailableError, fetch
from selador_authorizer.tokens import TokenRefusedError, Verifier, token_of
from selador_shared import logs, metrics
from selador_shared.identity import CONTEXT_BYTES, Identity
from selador_shared.settings import AuthorizerSettings, load

_settings = load(AuthorizerSettings)
logs.configure(_settings.log_level)
log = structlog.get_logger()

_verifier = Verifier(
    # By the wall clock: the other one may stand still while Lambda keeps the function frozen.
    keys=KeySet(partial(fetch, _settings.jwks_url), _settings.jwt_algorithms, time.time),
    algorithms=_settings.jwt_algorithms,
    issuer=_settings.jwt_issuer,
    audiences=_settings.jwt_audiences,
    context_claims=_settings.jwt_context_claims,
)

# What is made stays, so that no collection looks through it: the first would, before the first event.
gc.freeze()
gc.enable()


class UnauthorizedError(SeladorAuthorizerError):
    """The client may not connect: API Gateway answers 401."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the policy (AUTH-05) that lets in the client of a REQUEST authorizer's `event` (AUTH-02).

    Raises UnauthorizedError, and KeySetUnavailableError where the issuer's keys can't be had.
    """
    with structlog.contextvars.bound_contextvars(connectionId=event["requestContext"]["connectionId"]):
        try:
            identity = _verifier.verify(token_of(event, _settings.jwt_query_parameter))
            policy = _policy(identity, event["methodArn"])
        except TokenRefusedError as error:
            log.info("connection refused", reason=str(error))
            metrics.count("ConnectionRefused")
            raise UnauthorizedError from None
        except KeySetUnavailableError as error:
            log.error("nobody can be authenticated", reason=str(error))
            metrics.count("KeySetUnavailable")
            raise
        log.info("connection authorized", principalId=identity.principal_id)
        return policy


def _policy(identity: Identity, method_arn: str) -> dict[str, Any]:
    policy = {
        "principalId": identity.principal_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": method_arn}],
        },
        "context": identity.to_context(),
    }
    size = len(json.dumps(policy))
    if size > CONTEXT_BYTES:
        raise TokenRefusedError(
            f"sub and the listed claims make an answer of {size:,} bytes; API Gateway's limit is {CONTEXT_BYTES:,}"
        )
    return policy
