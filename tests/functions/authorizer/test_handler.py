"""Which tokens let a client in, as API Gateway asks the authorizer, with the issuer's keys on a real https server."""

import base64
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from selador_authorizer.key_set import KeySetUnavailableError
from selador_shared.identity import Identity, of_event

from ...conftest import AUDIENCE, Issuer, public_jwk, respond
from .. import conftest

STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
METHOD_ARN = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/dev/$connect"

type ReadEvent = Callable[[str], dict[str, Any]]
type Load = Callable[..., ModuleType]


@pytest.fixture
def load(issuer: Issuer, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Import the entry point as Lambda does, once its environment is set."""

    def load(**settings: str) -> ModuleType:
        environment = {
            "JWKS_URL": issuer.jwks_url,
            "JWT_ALGORITHMS": "RS256 ES256",
            "JWT_AUDIENCES": f"another {AUDIENCE}",
            "JWT_CONTEXT_CLAIMS": "tenant groups",
            "JWT_ISSUER": issuer.url,
            "SSL_CERT_FILE": str(certificate),
        }
        for name, value in (environment | settings).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delitem(sys.modules, "selador_authorizer.handler", raising=False)
        return importlib.import_module("selador_authorizer.handler")

    return load


@pytest.fixture
def authorizer(load: Load) -> ModuleType:
    return load()


@pytest.fixture
def event(aws_event: ReadEvent) -> dict[str, Any]:
    return aws_event("authorizer")


def offering(event: dict[str, Any], *protocols: str) -> dict[str, Any]:
    return conftest.offering(event, ("Sec-WebSocket-Protocol", ", ".join(protocols)))


def unsigned(header: dict[str, Any], payload: dict[str, Any], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload))
    return ".".join([*parts, signature])


def confused(issuer: Issuer) -> str:
    """Return a token whose HMAC secret is the issuer's public key, which everybody knows."""
    public = issuer.private_keys["rsa-1"].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    token = unsigned({"alg": "HS256", "kid": "rsa-1", "typ": "JWT"}, claims(issuer))
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(token.rstrip(".").encode(), pem)
    return token + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def critical(issuer: Issuer) -> str:
    """Return a token with the one extension that PyJWT knows, which it doesn't write itself."""
    token = unsigned({"alg": "RS256", "kid": "rsa-1", "crit": ["b64"], "b64": True}, claims(issuer))
    algorithm, key = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256), issuer.private_keys["rsa-1"]
    assert isinstance(key, RSAPrivateKey)
    signature = algorithm.sign(token.rstrip(".").encode(), key)
    return token + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def claims(issuer: Issuer) -> dict[str, Any]:
    return {"iss": issuer.url, "aud": AUDIENCE, "sub": "user-7", "exp": int(time.time()) + 600}


def altered(issuer: Issuer) -> str:
    head, _, signature = issuer.token().split(".")
    body = unsigned({}, claims(issuer) | {"sub": "somebody else"}).split(".")[1]
    return f"{head}.{body}.{signature}"


def nested(levels: int) -> list[Any]:
    innermost: list[Any] = []
    for _ in range(levels):
        innermost = [innermost]
    return innermost


def now() -> int:
    return int(time.time())


