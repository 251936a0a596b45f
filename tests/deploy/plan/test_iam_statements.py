"""The sentence that each statement becomes, word for word: it is what a person judges a permission by."""

import json
from typing import Any

import pytest

from selador_deploy.plan.iam_statements import POLICY_ATTRIBUTES, statements


def sentence(**elements: Any) -> str:
    (found,) = statements(
        "aws_iam_role_policy", "policy", {"policy": json.dumps({"Statement": [{"Effect": "Allow", **elements}]})}
    )
    return found


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ({"Action": "sqs:SendMessage", "Resource": "arn:q"}, "Allow sqs:SendMessage on arn:q"),
        ({"Action": ["b:B", "a:A"], "Resource": ["arn:2", "arn:1"]}, "Allow a:A, b:B on arn:1, arn:2"),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, "Deny * on *"),
        ({"NotAction": "iam:*", "Resource": "*"}, "Allow all but iam:* on *"),
        ({"Action": "s3:*", "NotResource": "arn:b"}, "Allow s3:* on all but arn:b"),
        (
            {"Principal": "*", "Action": "sns:Publish", "Resource": "arn:t"},
            "Allow anybody sns:Publish on arn:t",
        ),
        (
            {"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
            "Allow lambda.amazonaws.com sts:AssumeRole",
        ),
        (
            {"Principal": {"AWS": ["arn:b", "arn:a"], "Service": "s"}, "Action": "kms:Decrypt", "Resource": "*"},
            "Allow arn:a, arn:b, s kms:Decrypt on *",
        ),
        (
            {"NotPrincipal": {"AWS": "arn:root"}, "Action": "s3:*", "Resource": "*"},
            "Allow all but arn:root s3:* on *",
        ),
        ({"Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}, "Allow * s3:* on *"),
        ({"Principal": "arn:aws:iam::1:root", "Action": "s3:*"}, "Allow arn:aws:iam::1:root s3:*"),
        (
            {
                "Action": "sqs:SendMessage",
                "Resource": "*",
                "Condition": {
                    "ArnEquals": {"aws:SourceArn": ["arn:2", "arn:1"]},
                    "Bool": {"aws:SecureTransport": True},
                },
            },
            "Allow sqs:SendMessage on * if aws:SourceArn ArnEquals arn:1, arn:2 and aws:SecureTransport Bool True",
        ),
    ],
)
def test_a_statement_is_a_sentence(elements: dict[str, Any], said: str) -> None:
    assert sentence(**elements) == said


def test_a_single_statement_need_not_be_a_list() -> None:
    policy = json.dumps({"Statement": {"Effect": "Allow", "Action": "a:A", "Resource": "*"}})

    assert statements("aws_sqs_queue", "policy", {"policy": policy}) == ["Allow a:A on *"]


def test_a_functions_permission_says_who_may_invoke_it_from_where() -> None:
    values = {
        "principal": "apigateway.amazonaws.com",
        "action": "lambda:InvokeFunction",
        "source_arn": "arn:aws:execute-api:a/*",
    }

    assert statements("aws_lambda_permission", "source_arn", values) == [
        "Allow apigateway.amazonaws.com lambda:InvokeFunction from arn:aws:execute-api:a/*"
    ]


def test_an_attached_policy_is_named_as_a_whole() -> None:
    values = {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}

    assert statements("aws_iam_role_policy_attachment", "policy_arn", values) == [
        "everything that arn:aws:iam::aws:policy/AdministratorAccess allows"
    ]


@pytest.mark.parametrize("policy", ["no JSON", "[]", "{}", "7"])
def test_a_policy_that_cannot_be_read_is_said_to_be_so(policy: str) -> None:
    assert statements("aws_iam_policy", "policy", {"policy": policy}) == ["policy can't be read as a policy"]


@pytest.mark.parametrize("values", [{}, {"policy": None}, {"policy": ""}])
def test_a_resource_without_a_policy_has_no_statements(values: dict[str, Any]) -> None:
    assert statements("aws_sqs_queue", "policy", values) == []


def test_every_type_that_says_who_may_do_what_in_this_configuration_is_looked_at() -> None:
    assert set(POLICY_ATTRIBUTES) >= {"aws_iam_role", "aws_iam_role_policy", "aws_lambda_permission", "aws_sqs_queue"}


def test_a_permission_to_invoke_a_function_from_anywhere_is_said_to_be_so() -> None:
    values = {"principal": "apigateway.amazonaws.com", "action": "lambda:InvokeFunction", "source_arn": None}

    assert statements("aws_lambda_permission", "source_arn", values) == [
        "Allow apigateway.amazonaws.com lambda:InvokeFunction from any source"
    ]
    assert statements("aws_lambda_permission", "source_arn", {}) == []


def test_inline_policies_that_somebody_added_are_named_when_an_exclusive_list_removes_them() -> None:
    values = {"policy_names": ["write-logs", "by-hand"]}

    assert statements("aws_iam_role_policies_exclusive", "policy_names", values) == [
        "the inline policy by-hand",
        "the inline policy write-logs",
    ]
