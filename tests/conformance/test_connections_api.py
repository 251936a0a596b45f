"""The @connections API, by boto3 and by hand."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from ..conftest import STUCK_SECONDS
from .clients import connect
from .deployment import STAGE, Deployment
from .stack import Stack

pytestmark = pytest.mark.slow

fact = pytest.mark.fact

NOBODY = "AAAAAAAAAAAAAAA="


@pytest.fixture
def connected(deployment: Deployment) -> Iterator[tuple[ClientConnection, str]]:
    """A client, and its connection's id."""
    with connect(deployment.url(deployment.api), proxy=None) as connection:
        connection.send('{"action": "two-way"}')
        yield connection, json.loads(connection.recv())["requestContext"]["connectionId"]


@pytest.fixture
def posting(deployment: Deployment) -> Any:
    return deployment.connections(deployment.api)


def refusal(call: Any, **members: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call(**members)
    return caught.value


def status(error: ClientError) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


@dataclass(frozen=True)
class Answer:
    """A bare answer, of which SDKs hide half."""

    status: int
    error_type: str | None
    body: bytes


def asked(stack: Stack, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    connection = http.client.HTTPConnection(stack.address, timeout=STUCK_SECONDS)
    with closing(connection):
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, response.getheader("x-amzn-ErrorType"), response.read())


def signed(stack: Stack, method: str, path: str, body: bytes = b"") -> Answer:
    """Send a request signed by hand."""
    request = AWSRequest(method, f"http://{stack.address}{path}", data=body)
    own = stack.control_plane
    SigV4Auth(Credentials(own.access_key_id, own.secret_access_key), "execute-api", own.region).add_auth(request)
    return asked(stack, method, path, body, dict(request.headers))


@fact("CB-01", "CB-11")
def test_a_post_sends_its_body_to_the_client_and_is_answered_200_without_a_body(
    stack: Stack, deployment: Deployment, connected: tuple[ClientConnection, str]
) -> None:
    connection, connection_id = connected
    path = f"/{deployment.api}/{STAGE}/@connections/{connection_id.replace('=', '%3D')}"

    answer = signed(stack, "POST", path, "grüße".encode())

    assert answer == Answer(200, None, b"")
    assert connection.recv() == "grüße"


@fact("CB-01", "CB-17")
def test_a_post_of_128_kb_is_taken_and_a_larger_one_is_413(
    posting: Any, connected: tuple[ClientConnection, str]
) -> None:
    connection, connection_id = connected
    posting.post_to_connection(ConnectionId=connection_id, Data=b"x" * 131_072)
    error = refusal(posting.post_to_connection, ConnectionId=connection_id, Data=b"x" * 131_073)

    assert len(connection.recv()) == 131_072
    assert (status(error), error.response["Error"]["Code"]) == (413, "PayloadTooLargeException")


@fact("WS-56")
def test_a_post_above_32_kb_arrives_as_one_message_in_frames_of_32_kb(
    posting: Any, connected: tuple[ClientConnection, str]
) -> None:
    connection, connection_id = connected
    posting.post_to_connection(ConnectionId=connection_id, Data=b"x" * 70_000)

    assert [len(part) for part in connection.recv_streaming()] == [32_768, 32_768, 4_464]


@fact("CB-02")
def test_a_get_describes_the_connection(posting: Any, connected: tuple[ClientConnection, str]) -> None:
    described = posting.get_connection(ConnectionId=connected[1])

    assert abs(described["ConnectedAt"] - datetime.now(UTC)) < timedelta(minutes=2)
    assert described["LastActiveAt"] >= described["ConnectedAt"]
    assert described["Identity"]["SourceIp"] == "127.0.0.1"
    assert "websockets" in described["Identity"]["UserAgent"]


@fact("WS-58", "CB-02")
def test_a_message_in_either_direction_is_activity(posting: Any, connected: tuple[ClientConnection, str]) -> None:
    before = posting.get_connection(ConnectionId=connected[1])["LastActiveAt"]
    time.sleep(0.01)
    posting.post_to_connection(ConnectionId=connected[1], Data=b"x")

    assert posting.get_connection(ConnectionId=connected[1])["LastActiveAt"] > before


@fact("CB-03", "WS-52")
def test_a_delete_closes_the_connection_and_is_answered_204(
    posting: Any, connected: tuple[ClientConnection, str]
) -> None:
    connection, connection_id = connected
    deleted = posting.delete_connection(ConnectionId=connection_id)
    with pytest.raises(ConnectionClosed) as closed:
        connection.recv(STUCK_SECONDS)

    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "")


