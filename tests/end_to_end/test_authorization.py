"""Who may connect, over a real socket: the authorizer from the deployed zip, the keys from a real https server."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.exceptions import InvalidStatus

from selador_local.stack.stack import WORK_DIR, Stack
from selador_shared.settings import AuthorizerSettings

from ..conftest import AUDIENCE, Issuer, publishing
from ..functions.authorizer.test_handler import ACCEPTED, REFUSED
from ..patience import in_loop
from .conftest import Apply, connected, log_of

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def issuer(certificate: Path) -> Iterator[Issuer]:
    with publishing(certificate) as issuer:
        yield issuer


@pytest.fixture(scope="module")
def asks_for_tokens(
    stack: Stack, apply: Apply, issuer: Issuer, certificate: Path, loop: asyncio.AbstractEventLoop
) -> None:
    """The stack with `authorization = "jwt"`. Its authorizer trusts the test's certificate by an ordinary variable."""
    jwt = {
        "algorithms": ["RS256", "ES256"],
        "audiences": [AUDIENCE, "another"],
        "context_claims": ["tenant"],
        "issuer": issuer.url,
        "jwks_url": issuer.jwks_url,
    }
    apply({"authorization": "jwt", "jwt": json.dumps(jwt)})
    functions = boto3.client("lambda", **stack.control_plane.client_arguments)
    name = f"{stack.outputs['websocket_handler_function_name'].removesuffix('-websocket-handler')}-authorizer"
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    assert set(variables) == {setting.upper() for setting in AuthorizerSettings.model_fields}
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": variables | {"SSL_CERT_FILE": str(certificate)}}
    )
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    in_loop(loop, stack.data_plane.load(), "the data plane has read what was changed")


def status_of(stack: Stack, *protocols: str, query: str = "", **headers: str) -> int:
    """Return the status of the handshake; 101 if the client gets in."""
    try:
        with connected(stack, *protocols, query=query, **headers):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.usefixtures("asks_for_tokens")
class TestTokens:
    @pytest.mark.parametrize("kind", ACCEPTED)
    def test_a_good_token_opens_a_connection(self, stack: Stack, issuer: Issuer, kind: str) -> None:
        with connected(stack, f"bearer.{ACCEPTED[kind](issuer)}") as client:
            assert client.subprotocol == "selador.v1"

    # Over 8 KB in a header neither this client nor this server would take; the authorizer's own test sends it.
    @pytest.mark.parametrize("kind", sorted(REFUSED.keys() - {"claims over 8 KB"}))
    def test_a_bad_token_is_refused_with_401(self, stack: Stack, issuer: Issuer, kind: str) -> None:
        assert status_of(stack, f"bearer.{REFUSED[kind](issuer)}") == 401

    def test_without_a_token_the_handshake_is_refused_with_401(self, stack: Stack) -> None:
        assert status_of(stack) == 401

    def test_a_token_in_the_url_does_not_count_unless_configured(self, stack: Stack, issuer: Issuer) -> None:
        assert status_of(stack, query=f"?token={issuer.token()}") == 401

    def test_a_question_is_answered_and_the_logs_say_who_asked(
        self, stack: Stack, issuer: Issuer, eventually: Callable[[Callable[[], bool]], bool]
    ) -> None:
        with connected(stack, f"bearer.{issuer.token(tenant='t-1')}") as client:
            client.send({"action": "invoke", "text": "How long is the notice period?"})
            completed = client.receive_until("completed", "error")[-1]

        assert completed["type"] == "completed"

        def known_by(function: str) -> bool:
            log = log_of(stack, function).splitlines()
            lines = [json.loads(line) for line in log if completed["requestId"] in line]
            return any((it.get("principalId"), it.get("claims")) == ("user-7", {"tenant": "t-1"}) for it in lines)

        assert eventually(lambda: known_by("websocket_handler") and known_by("main"))

    def test_a_connection_does_not_outlive_its_token_in_silence(self, stack: Stack, issuer: Issuer) -> None:
        expires = int(time.time()) + 10  # time to connect on a busy machine
        with connected(stack, f"bearer.{issuer.token(exp=expires)}") as client:
            client.send({"action": "ping"})
            before = client.receive()
            time.sleep(max(0, expires + 0.2 - time.time()))
            client.send({"action": "invoke", "text": "Hello?", "requestId": "late"})
            after = client.receive()

        assert before == {"type": "pong"}
        assert (after["type"], after["code"], after["requestId"]) == ("error", "unauthorized", "late")

    def test_no_token_is_in_any_log(self, stack: Stack, issuer: Issuer) -> None:
        token = issuer.token()
        status_of(stack, f"bearer.{token}")
        status_of(stack, f"bearer.{token}x")

        for path in (WORK_DIR / "logs").iterdir():
            assert token.rpartition(".")[2] not in path.read_text(), path.name


@pytest.fixture(scope="module")
def asks_for_signatures(apply: Apply) -> None:
    apply({"authorization": "iam"})


@pytest.fixture(scope="module")
def roles(stack: Stack) -> Iterator[dict[str, Credentials]]:
    """Two roles' credentials: one with the policy that the stack hands out, one without."""
    arguments = stack.control_plane.client_arguments
    iam = boto3.client("iam", **arguments)
    account = stack.control_plane.account_id
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
    credentials = {}
    for name in ("guest", "stranger"):
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        if name == "guest":
            iam.put_role_policy(
                RoleName=name, PolicyName="connect", PolicyDocument=stack.outputs["connect_policy_json"]
            )
        sts = boto3.client("sts", **arguments)
        lent = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
        credentials[name] = Credentials(lent["AccessKeyId"], lent["SecretAccessKey"], lent["SessionToken"])
    yield credentials
    iam.delete_role_policy(RoleName="guest", PolicyName="connect")
    for name in credentials:
        iam.delete_role(RoleName=name)


@pytest.mark.usefixtures("asks_for_signatures")
class TestSignatures:
    @pytest.mark.parametrize("auth", [SigV4Auth, SigV4QueryAuth])
    def test_the_policy_that_the_stack_hands_out_is_what_connecting_needs(
        self, stack: Stack, roles: dict[str, Credentials], auth: type[SigV4Auth]
    ) -> None:
        guest, stranger = roles["guest"], roles["stranger"]
        forged = Credentials(guest.access_key, "another secret", guest.token)

        statuses = [self.status(stack, auth, keys) for keys in (guest, stranger, forged)]

        assert statuses == [101, 403, 403]

    def test_an_unsigned_handshake_is_refused_with_403(self, stack: Stack) -> None:
        assert status_of(stack) == 403

    def status(self, stack: Stack, auth: type[SigV4Auth], keys: Credentials) -> int:
        url = stack.websocket_url
        host = urlsplit(url).netloc
        request = AWSRequest("GET", url.replace("ws://", "http://"), headers={"Host": host})
        auth(keys, "execute-api", stack.control_plane.region).add_auth(request)
        signed = {name: str(value) for name, value in request.headers.items() if name != "Host"}
        query = urlsplit(str(request.url)).query
        return status_of(stack, query=f"?{query}" if query else "", **signed)
