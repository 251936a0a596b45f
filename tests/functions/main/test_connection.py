"""What `@connections` answers becomes taken, gone, or failed; signed, over a real socket."""

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials

from selador_main.connection import Connections, PostFailedError, PostFailure
from selador_main.transport import Transport

from .conftest import ConnectionsApi

CONNECTION_ID = "S3Y7fd1cDoECJKQ="
CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "token")


@pytest.fixture
def connections(connections_api: ConnectionsApi) -> Connections:
    return Connections(Transport(), connections_api.url, CREDENTIALS, "eu-west-1")


def test_a_frame_is_posted_to_the_stage_and_connection(
    connections: Connections, connections_api: ConnectionsApi
) -> None:
    connections.post(CONNECTION_ID, b'{"type":"heartbeat"}')

    assert connections_api.posts == [b'{"type":"heartbeat"}']
    assert connections_api.paths == ["/dev/@connections/S3Y7fd1cDoECJKQ%3D"]


def test_a_post_is_signed_as_botocores_own_client_signs_it(
    connections: Connections, connections_api: ConnectionsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signature covers method, path, headers, body and time: one that is the same is right."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: __import__("datetime").datetime(2026, 1, 2, 3, 4))
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=connections_api.url,
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        aws_session_token="token",
        config=Config(retries={"total_max_attempts": 1}),
    )

    connections.post(CONNECTION_ID, b"{}")
    client.post_to_connection(ConnectionId=CONNECTION_ID, Data=b"{}")
    client.close()

    ours, theirs = connections_api.headers
    assert ours["Authorization"] == theirs["Authorization"]
    assert ours["X-Amz-Security-Token"] == "token"


def test_posts_share_one_connection(connections: Connections, connections_api: ConnectionsApi) -> None:
    for _ in range(3):
        connections.post(CONNECTION_ID, b"{}")

    assert len(set(connections_api.peers)) == 1


def test_a_connection_is_opened_ahead_of_the_first_post(connections_api: ConnectionsApi) -> None:
    transport = Transport()

    transport.connect(connections_api.url)
    connected = connections_api.connected.wait(5)
    Connections(transport, connections_api.url, CREDENTIALS, "eu-west-1").post(CONNECTION_ID, b"{}")

    assert connected
    assert connections_api.connections == 1


@pytest.mark.parametrize("error_type", ["GoneException", ""], ids=["by type", "by status"])
def test_410_is_gone(connections: Connections, connections_api: ConnectionsApi, error_type: str) -> None:
    connections_api.answers.append((410, error_type))

    with pytest.raises(PostFailedError) as raised:
        connections.post(CONNECTION_ID, b"{}")

    assert raised.value.kind is PostFailure.GONE


@pytest.mark.parametrize(
    ("status", "error_type", "kind"),
    [
        (429, "LimitExceededException", PostFailure.THROTTLED),
        (500, "", PostFailure.TRANSIENT),
        (503, "", PostFailure.TRANSIENT),
        (403, "ForbiddenException", PostFailure.FINAL),
        (413, "PayloadTooLargeException", PostFailure.FINAL),
        (400, "BadRequestException:http://internal/", PostFailure.FINAL),
    ],
)
def test_a_failed_post_is_sent_once_and_says_what_it_means_for_the_next(
    connections: Connections, connections_api: ConnectionsApi, status: int, error_type: str, kind: PostFailure
) -> None:
    connections_api.answers.append((status, error_type))

    with pytest.raises(PostFailedError) as raised:
        connections.post(CONNECTION_ID, b"{}")

    assert raised.value.kind is kind
    assert str(raised.value) == f"{status} {error_type.partition(':')[0]}".rstrip()
    assert len(connections_api.posts) == 1


def test_an_unreachable_endpoint_may_come_back() -> None:
    connections = Connections(Transport(), "http://127.0.0.1:9/dev", CREDENTIALS, "eu-west-1")

    with pytest.raises(PostFailedError) as raised:
        connections.post(CONNECTION_ID, b"{}")

    assert raised.value.kind is PostFailure.TRANSIENT
