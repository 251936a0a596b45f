"""IAM's wildcards."""

import pytest

from selador_local.iam_policy.wildcards import matches


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("sqs:*", "sqs:SendMessage", True),
        ("sqs:*", "sqs:", True),
        ("sqs:Send?essage", "sqs:SendMessage", True),
        ("sqs:Send?essage", "sqs:Sendessage", False),
        ("sqs:send*", "sqs:SendMessage", False),
        ("SendMessage", "sqs:SendMessage", False),
        ("arn:aws:s3:::bucket.name/[x]", "arn:aws:s3:::bucket.name/[x]", True),
        ("arn:aws:s3:::bucket.name", "arn:aws:s3:::bucket-name", False),
        ("a*b", "a\nb", True),
    ],
)
def test_a_pattern_fits_the_whole_value(pattern: str, value: str, fits: bool) -> None:
    assert matches(pattern, value) is fits
