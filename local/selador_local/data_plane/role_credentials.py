"""The temporary credentials of a function's role, as Lambda hands them to functions and to its pollers."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from selador_local.control_plane_client.client import ControlPlane, ControlPlaneError

_RENEW_SECONDS = 5 * 60  # renewed this long before they expire


@dataclass(frozen=True)
class Credentials:
    """`expires_at` is in seconds since the epoch."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: float


class RoleCredentials:
    """Asks the control plane for a role's credentials on behalf of Lambda, and keeps them until they are renewed."""

    def __init__(self, control_plane: ControlPlane, clock: Callable[[], float] = time.time) -> None:
        self._control_plane = control_plane
        self._clock = clock
        self._credentials: dict[str, Credentials] = {}

    async def get(self, role_arn: str) -> Credentials:
        """Return a role's credentials. Raises ControlPlaneError if it has none, e.g. if it doesn't trust Lambda."""
        known = self._credentials.get(role_arn)
        if known is None or known.expires_at - self._clock() < _RENEW_SECONDS:
            facts = {"roleArn": role_arn, "service": "lambda.amazonaws.com"}
            answer = await asyncio.to_thread(self._control_plane.ask, "role-credentials", facts)
            known = self._credentials[role_arn] = _parse(role_arn, answer)
        return known


def _parse(role_arn: str, answer: dict[str, Any]) -> Credentials:
    try:
        return Credentials(
            answer["accessKeyId"],
            answer["secretAccessKey"],
            answer["sessionToken"],
            datetime.fromisoformat(answer["expiration"]).timestamp(),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ControlPlaneError(f"the control plane's credentials for {role_arn} are unusable: {error!r}") from error