@fact("CB-04")
def test_a_client_that_reads_nothing_is_429(posting: Any, deployment: Deployment, stack: Stack) -> None:
    known = stack.data_plane.gateway.connection_ids()
    with connect(deployment.url(deployment.api), proxy=None, max_queue=1) as connection:
        connection.send('{"action": "two-way"}')
        json.loads(connection.recv())
        (connection_id,) = stack.data_plane.gateway.connection_ids() - known
        codes = set()
        for _ in range(60):
            try:
                posting.post_to_connection(ConnectionId=connection_id, Data=b"x" * 131_072)
            except ClientError as error:
                codes.add((status(error), error.response["Error"]["Code"]))
                break

    assert codes == {(429, "LimitExceededException")}


@fact("CB-05", "CB-06", "CB-07")
def test_a_well_formed_id_that_nobody_has_is_410_by_a_header_and_without_a_body(
    stack: Stack, deployment: Deployment, posting: Any
) -> None:
    answer = signed(stack, "POST", f"/{deployment.api}/{STAGE}/@connections/{NOBODY.replace('=', '%3D')}", b"x")
    error = refusal(posting.post_to_connection, ConnectionId=NOBODY, Data=b"x")

    assert answer == Answer(410, "GoneException", b"")
    assert isinstance(error, posting.exceptions.GoneException)


@fact("CB-07", "CB-10")
@pytest.mark.parametrize("operation", ["post_to_connection", "get_connection", "delete_connection"])
def test_a_closed_connection_is_410(posting: Any, deployment: Deployment, stack: Stack, operation: str) -> None:
    with connect(deployment.url(deployment.api), proxy=None) as connection:
        connection.send('{"action": "two-way"}')
        connection_id = json.loads(connection.recv())["requestContext"]["connectionId"]
    stack.awaited(
        lambda entry: (
            entry["event"].get("requestContext", {}).get("eventType") == "DISCONNECT"
            and entry["event"]["requestContext"]["connectionId"] == connection_id
        )
    )
    data = {"Data": b"x"} if operation.startswith("post") else {}

    assert status(refusal(getattr(posting, operation), ConnectionId=connection_id, **data)) == 410


@fact("CB-07")
def test_a_malformed_id_is_400(posting: Any) -> None:
    error = refusal(posting.post_to_connection, ConnectionId="not-an-id", Data=b"x")

    assert (status(error), error.response["Error"]["Code"]) == (400, "BadRequestException")
    assert error.response["Error"]["Message"] == "Invalid connectionId: not-an-id"


@fact("CB-08")
def test_a_post_before_connect_has_returned_is_410(stack: Stack, deployment: Deployment, posting: Any) -> None:
    name = f"early-{time.monotonic()}"
    url = deployment.url(deployment.api, script={"print": name, "sleep": 0.6, "result": {"statusCode": 200}})

    def connect_once() -> None:
        with connect(url, proxy=None):
            pass

    with ThreadPoolExecutor(1) as beside:
        connecting = beside.submit(connect_once)
        (early,) = stack.awaited(lambda entry: name in json.dumps(entry["event"].get("queryStringParameters", {})))
        connection_id = early["event"]["requestContext"]["connectionId"]
        error = refusal(posting.post_to_connection, ConnectionId=connection_id, Data=b"x")
        connecting.result()

    assert status(error) == 410