# Each token and what becomes of its bearer. The end-to-end test shows the same over a socket.
ACCEPTED: dict[str, Callable[[Issuer], str]] = {
    "RS256": lambda issuer: issuer.token(),
    "ES256": lambda issuer: issuer.token(key_id="ec-1", algorithm="ES256"),
    "one of several audiences": lambda issuer: issuer.token(aud=["x", AUDIENCE]),
    "expired within the leeway": lambda issuer: issuer.token(exp=now() - 30),
    "not valid before, within the leeway": lambda issuer: issuer.token(nbf=now() + 30, iat=now() + 30),
    "Cognito's access token": lambda issuer: issuer.token(
        without=("aud",), client_id=AUDIENCE, token_use="access", scope="openid", username="anna"
    ),
    "Cognito's ID token": lambda issuer: issuer.token(token_use="id"),
    "an audience beside another client": lambda issuer: issuer.token(client_id="somebody-else"),
}
REFUSED: dict[str, Callable[[Issuer], str]] = {
    "no JWT": lambda issuer: "hello",
    "two parts": lambda issuer: issuer.token().rpartition(".")[0],
    "no signature": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "alg none": lambda issuer: unsigned({"alg": "none", "kid": "rsa-1"}, claims(issuer)),
    "alg None, in capitals": lambda issuer: unsigned({"alg": "NONE", "kid": "rsa-1"}, claims(issuer)),
    "HS256 with the public key": confused,
    "RS512": lambda issuer: issuer.token(algorithm="RS512"),
    "PS256": lambda issuer: issuer.token(algorithm="PS256"),
    "ES256 header, RSA key id": lambda issuer: issuer.token(
        algorithm="ES256", signed_by=ec.generate_private_key(ec.SECP256R1())
    ),
    "a stranger's key, our key id": lambda issuer: issuer.token(signed_by=STRANGER),
    "a stranger's key in the header": lambda issuer: issuer.token(
        signed_by=STRANGER, header={"jwk": public_jwk("rsa-1", STRANGER)}
    ),
    "a stranger's key set in the header": lambda issuer: issuer.token(
        signed_by=STRANGER, header={"jku": "https://evil.example/jwks.json"}
    ),
    "an unknown key id": lambda issuer: issuer.token(header={"kid": "unknown"}),
    "no key id": lambda issuer: unsigned({"alg": "RS256"}, claims(issuer), "AAAA"),
    "a key id that is a path": lambda issuer: issuer.token(header={"kid": "../../dev/null"}),
    "altered claims": altered,
    "expired": lambda issuer: issuer.token(exp=now() - 61),
    "no expiry": lambda issuer: issuer.token(without=("exp",)),
    "an expiry that is no time": lambda issuer: issuer.token(exp="soon"),
    "not valid yet": lambda issuer: issuer.token(nbf=now() + 120),
    "issued in the future": lambda issuer: issuer.token(iat=now() + 120),
    "another issuer": lambda issuer: issuer.token(iss="https://evil.example"),
    "no issuer": lambda issuer: issuer.token(without=("iss",)),
    "another audience": lambda issuer: issuer.token(aud="somebody-else"),
    "no audience": lambda issuer: issuer.token(without=("aud",)),
    "another client": lambda issuer: issuer.token(without=("aud",), client_id="somebody-else"),
    "another audience beside our client": lambda issuer: issuer.token(aud="somebody-else", client_id=AUDIENCE),
    "an empty audience beside our client": lambda issuer: issuer.token(aud=[], client_id=AUDIENCE),
    "an audience of null beside our client": lambda issuer: issuer.token(aud=None, client_id=AUDIENCE),
    "a list of clients": lambda issuer: issuer.token(without=("aud",), client_id=[AUDIENCE]),
    "an audience that is a number": lambda issuer: issuer.token(aud=7),
    "half a surrogate pair in the subject": lambda issuer: issuer.token(sub="\ud83d"),
    "half a surrogate pair in a claim": lambda issuer: issuer.token(tenant={"name": "\ud83d"}),
    "a claim nested too deeply": lambda issuer: issuer.token(tenant=nested(300)),
    "no subject": lambda issuer: issuer.token(without=("sub",)),
    "an empty subject": lambda issuer: issuer.token(sub=""),
    "a critical extension": lambda issuer: issuer.token(header={"crit": ["x"], "x": 1}),
    "a critical extension that PyJWT knows": critical,
    "claims over 8 KB": lambda issuer: issuer.token(tenant="t" * 8_200),
    "empty": lambda issuer: "",
}


