"""Who signed a request, and may that access key do this? The control plane has the keys, roles and policies.

Signatures on @connections are not verified: on 127.0.0.1 whoever can post can also read the key. The signature of a
client's handshake is verified, so that its author learns whether AWS would accept it.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from selador_local.control_plane_client.client import ControlPlane

Authorizer = Callable[[str, str, str], Awaitable[bool]]
"""`(access_key_id, action, resource_arn) -> allowed`."""


@dataclass(frozen=True)
class SignatureFault:
    """What is wrong with a signature, in AWS's words."""

    code: str
    message: str


Authenticator = Callable[[str, str, Iterable[tuple[str, str]]], Awaitable[str | SignatureFault]]
"""`(method, target, headers) -> access_key_id` of the signer of this request, or what is wrong with the signature."""

_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 .*?Credential=(?P<key>[^/, ]+)/")
_CACHE_SECONDS = 2


def access_key_id(authorization: str | None) -> str | None:
    """Return the access key id in a SigV4 `Authorization` header; None without such a header."""
    credential = _CREDENTIAL.match(authorization or "")
    return credential["key"] if credential is not None else None


class ControlPlaneAuthenticator:
    """Asks the control plane, which has the secrets, who signed a request."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane

    async def __call__(self, method: str, target: str, headers: Iterable[tuple[str, str]]) -> str | SignatureFault:
        """Return the signer's access key id, or what is wrong. Raises ControlPlaneError without an answer."""
        sent = {name.lower(): value for name, value in headers}
        facts = {"method": method, "url": f"http://{sent.get('host', '')}{target}", "headers": sent}
        answer = await asyncio.to_thread(self._control_plane.ask, "authenticate", facts)
        key = answer.get("accessKeyId")
        return key if isinstance(key, str) else SignatureFault(str(answer["code"]), str(answer["message"]))


class ControlPlaneAuthorizer:
    """Asks the control plane, and keeps each answer for 2 s: a stream of posts asks the same thing."""

    def __init__(self, control_plane: ControlPlane, clock: Callable[[], float] = time.monotonic) -> None:
        self._control_plane = control_plane
        self._clock = clock
        self._answers: dict[tuple[str, str, str], tuple[float, bool]] = {}

    async def __call__(self, access_key_id: str, action: str, resource_arn: str) -> bool:
        """Return whether the key may do that. Raises ControlPlaneError, which is not cached, without an answer."""
        question = (access_key_id, action, resource_arn)
        now = self._clock()
        self._answers = {key: answer for key, answer in self._answers.items() if answer[0] > now}
        if question not in self._answers:
            facts = {"accessKeyId": access_key_id, "action": action, "resource": resource_arn}
            answer = await asyncio.to_thread(self._control_plane.ask, "authorize", facts)
            self._answers[question] = (now + _CACHE_SECONDS, answer.get("allowed") is True)
        return self._answers[question][1]
