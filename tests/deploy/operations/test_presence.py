"""Whether a client is still connected."""

from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from selador_deploy.operations.asking import DeniedError
from selador_deploy.operations.presence import Presence, presence

from .conftest import FakeConnections, refusal


def asked(connections: Any) -> Presence:
    return presence(connections, "a-connection")


def test_a_connection_that_is_described_is_there() -> None:
    assert asked(FakeConnections()) is Presence.CONNECTED


@pytest.mark.parametrize(("code", "status"), [("GoneException", 410), ("410", 410), ("BadRequestException", 400)])
def test_only_api_gateway_s_own_word_makes_a_client_gone(code: str, status: int) -> None:
    assert asked(FakeConnections(error=refusal(code, status))) is Presence.GONE


@pytest.mark.parametrize(("code", "status"), [("LimitExceededException", 429), ("InternalServerError", 500)])
def test_any_other_failure_leaves_it_unknown(code: str, status: int) -> None:
    assert asked(FakeConnections(error=refusal(code, status))) is Presence.UNKNOWN


def test_a_network_that_is_down_leaves_it_unknown() -> None:
    error: Any = ConnectTimeoutError(endpoint_url="https://api")

    assert asked(FakeConnections(error=error)) is Presence.UNKNOWN


def test_a_missing_permission_is_named() -> None:
    with pytest.raises(DeniedError, match="execute-api:ManageConnections on GET/@connections/"):
        asked(FakeConnections(error=refusal("ForbiddenException", 403)))