@pytest.mark.parametrize("kind", ACCEPTED)
def test_a_good_token_lets_its_bearer_in(
    authorizer: ModuleType, issuer: Issuer, event: dict[str, Any], kind: str
) -> None:
    token = ACCEPTED[kind](issuer)

    answer = authorizer.handle(offering(event, "selador.v1", f"bearer.{token}"), None)

    assert answer["principalId"] == "user-7"
    assert answer["policyDocument"]["Statement"] == [
        {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": METHOD_ARN}
    ]


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_token_is_unauthorized(
    authorizer: ModuleType, issuer: Issuer, event: dict[str, Any], capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    token = REFUSED[kind](issuer)

    with pytest.raises(authorizer.UnauthorizedError) as raised:
        authorizer.handle(offering(event, "selador.v1", f"bearer.{token}"), None)

    assert str(raised.value) == "Unauthorized"  # any other message is a 500 to the client (AUTH-08)
    output = capsys.readouterr().out
    assert '"ConnectionRefused": 1' in output
    assert not token or token not in output
    assert "user-7" not in output


def test_what_the_authorizer_says_is_what_the_handler_reads(
    authorizer: ModuleType, issuer: Issuer, event: dict[str, Any]
) -> None:
    expires = now() + 600
    token = issuer.token(exp=expires, tenant="t-1", groups=["a", "b"], email="x@example.com")

    answer = authorizer.handle(offering(event, f"bearer.{token}"), None)

    context = answer["context"] | {"principalId": answer["principalId"], "integrationLatency": 12}
    identity = of_event({"authorizer": context})
    assert identity == Identity("user-7", expires, {"tenant": "t-1", "groups": ["a", "b"]})
    # API Gateway refuses objects and lists (AUTH-05), and may turn the rest into strings on the way (WS-46).
    assert all(isinstance(value, str) for value in answer["context"].values())


@pytest.mark.parametrize("protocols", [(), ("selador.v1",), ("bearer.a", "bearer.b"), ("Bearer.a",)])
def test_no_token_or_two_are_unauthorized(
    authorizer: ModuleType, event: dict[str, Any], protocols: tuple[str, ...]
) -> None:
    with pytest.raises(authorizer.UnauthorizedError):
        authorizer.handle(offering(event, *protocols), None)


def test_a_machines_token_lets_its_client_in_as_itself(
    authorizer: ModuleType, issuer: Issuer, event: dict[str, Any]
) -> None:
    """By Cognito's client credentials grant: the subject is the client."""
    token = issuer.token(without=("aud",), sub=AUDIENCE, client_id=AUDIENCE, token_use="access")

    answer = authorizer.handle(offering(event, "selador.v1", f"bearer.{token}"), None)

    assert answer["principalId"] == AUDIENCE


def test_the_log_says_which_claim_can_not_be_queued(
    authorizer: ModuleType, issuer: Issuer, event: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(authorizer.UnauthorizedError):
        authorizer.handle(offering(event, f"bearer.{issuer.token(tenant='\ud83d')}"), None)

    assert "tenant holds half a surrogate pair" in capsys.readouterr().out


@pytest.mark.parametrize(
    "names",
    [
        ("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol"),
        ("sec-websocket-protocol", "Sec-WebSocket-Protocol"),
    ],
    ids=["one case", "two cases"],
)
@pytest.mark.parametrize("token_first", [True, False])
def test_a_token_may_stand_in_a_line_of_its_own(
    authorizer: ModuleType, issuer: Issuer, event: dict[str, Any], names: tuple[str, str], *, token_first: bool
) -> None:
    offers = [f"bearer.{issuer.token()}", "selador.v1"][:: 1 if token_first else -1]

    answer = authorizer.handle(conftest.offering(event, *zip(names, offers, strict=True)), None)

    assert answer["principalId"] == "user-7"


def test_two_tokens_in_two_lines_are_unauthorized(
    authorizer: ModuleType, issuer: Issuer, event: dict[str, Any]
) -> None:
    lines = [("Sec-WebSocket-Protocol", f"bearer.{issuer.token()}"), ("Sec-WebSocket-Protocol", "bearer.x")]

    with pytest.raises(authorizer.UnauthorizedError):
        authorizer.handle(conftest.offering(event, *lines), None)


@pytest.mark.parametrize(
    "nothing",
    [
        {"headers": None},
        {"headers": {"Sec-WebSocket-Protocol": None}},
        {"multiValueHeaders": {"Sec-WebSocket-Protocol": None}},
        {"multiValueQueryStringParameters": {"token": None}},
        {"multiValueQueryStringParameters": None},
    ],
    ids=str,
)
def test_what_is_null_is_not_there(load: Load, event: dict[str, Any], nothing: dict[str, Any]) -> None:
    authorizer = load(JWT_QUERY_PARAMETER="token")

    with pytest.raises(authorizer.UnauthorizedError):
        authorizer.handle(event | {"headers": {}, "multiValueHeaders": {}} | nothing, None)


def test_a_token_in_the_url_counts_only_where_that_is_configured(
    load: Load, issuer: Issuer, event: dict[str, Any]
) -> None:
    token = issuer.token()
    in_url = event | {"multiValueQueryStringParameters": {"token": [token]}}

    with pytest.raises(Exception, match=r"^Unauthorized$"):
        load().handle(in_url, None)
    configured = load(JWT_QUERY_PARAMETER="token")

    assert configured.handle(in_url, None)["principalId"] == "user-7"
    with pytest.raises(configured.UnauthorizedError):
        configured.handle(offering(in_url, f"bearer.{token}"), None)


def test_an_algorithm_that_is_not_configured_does_not_count(load: Load, issuer: Issuer, event: dict[str, Any]) -> None:
    authorizer = load(JWT_ALGORITHMS="ES256")

    with pytest.raises(authorizer.UnauthorizedError):
        authorizer.handle(offering(event, f"bearer.{issuer.token()}"), None)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(partial(respond, body=b"", status=500), id="a failing server"),
        pytest.param(partial(respond, body=b"<html>"), id="no JSON"),
        pytest.param(partial(respond, body=b'{"keys":[]}'), id="no keys"),
        pytest.param(partial(respond, body=b"", status=301, Location="https://evil.example/"), id="redirect"),
    ],
)
def test_without_keys_nobody_gets_in_and_it_is_logged_and_counted(
    authorizer: ModuleType, issuer: Issuer, event: dict[str, Any], capsys: pytest.CaptureFixture[str], answer: Any
) -> None:
    issuer.answer = answer

    with pytest.raises(KeySetUnavailableError):  # answered 500 (WS-26): it isn't the client's fault
        authorizer.handle(offering(event, f"bearer.{issuer.token()}"), None)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["level"] for line in lines if "level" in line] == ["error"]
    assert sum(line.get("KeySetUnavailable", 0) for line in lines) == 1


def test_every_missing_or_malformed_setting_is_named_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import selador_authorizer.handler"],
        env={"JWKS_URL": "http://issuer.example/jwks.json", "JWT_ALGORITHMS": "RS256 HS256", "JWT_AUDIENCES": " "},
        capture_output=True,
        text=True,
        check=False,
    )

    last_line = done.stderr.strip().splitlines()[-1]
    assert done.returncode != 0
    for fault in ("JWKS_URL: ", "JWT_ALGORITHMS.1: ", "JWT_AUDIENCES: ", "JWT_ISSUER: is missing"):
        assert fault in last_line
