"""The data plane's questions, against the running server."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

LAMBDA = "lambda.amazonaws.com"
CONNECTIONS = "arn:aws:execute-api:us-east-1:123456789012:abc/local/POST/@connections"


def test_a_role_is_lent_to_the_service_it_trusts(server: Any, role_arn: Callable[..., str]) -> None:
    status, lent = server.ask("role-credentials", {"roleArn": role_arn(), "service": LAMBDA})

    assert status == 200
    assert lent.keys() == {"accessKeyId", "secretAccessKey", "sessionToken", "expiration"}
    assert datetime.fromisoformat(lent["expiration"]) > datetime.now(UTC) + timedelta(hours=11)


def test_a_role_is_not_lent_to_another_service(server: Any, role_arn: Callable[..., str]) -> None:
    status, refused = server.ask("role-credentials", {"roleArn": role_arn(), "service": "events.amazonaws.com"})

    assert (status, refused["__type"]) == (403, "AccessDeniedException")
    assert "trust policy" in refused["message"]


def test_a_role_that_does_not_exist_is_not_lent(server: Any) -> None:
    role = "arn:aws:iam::123456789012:role/none"

    assert server.ask("role-credentials", {"roleArn": role, "service": LAMBDA})[0] == 403


@pytest.mark.parametrize(("account", "status"), [("123456789012", 200), ("999999999999", 403)])
def test_conditions_of_the_trust_policy_count(
    server: Any, role_arn: Callable[..., str], account: str, status: int
) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": LAMBDA},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }

    assert server.ask("role-credentials", {"roleArn": role_arn(trust=trust), "service": LAMBDA})[0] == status


def test_a_source_arn_is_compared_where_the_trust_policy_asks_for_it(server: Any, role_arn: Callable[..., str]) -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:main"
    condition = {"ArnLike": {"aws:SourceArn": function}}
    trust = {"Effect": "Allow", "Principal": {"Service": LAMBDA}, "Action": "sts:AssumeRole", "Condition": condition}
    facts = {"roleArn": role_arn(trust=trust), "service": LAMBDA}

    assert server.ask("role-credentials", facts)[0] == 403
    assert server.ask("role-credentials", {**facts, "sourceArn": function})[0] == 200


def test_authorize_judges_by_the_roles_policies(server: Any, name: str, role_arn: Callable[..., str]) -> None:
    manage = {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": f"{CONNECTIONS}/*"}
    key = server.lend(role_arn(manage))["aws_access_key_id"]

    def ask(resource: str) -> dict[str, Any]:
        facts = {"accessKeyId": key, "action": "execute-api:ManageConnections", "resource": resource}
        status, answer = server.ask("authorize", facts)
        assert status == 200
        return dict(answer)

    session = f"arn:aws:sts::123456789012:assumed-role/{name}/lambda"
    assert ask(f"{CONNECTIONS}/PJqB0fHsqRcCHlw=") == {"allowed": True, "principalArn": session}
    assert ask(f"{CONNECTIONS.replace('POST', 'GET')}/x")["allowed"] is False


def test_authorize_does_not_allow_an_unknown_key(server: Any) -> None:
    facts = {"accessKeyId": "ASIAUNKNOWN", "action": "bedrock:Retrieve", "resource": "*"}

    assert server.ask("authorize", facts) == (200, {"allowed": False, "principalArn": None})


def test_authorize_knows_the_administrator(server: Any) -> None:
    facts = {"accessKeyId": server.access_key_id, "action": "bedrock:Retrieve", "resource": "*"}

    assert server.ask("authorize", facts)[1]["allowed"] is True


@pytest.mark.parametrize("question", ["authorize", "role-credentials"])
def test_the_bearer_token_is_the_administrators_secret(server: Any, question: str) -> None:
    assert server.ask(question, {}, bearer="another")[0] == 403


@pytest.mark.parametrize("facts", [[], {"roleArn": 1, "service": LAMBDA}, {"roleArn": "", "service": LAMBDA}])
def test_malformed_questions_are_refused(server: Any, facts: Any) -> None:
    assert server.ask("role-credentials", facts)[0] == 400


def test_an_unknown_question_is_refused(server: Any) -> None:
    assert server.ask("nothing", {})[0] == 404


@pytest.mark.parametrize("auth", [SigV4Auth, SigV4QueryAuth])
@pytest.mark.parametrize("role", [False, True])
def test_authenticate_says_who_signed_in_the_headers_or_in_the_query(
    server: Any, role_arn: Callable[..., str], auth: type[SigV4Auth], *, role: bool
) -> None:
    if role:
        lent = server.lend(role_arn())
        keys = Credentials(lent["aws_access_key_id"], lent["aws_secret_access_key"], lent["aws_session_token"])
    else:
        keys = Credentials(server.access_key_id, server.secret_access_key)
    request = handshake(auth, keys)
    stolen = handshake(auth, Credentials(keys.access_key, "another secret", keys.token))

    assert server.ask("authenticate", request) == (200, {"accessKeyId": keys.access_key})
    for changed in (stolen, {**request, "url": request["url"].replace("/dev", "/prod")}):
        status, answer = server.ask("authenticate", changed)
        assert (status, answer["accessKeyId"], answer["code"]) == (200, None, "InvalidSignatureException")


def test_authenticate_knows_nobody_behind_an_unsigned_request(server: Any) -> None:
    facts = {"method": "GET", "url": "http://127.0.0.1:1/abc/dev?X-Amz-Credential=x", "headers": {}}

    assert server.ask("authenticate", facts) == (
        200,
        {
            "accessKeyId": None,
            "code": "MissingAuthenticationToken",
            "message": "the request is not signed with Signature Version 4",
        },
    )
    assert server.ask("authenticate", {**facts, "headers": None})[0] == 400


@pytest.mark.parametrize(
    ("service", "region", "message"),
    [
        ("sqs", "us-east-1", "Credential should be scoped to correct service: 'execute-api'."),
        ("execute-api", "eu-west-1", "Credential should be scoped to a valid region, not 'eu-west-1'."),
    ],
)
@pytest.mark.parametrize("auth", [SigV4Auth, SigV4QueryAuth])
def test_a_handshake_signed_for_another_service_or_region_is_refused(
    server: Any, auth: type[SigV4Auth], service: str, region: str, message: str
) -> None:
    keys = Credentials(server.access_key_id, server.secret_access_key)

    answer = server.ask("authenticate", handshake(auth, keys, service, region))

    assert answer == (200, {"accessKeyId": None, "code": "InvalidSignatureException", "message": message})


def handshake(
    auth: type[SigV4Auth], keys: Credentials, service: str = "execute-api", region: str = "us-east-1"
) -> dict[str, Any]:
    """A WebSocket handshake that was signed as AWS's clients sign one."""
    request = AWSRequest("GET", "http://127.0.0.1:1/abc/dev?a=b", headers={"Host": "127.0.0.1:1"})
    auth(keys, service, region).add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    return {"method": "GET", "url": request.url, "headers": headers}


def test_data_that_can_not_be_read_are_refused(server: Any) -> None:
    """What data that can be read become is shown with CloudWatch's API."""
    status, refused = server.ask("metrics", {"data": [["AWS/Lambda", "Errors"]]})

    assert (status, refused["__type"]) == (400, "InvalidRequest")
