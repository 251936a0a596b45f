"""What a plan would deploy that can't run on the laptop, known before all of it is there. Pure.

Once it is deployed the data plane names the same things by its own means: a plan doesn't know everything.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


def unrunnable_in(plan: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each such resource of a plan in Terraform's JSON."""
    found = []
    for resource in plan.get("resource_changes", ()):
        after = resource["change"].get("after")
        if after is not None:  # it isn't destroyed
            found += [f"{resource['address']} {fault}" for fault in _faults(resource["type"], after)]
    return found


def _faults(kind: str, after: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of a resource can't run. A value that the plan doesn't know yet is absent, and no fault."""
    match kind:
        case "aws_apigatewayv2_api" if after.get("protocol_type") == "HTTP":
            yield "is an HTTP API; only WebSocket APIs run here"
        case "aws_apigatewayv2_integration" if after.get("integration_type") not in {None, "AWS_PROXY"}:
            yield f"has the type {after['integration_type']}; only AWS_PROXY runs here"
        case "aws_apigatewayv2_authorizer" if after.get("authorizer_type") not in {None, "REQUEST"}:
            yield f"has the type {after['authorizer_type']}; only REQUEST runs here"
        case "aws_lambda_function" if after.get("package_type") == "Image":
            yield "is a container image; only zips run here"
        case "aws_lambda_function" if after.get("runtime") not in {None, _PYTHON}:
            yield f"has the runtime {after['runtime']}; only {_PYTHON} runs here"
        case "aws_lambda_event_source_mapping":
            source = after.get("event_source_arn")
            if source is not None and source.split(":")[2] != "sqs":
                yield f"reads {source}; only SQS runs here"
            if any(criteria.get("filter") for criteria in after.get("filter_criteria") or ()):
                yield "has filters; they don't run here"
