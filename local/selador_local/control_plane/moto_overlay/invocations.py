"""Invocations: the data plane runs functions, so Lambda's Invoke is handed to it."""

import http.client
from typing import Any

from selador_local.control_plane.front_door.refusals import CallRefusedError

PATH = "/_lambda/invocations"  # of the data plane
_SECONDS = 960  # a function's longest timeout, and a minute
_PASSED_ON = ("Content-Type", "X-Amz-Executed-Version", "X-Amz-Function-Error", "x-amzn-ErrorType")


class DataPlaneInvocations:
    """Invokes functions by the data plane on `port`; `secret` tells it who asks."""

    def __init__(self, port: int, secret: str) -> None:
        self._port = port
        self._secret = secret

    def invoke(self, function_arn: str, invocation_type: str, payload: bytes) -> tuple[int, dict[str, Any], bytes]:
        """Return the answer's status, headers and body. Raises CallRefusedError if the data plane gives none."""
        headers = {
            "Authorization": f"Bearer {self._secret}",
            "User-Agent": "selador-local",
            "X-Amz-Invocation-Type": invocation_type,
            "X-Function-Arn": function_arn,
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)
        try:
            connection.request("POST", PATH, payload, headers)
            response = connection.getresponse()
            passed_on = {name: value for name in _PASSED_ON if (value := response.getheader(name)) is not None}
            return response.status, {**passed_on, "status": response.status}, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise CallRefusedError(
                "LocalControlPlaneFailure",
                f"the data plane, which runs functions, gives no answer ({error}); is the stack running?",
                status=400,
            ) from error
        finally:
            connection.close()
