"""What `@connections` answers becomes taken, gone, or failed; by boto3 over a real socket."""

import boto3
import pytest
from botocore.config import Config

from selador_main.connection import Connection, ConnectionGoneError, PostFailedError

from .conftest import ConnectionsApi


@pytest.fixture
def connection(connections_api: ConnectionsApi) -> Connection:
    api = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=connections_api.url,
        config=Config(retries={"total_max_attempts": 1}),
    )
    return Connection(api, "S3Y7fd1cDoECJKQ=")


def test_a_frame_is_posted_to_the_stage_and_connection(connection: Connection, connections_api: ConnectionsApi) -> None:
    connection.post(b'{"type":"heartbeat"}')

    assert connections_api.posts == [b'{"type":"heartbeat"}']
    assert connections_api.paths == ["/dev/@connections/S3Y7fd1cDoECJKQ%3D"]


@pytest.mark.parametrize("error_type", ["GoneException", ""], ids=["by type", "by status"])
def test_410_is_gone(connection: Connection, connections_api: ConnectionsApi, error_type: str) -> None:
    """Without its type header a 410 is a bare ClientError (CB-05)."""
    connections_api.answers.append((410, error_type))

    with pytest.raises(ConnectionGoneError):
        connection.post(b"{}")


@pytest.mark.parametrize(
    ("status", "error_type", "transient"),
    [
        (429, "LimitExceededException", True),
        (500, "", True),
        (503, "", True),
        (403, "ForbiddenException", False),
        (413, "PayloadTooLargeException", False),
        (400, "BadRequestException", False),
    ],
)
def test_a_failed_post_is_sent_once_and_says_whether_it_may_succeed_later(
    connection: Connection, connections_api: ConnectionsApi, status: int, error_type: str, *, transient: bool
) -> None:
    connections_api.answers.append((status, error_type))

    with pytest.raises(PostFailedError) as raised:
        connection.post(b"{}")

    assert raised.value.transient is transient
    assert str(status) in str(raised.value)
    assert len(connections_api.posts) == 1


def test_an_unreachable_endpoint_may_come_back() -> None:
    api = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url="http://127.0.0.1:9",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )

    with pytest.raises(PostFailedError) as raised:
        Connection(api, "S3Y7fd1cDoECJKQ=").post(b"{}")

    assert raised.value.transient
