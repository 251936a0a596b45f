"""Who may do what, asked of the control plane."""

import asyncio
import json

import pytest

from selador_local.control_plane_client.client import ControlPlane, ControlPlaneError
from selador_local.control_plane_client.iam import ControlPlaneAuthorizer, access_key_id
from selador_local.http import Request, Response, Server, serve

SIGV4 = (
    "AWS4-HMAC-SHA256 Credential=ASIAKEY/20260101/us-east-1/execute-api/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0123"
)


class FakeControlPlane:
    """Allows one key; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.status = 200

    async def handle(self, request: Request) -> Response:
        self.asked.append(request)
        allowed = json.loads(request.body)["accessKeyId"] == "ASIAKEY"
        return Response(self.status, body=json.dumps({"allowed": allowed}).encode())


def client_of(server: Server) -> ControlPlane:
    return ControlPlane(f"http://127.0.0.1:{server.port}", "us-east-1", "123456789012", "AKIA", "the secret")


@pytest.mark.parametrize(
    ("header", "key"), [(SIGV4, "ASIAKEY"), (None, None), ("", None), ("Bearer x", None), ("AWS4-HMAC-SHA256 x", None)]
)
def test_access_key_id_is_read_from_the_header(header: str | None, key: str | None) -> None:
    assert access_key_id(header) == key


def test_control_plane_is_asked_with_its_secret() -> None:
    async def run() -> None:
        fake = FakeControlPlane()
        server = await serve(fake.handle)
        authorizer = ControlPlaneAuthorizer(client_of(server))

        assert await authorizer("ASIAKEY", "execute-api:ManageConnections", "arn")
        assert not await authorizer("ASIAOTHER", "execute-api:ManageConnections", "arn")
        assert fake.asked[0].target == "/_selador/authorize"
        assert fake.asked[0].headers["authorization"] == "Bearer the secret"
        assert json.loads(fake.asked[0].body) == {
            "accessKeyId": "ASIAKEY",
            "action": "execute-api:ManageConnections",
            "resource": "arn",
        }
        await server.close()

    asyncio.run(run())


def test_an_answer_is_kept_for_two_seconds() -> None:
    async def run() -> None:
        times = iter([1000.0, 1001.9, 1002.1])
        fake = FakeControlPlane()
        server = await serve(fake.handle)
        authorizer = ControlPlaneAuthorizer(client_of(server), lambda: next(times))

        for _ in range(3):
            assert await authorizer("ASIAKEY", "a", "arn")
        assert len(fake.asked) == 2
        await server.close()

    asyncio.run(run())


def test_a_refused_question_is_an_error_not_a_no() -> None:
    async def run() -> None:
        fake = FakeControlPlane()
        fake.status = 403
        server = await serve(fake.handle)

        with pytest.raises(ControlPlaneError, match="the control plane answered 403 to authorize"):
            await ControlPlaneAuthorizer(client_of(server))("ASIAKEY", "a", "arn")
        await server.close()

    asyncio.run(run())
