"""The data plane's questions, against the running server."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

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