@fact("CB-12")
def test_an_ids_equals_sign_may_be_encoded_or_not(
    stack: Stack, deployment: Deployment, connected: tuple[ClientConnection, str]
) -> None:
    base = f"/{deployment.api}/{STAGE}/@connections/"

    assert signed(stack, "GET", base + connected[1]).status == 200
    assert signed(stack, "GET", base + connected[1].replace("=", "%3D")).status == 200


@fact("CB-13")
@pytest.mark.parametrize(("method", "allowed"), [("POST", True), ("GET", False), ("DELETE", False)])
def test_a_caller_needs_the_permission_for_the_method(
    stack: Stack, deployment: Deployment, connected: tuple[ClientConnection, str], method: str, allowed: bool
) -> None:
    resource = f"arn:aws:execute-api:us-east-1:123456789012:{deployment.api}/{STAGE}/POST/@connections/*"
    role = deployment.made.role(f"poster-{method}", {"Action": "execute-api:ManageConnections", "Resource": resource})
    posting = deployment.connections(deployment.api, **stack.lend(role))
    operation = {"POST": "post_to_connection", "GET": "get_connection", "DELETE": "delete_connection"}[method]
    data = {"Data": b"x"} if method == "POST" else {}

    if allowed:
        getattr(posting, operation)(ConnectionId=connected[1], **data)
    else:
        error = refusal(getattr(posting, operation), ConnectionId=connected[1], **data)
        assert (status(error), error.response["Error"]["Code"]) == (403, "ForbiddenException")


@fact("CB-14")
@pytest.mark.parametrize("path", ["/{api}/other", "/0000000000/live"])
def test_a_wrong_stage_or_host_is_403(stack: Stack, deployment: Deployment, path: str) -> None:
    target = f"{path.format(api=deployment.api)}/@connections/{NOBODY.replace('=', '%3D')}"

    assert signed(stack, "POST", target, b"x").status == 403


@fact("CB-13")
def test_a_request_that_nobody_signed_is_403(stack: Stack, deployment: Deployment) -> None:
    answer = asked(stack, "GET", f"/{deployment.api}/{STAGE}/@connections/{NOBODY.replace('=', '%3D')}")

    assert (answer.status, answer.error_type) == (403, "MissingAuthenticationTokenException")


@fact("CB-12")
@pytest.mark.xfail(reason="Signatures on @connections aren't verified: whoever can post here can read the key too.")
def test_a_signature_by_another_secret_is_refused(
    stack: Stack, deployment: Deployment, connected: tuple[ClientConnection, str]
) -> None:
    own = stack.control_plane.access_key_id
    posting = deployment.connections(deployment.api, aws_access_key_id=own, aws_secret_access_key="another")

    assert status(refusal(posting.get_connection, ConnectionId=connected[1])) == 403


@fact("CB-15", "CB-16")
def test_a_post_whose_answer_is_an_error_is_sent_again_by_botocore_alone(
    stack: Stack, deployment: Deployment, connected: tuple[ClientConnection, str]
) -> None:
    connection, connection_id = connected
    frame = json.dumps({"requestId": f"again-{connection_id[:5]}", "type": "delta"})
    request_id = json.loads(frame)["requestId"]
    fault = json.dumps({"requestId": request_id, "status": 500, "times": 1, "errorType": "InternalServerException"})
    assert asked(stack, "POST", "/_control/posts", fault.encode()).status < 300
    make: Any = boto3.client
    patient = make(
        "apigatewaymanagementapi",
        endpoint_url=f"http://{stack.address}/{deployment.api}/{STAGE}",
        region_name="us-east-1",
        aws_access_key_id=stack.control_plane.access_key_id,
        aws_secret_access_key=stack.control_plane.secret_access_key,
        config=Config(retries={"mode": "standard"}),
    )

    answered = patient.post_to_connection(ConnectionId=connection_id, Data=frame.encode())

    assert answered["ResponseMetadata"]["RetryAttempts"] == 1
    assert connection.recv() == frame
