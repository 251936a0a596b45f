"""Who may connect: what the authorization of `$connect` says of a client.

A refused handshake is answered 401 (WS-24), 403 (WS-25) or 500 (WS-26). The authorization is asked on `$connect` only
(AUTH-01), and anew for each connection: WebSocket APIs cache no result (AUTH-07).
"""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from selador_local.control_plane_client.iam import Authenticator, Authorizer, SignatureFault
from selador_local.data_plane.api_gateway import events, refusals
from selador_local.data_plane.api_gateway.events import Caller
from selador_local.data_plane.api_gateway.invoke_permission import MayInvoke
from selador_local.data_plane.api_gateway.refusals import Refusal
from selador_local.data_plane.deployment import RequestAuthorizer, Route, Unrunnable
from selador_local.data_plane.lambda_service.invocation import Invoke
from selador_local.errors import SeladorLocalError
from selador_local.http import Upgrade
from selador_local.iam_policy.policies import AccessRequest, Principal, Verdict, evaluate

_logger = logging.getLogger(__name__)

_RESULT_BYTES = 8 * 1024  # the most that an authorizer may return (WS-64)
_ACTION = "execute-api:Invoke"


class HandshakeRefusedError(SeladorLocalError):
    """The handshake ends with `refusal`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class ConnectAuthorization:
    """Decides who may connect to a route. `arn_prefix` ends before the API's id."""

    def __init__(
        self,
        *,
        invoke: Invoke,
        may_invoke: MayInvoke,
        authenticate: Authenticator,
        authorize: Authorizer,
        arn_prefix: str,
    ) -> None:
        self._invoke = invoke
        self._may_invoke = may_invoke
        self._authenticate = authenticate
        self._authorize = authorize
        self._arn_prefix = arn_prefix

    async def admit(self, route: Route, caller: Caller, upgrade: Upgrade, now_ms: int) -> Caller:
        """Return the caller, with the context that an authorizer gave it, if any. Raises HandshakeRefusedError."""
        match route.authorization:
            case None:
                return caller
            case "AWS_IAM":
                await self._check_signature(caller, upgrade)
                return caller
            case Unrunnable():
                raise HandshakeRefusedError(refusals.AUTHORIZER_FAILED)  # as if it failed (WS-26)
            case RequestAuthorizer() as authorizer:
                context = await self._ask(authorizer, caller, upgrade, now_ms)
                return replace(caller, authorizer=context)

    def _method_arn(self, caller: Caller) -> str:
        # Stage and `$connect`, whatever path the client asked for (AUTH-03).
        return f"{self._arn_prefix}{caller.api_id}/{caller.stage}/$connect"

    async def _check_signature(self, caller: Caller, upgrade: Upgrade) -> None:
        """Refuse a client whose signature, in the headers or the query, doesn't allow it to connect (AUTH-12)."""
        signer = await self._authenticate("GET", upgrade.target, upgrade.headers)
        if isinstance(signer, SignatureFault):
            raise HandshakeRefusedError(_refusal_of(signer))
        if not await self._authorize(signer, _ACTION, self._method_arn(caller)):
            raise HandshakeRefusedError(refusals.DENIED)

    async def _ask(
        self, authorizer: RequestAuthorizer, caller: Caller, upgrade: Upgrade, now_ms: int
    ) -> Mapping[str, Any]:
        if not all(_is_present(source, caller, upgrade) for source in authorizer.identity_sources):
            raise HandshakeRefusedError(refusals.UNAUTHORIZED)  # without asking the function (AUTH-04)
        source_arn = f"{self._arn_prefix}{caller.api_id}/authorizers/{authorizer.authorizer_id}"
        if not self._may_invoke(authorizer.function_arn, source_arn):
            _logger.warning(
                "the policy of %s doesn't let API Gateway invoke it as an authorizer", authorizer.function_arn
            )
            raise HandshakeRefusedError(refusals.AUTHORIZER_FAILED)
        method_arn = self._method_arn(caller)
        event = events.authorizer(
            caller,
            upgrade.target,
            upgrade.headers,
            method_arn=method_arn,
            request_id=events.new_id(),
            now_ms=now_ms,
        )
        began = time.monotonic()
        try:
            result = await self._invoke(authorizer.function_arn, json.dumps(event).encode())
        except SeladorLocalError:
            _logger.exception("the authorizer %s can't be invoked", authorizer.function_arn)
            raise HandshakeRefusedError(refusals.AUTHORIZER_FAILED) from None
        if result.function_error is not None:
            raise HandshakeRefusedError(_refusal_of_failure(result.payload))
        context = read_answer(result.payload, method_arn)
        return {**context, "integrationLatency": round((time.monotonic() - began) * 1000)}


def read_answer(payload: bytes, method_arn: str) -> dict[str, Any]:
    """Return the context that an authorizer's answer adds to every event of the connection.

    Raises HandshakeRefusedError: 403 if its policy doesn't allow the connection, 500 if the answer is malformed.
    """
    try:
        answer = json.loads(payload)
        principal_id, policy, context = answer["principalId"], answer["policyDocument"], answer.get("context") or {}
        request = AccessRequest(Principal(str(principal_id), ""), _ACTION, method_arn)
        verdict = evaluate([policy], request)
        usable = (
            len(payload) <= _RESULT_BYTES
            and isinstance(principal_id, str)
            # No objects and no lists (AUTH-05).
            and all(isinstance(value, str | int | float | bool) for value in context.values())
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        usable = False
    if not usable:
        raise HandshakeRefusedError(refusals.AUTHORIZER_FAILED)
    if verdict is not Verdict.ALLOWED:
        raise HandshakeRefusedError(refusals.DENIED_EXPLICITLY if verdict is Verdict.DENIED else refusals.DENIED)
    return {"principalId": principal_id, **context}


def _refusal_of(fault: SignatureFault) -> Refusal:
    if fault.code.startswith("MissingAuthenticationToken"):
        return refusals.MISSING_TOKEN
    return Refusal(HTTPStatus.FORBIDDEN, fault.code, fault.message)


def _refusal_of_failure(payload: bytes) -> Refusal:
    """Return 401 if the authorizer raised exactly `Unauthorized` (AUTH-08); anything else is its own failure."""
    error = json.loads(payload)
    if isinstance(error, dict) and error.get("errorMessage") == "Unauthorized":
        return refusals.UNAUTHORIZED
    return refusals.AUTHORIZER_FAILED


def _is_present(source: str, caller: Caller, upgrade: Upgrade) -> bool:
    """Return whether an identity source such as `route.request.header.Auth` has a value (AUTH-04)."""
    place, _, name = source.removeprefix("route.request.").partition(".")
    match place:
        case "header":
            values: Sequence[str] = [value for header, value in upgrade.headers if header.lower() == name.lower()]
        case "querystring":
            values = parse_qs(urlsplit(upgrade.target).query).get(name, [])
        case "context":
            values = [str(getattr(caller, "source_ip", ""))] if name == "identity.sourceIp" else []
        case _:
            values = []  # stage variables, which no stage here has
    return any(values)
