"""IAM's condition operators."""

import pytest

from selador_local.iam_policy.conditions import hold

CONTEXT = {"aws:sourcearn": "arn:aws:lambda:us-east-1:123456789012:function:main", "aws:securetransport": "true"}


@pytest.mark.parametrize(
    ("operator", "key", "expected", "holds"),
    [
        ("StringEquals", "aws:SecureTransport", "true", True),
        ("StringEquals", "aws:SecureTransport", ["false", "true"], True),
        ("StringEquals", "aws:SecureTransport", "TRUE", False),
        ("StringEqualsIgnoreCase", "aws:SecureTransport", "TRUE", True),
        ("StringNotEquals", "aws:SecureTransport", ["false", "true"], False),
        ("StringLike", "aws:SourceArn", "arn:aws:lambda:*:function:m?in", True),
        ("StringNotLike", "aws:SourceArn", "arn:aws:lambda:*", False),
        ("ArnLike", "AWS:SourceArn", "arn:aws:lambda:*:*:function:main", True),
        ("ArnEquals", "aws:SourceArn", "arn:aws:lambda:*:*:function:other", False),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:lambda:*:*:function:other", True),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "aws:SecureTransport", "false", False),
        ("Null", "aws:SourceArn", "false", True),
        ("Null", "aws:SourceArn", "true", False),
    ],
)
def test_operators_on_a_key_that_is_there(operator: str, key: str, expected: object, holds: bool) -> None:
    assert hold({operator: {key: expected}}, CONTEXT, if_not_evaluated=False) is holds


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("StringEquals", False),
        ("StringEqualsIfExists", True),
        ("StringNotEquals", True),
        ("Bool", False),
        ("Null", True),
    ],
)
def test_operators_on_a_key_that_is_missing(operator: str, holds: bool) -> None:
    assert hold({operator: {"aws:PrincipalOrgID": "true"}}, CONTEXT, if_not_evaluated=False) is holds


def test_every_condition_must_hold() -> None:
    both = {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceArn": "another"}}

    assert hold(both, CONTEXT, if_not_evaluated=False) is False


@pytest.mark.parametrize("outcome", [True, False])
def test_the_caller_decides_about_operators_that_are_not_evaluated(outcome: bool) -> None:
    assert hold({"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}, CONTEXT, if_not_evaluated=outcome) is outcome
