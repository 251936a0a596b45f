"""What can't run here is read from the plan."""

from typing import Any

import pytest

from selador_local.stack.planned import unrunnable_in


def plan(kind: str, after: dict[str, Any] | None) -> dict[str, Any]:
    """Return a plan with one resource, as far as it is read."""
    return {"resource_changes": [{"address": f"{kind}.this", "type": kind, "change": {"after": after}}]}


@pytest.mark.parametrize(
    ("kind", "after", "fault"),
    [
        ("aws_apigatewayv2_api", {"protocol_type": "HTTP"}, "is an HTTP API; only WebSocket APIs run here"),
        ("aws_apigatewayv2_integration", {"integration_type": "MOCK"}, "has the type MOCK; only AWS_PROXY runs here"),
        ("aws_apigatewayv2_authorizer", {"authorizer_type": "JWT"}, "has the type JWT; only REQUEST runs here"),
        ("aws_lambda_function", {"package_type": "Image"}, "is a container image; only zips run here"),
        ("aws_lambda_function", {"runtime": "python3.12"}, "has the runtime python3.12; only python3.13 runs here"),
        (
            "aws_lambda_event_source_mapping",
            {"event_source_arn": "arn:aws:kinesis:us-east-1:1:stream/s"},
            "reads arn:aws:kinesis:us-east-1:1:stream/s; only SQS runs here",
        ),
        (
            "aws_lambda_event_source_mapping",
            {"event_source_arn": "arn:aws:sqs:us-east-1:1:q", "filter_criteria": [{"filter": [{"pattern": "{}"}]}]},
            "has filters; they don't run here",
        ),
    ],
)
def test_it_is_named_by_its_address(kind: str, after: dict[str, Any], fault: str) -> None:
    assert unrunnable_in(plan(kind, after)) == [f"{kind}.this {fault}"]


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        ("aws_apigatewayv2_integration", {"integration_type": "AWS_PROXY"}),
        ("aws_apigatewayv2_integration", {}),
        ("aws_lambda_function", {"package_type": "Zip", "runtime": "python3.13"}),
        ("aws_lambda_function", None),
        ("aws_lambda_event_source_mapping", {"filter_criteria": [], "event_source_arn": "arn:aws:sqs:us-east-1:1:q"}),
        ("aws_lambda_event_source_mapping", {"filter_criteria": None}),
        ("aws_sqs_queue", {"name": "q"}),
    ],
    ids=["runs", "not known yet", "a zip", "destroyed", "without filters", "source not known", "another resource"],
)
def test_nothing_else_is_named(kind: str, after: dict[str, Any] | None) -> None:
    assert unrunnable_in(plan(kind, after)) == []
