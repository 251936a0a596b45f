"""What `@connections` answers becomes taken, gone, or failed; signed, over a real socket."""

import datetime
from collections.abc import Callable

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from selador_main.connection import Connections, PostFailedError, PostFailure
from selador_main.transport import Transport
from selador_shared.version import USER_AGENT

from ...conftest import STUCK_SECONDS
from .conftest import Answers, ConnectionsApi

CONNECTION_ID = "S3Y7fd1cDoECJKQ="
CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "token")


MOMENT = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)


def connections_to(url: str, credentials: Credentials | None = CREDENTIALS) -> Connections:
    return Connections(
        Transport(), url, credentials, "eu-west-1", epoch_ms=lambda: int(MOMENT.timestamp()) * 1000 + 999
    )


@pytest.fixture
def connections(connections_api: ConnectionsApi) -> Connections:
    return connections_to(connections_api.url)


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
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: MOMENT)
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
    assert ours["User-Agent"] == USER_AGENT


class Renewed(Credentials):
    """A role's credentials, other ones each time they are asked for."""

    def __init__(self) -> None:
        super().__init__("AKID0", "secret0", "token0")
        self._asked = 0

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        self._asked += 1
        return ReadOnlyCredentials(f"AKID{self._asked}", f"secret{self._asked}", f"token{self._asked}")


def test_renewed_credentials_sign_the_next_post(connections_api: ConnectionsApi) -> None:
    connections = connections_to(connections_api.url, Renewed())

    for _ in range(2):
        connections.post(CONNECTION_ID, b"{}")

    first, second = connections_api.headers
    assert [first["X-Amz-Security-Token"], second["X-Amz-Security-Token"]] == ["token1", "token2"]
    assert "Credential=AKID1/" in first["Authorization"]
    assert "Credential=AKID2/" in second["Authorization"]


def test_a_post_without_credentials_says_so(connections_api: ConnectionsApi) -> None:
    with pytest.raises(NoCredentialsError):
        connections_to(connections_api.url, None).post(CONNECTION_ID, b"{}")

    assert connections_api.posts == []


def test_posts_share_one_connection(connections: Connections, connections_api: ConnectionsApi) -> None:
    for _ in range(3):
        connections.post(CONNECTION_ID, b"{}")

    assert len(set(connections_api.peers)) == 1


def test_a_connection_is_opened_ahead_of_the_first_post(connections_api: ConnectionsApi) -> None:
    connections = connections_to(connections_api.url)

    connections.open()
    connected = connections_api.connected.wait(STUCK_SECONDS)
    connections.post(CONNECTION_ID, b"{}")

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
    connections = connections_to("http://127.0.0.1:9/dev")

    with pytest.raises(PostFailedError) as raised:
        connections.post(CONNECTION_ID, b"{}")

    assert raised.value.kind is PostFailure.TRANSIENT


@pytest.mark.parametrize("answer", [b"", b"SMTP\r\n"], ids=["nothing", "no HTTP"])
def test_an_answer_that_is_none_may_be_a_better_one_next_time(answering: Callable[..., Answers], answer: bytes) -> None:
    connections = connections_to(answering(answer).url)

    with pytest.raises(PostFailedError) as raised:
        connections.post(CONNECTION_ID, b"!")

    assert raised.value.kind is PostFailure.TRANSIENT
