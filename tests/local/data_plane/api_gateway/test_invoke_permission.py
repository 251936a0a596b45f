"""A function's own policy, as AddPermission writes it."""

from typing import Any

import pytest

from selador_local.data_plane.api_gateway.invoke_permission import may_invoke

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:handler:live"
API = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3"


def policy(source: str, **members: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    }
    return {"Statement": [statement | members]}


@pytest.mark.parametrize(
    ("document", "allowed"),
    [
        (policy(f"{API}/local/$connect"), True),
        (policy(f"{API}/*/*"), True),
        (policy(f"{API}/local/$connect", Condition={}), True),
        (policy(f"{API}/local/invoke"), False),
        (policy(f"{API}/local/$connect", Principal={"Service": "sns.amazonaws.com"}), False),
        (policy(f"{API}/local/$connect", Resource=FUNCTION.removesuffix(":live")), False),
        (policy(f"{API}/local/$connect", Action="lambda:GetFunction"), False),
        (policy(f"{API}/local/$connect", Effect="Deny"), False),
        ({}, False),
    ],
    ids=["route", "wildcards", "any", "other route", "other service", "no alias", "other action", "deny", "no policy"],
)
def test_api_gateway_may_invoke_what_the_policy_says(document: dict[str, Any], allowed: bool) -> None:
    assert may_invoke(document, FUNCTION, f"{API}/local/$connect") is allowed
