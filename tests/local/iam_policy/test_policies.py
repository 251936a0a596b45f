"""IAM's decision on policies as values."""

from typing import Any

import pytest

from selador_local.iam_policy.policies import AccessRequest, Principal, Verdict, combine, evaluate

ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:requests"
SESSION = Principal(
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/lambda",
    account_id=ACCOUNT,
    role_arn=f"arn:aws:iam::{ACCOUNT}:role/worker",
)
LAMBDA = Principal(arn="lambda.amazonaws.com", account_id=ACCOUNT, service="lambda.amazonaws.com")


def statement(effect: str = "Allow", **members: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "sqs:SendMessage", "Resource": QUEUE, **members}


def judge(
    *statements: dict[str, Any], principal: Principal = SESSION, context: dict[str, str] | None = None
) -> Verdict:
    request = AccessRequest(principal, "sqs:SendMessage", QUEUE, context or {})
    return evaluate([{"Version": "2012-10-17", "Statement": [one]} for one in statements], request)


def test_what_nothing_allows_is_not_allowed() -> None:
    assert judge() is Verdict.SILENT
    assert combine(Verdict.SILENT, Verdict.SILENT) is False


def test_an_explicit_deny_wins_over_any_allow_in_whatever_order() -> None:
    allow, deny = statement(), statement("Deny")

    assert judge(allow, deny) is judge(deny, allow) is Verdict.DENIED
    assert combine(Verdict.ALLOWED, Verdict.DENIED) is combine(Verdict.DENIED, Verdict.ALLOWED) is False


@pytest.mark.parametrize(
    ("members", "applies"),
    [
        ({"Action": "sqs:sendmessage"}, True),
        ({"Action": "sqs:Send*"}, True),
        ({"Action": ["sqs:ReceiveMessage", "sqs:S?ndMessage"]}, True),
        ({"Action": "sqs:Send"}, False),
        ({"Action": "*"}, True),
        ({"NotAction": "sqs:Receive*"}, True),
        ({"NotAction": "sqs:*"}, False),
        ({"Resource": f"{QUEUE}*"}, True),
        ({"Resource": QUEUE.upper()}, False),
        ({"Resource": [f"{QUEUE}-dlq", "*"]}, True),
        ({"Resource": QUEUE.replace(":", ".")}, False),
        ({"NotResource": f"{QUEUE}-dlq"}, True),
        ({"NotResource": QUEUE}, False),
    ],
)
def test_actions_ignore_case_and_resources_do_not(members: dict[str, Any], applies: bool) -> None:
    given = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE, **members}
    for positive in ("Action", "Resource"):
        if f"Not{positive}" in members:
            del given[positive]

    assert (judge(given) is Verdict.ALLOWED) is applies


@pytest.mark.parametrize(
    ("named", "principal", "applies"),
    [
        ("*", SESSION, True),
        ({"AWS": "*"}, SESSION, True),
        ({"AWS": ACCOUNT}, SESSION, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, SESSION, True),
        ({"AWS": [SESSION.role_arn, "arn:aws:iam::123456789012:role/other"]}, SESSION, True),
        ({"AWS": "arn:aws:iam::123456789012:role/other"}, SESSION, False),
        ({"Service": "lambda.amazonaws.com"}, SESSION, False),
        ({"Service": ["edgelambda.amazonaws.com", "lambda.amazonaws.com"]}, LAMBDA, True),
        ({"Service": "apigateway.amazonaws.com"}, LAMBDA, False),
        ({"AWS": "*"}, LAMBDA, False),
    ],
)
def test_a_statement_with_a_principal_is_about_that_principal(named: Any, principal: Principal, applies: bool) -> None:
    assert (judge(statement(Principal=named), principal=principal) is Verdict.ALLOWED) is applies


def test_a_tls_only_deny_does_not_hit_a_request_that_counts_as_secure() -> None:
    """A policy that demands TLS denies requests without it (SQS-32)."""
    tls_only = statement("Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})

    assert judge(statement(), tls_only, context={"aws:securetransport": "true"}) is Verdict.ALLOWED
    assert judge(statement(), tls_only, context={"aws:securetransport": "false"}) is Verdict.DENIED


def test_doubt_grants_nothing() -> None:
    """An operator that isn't evaluated makes an allow silent and a deny deny."""
    condition = {"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}

    assert judge(statement(Condition=condition)) is Verdict.SILENT
    assert judge(statement(), statement("Deny", Condition=condition)) is Verdict.DENIED
