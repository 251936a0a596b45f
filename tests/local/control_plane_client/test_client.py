"""The stack's own questions to the control plane: an answer is a JSON object, anything else an error."""

import asyncio
import json

import pytest

from selador_local.control_plane_client.client import ControlPlane, ControlPlaneError
from selador_local.http import Request, Response, serve

from ...conftest import held_port


def control_plane(port: int) -> ControlPlane:
    return ControlPlane(f"http://127.0.0.1:{port}", "us-east-1", "123456789012", "AKIA", "the secret")


def asked(answer: Response) -> tuple[dict[str, object], Request]:
    """Ask a control plane that answers so; return what came back, and what it was sent."""
    received: list[Request] = []

    async def handle(request: Request) -> Response:
        received.append(request)
        return answer

    async def run() -> dict[str, object]:
        server = await serve(handle)
        try:
            return await asyncio.to_thread(control_plane(server.port).ask, "authorize", {"action": "sqs:SendMessage"})
        finally:
            await server.close()

    return asyncio.run(run()), received[0]


def test_a_question_is_posted_as_the_administrator() -> None:
    answer, request = asked(Response(200, body=b'{"allowed": true}'))

    assert answer == {"allowed": True}
    assert (request.method, request.target) == ("POST", "/_selador/authorize")
    assert request.headers["authorization"] == "Bearer the secret"
    assert json.loads(request.body) == {"action": "sqs:SendMessage"}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Response(403, body=b"not you"), "the control plane answered 403 to authorize: not you"),
        (Response(200, body=b"no JSON"), "the control plane gave no answer to authorize: "),
        (Response(200, body=b"[]"), "the control plane answered authorize with list, not a JSON object"),
    ],
    ids=["refused", "no JSON", "no object"],
)
def test_an_answer_that_is_no_object_is_an_error(answer: Response, message: str) -> None:
    with pytest.raises(ControlPlaneError, match=message):
        asked(answer)


def test_a_control_plane_that_is_away_is_an_error() -> None:
    refused = r"the control plane gave no answer to authorize: .*refused"
    with held_port() as port, pytest.raises(ControlPlaneError, match=refused):
        control_plane(port).ask("authorize", {})


def test_the_secret_is_in_no_representation() -> None:
    assert "the secret" not in repr(control_plane(1))
