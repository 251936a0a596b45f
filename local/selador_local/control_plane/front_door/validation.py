"""The refusal of a request that its service's model doesn't allow, in that service's words."""

from typing import Any

from moto.core.utils import get_service_model

from selador_local.control_plane.front_door.api_call import ApiCall
from selador_local.control_plane.front_door.constraints import Violation, violations
from selador_local.control_plane.front_door.refusals import CallRefusedError

# Each service's code for a request that breaks its model (VAL-02).
_CODES = {
    "apigateway": "BadRequestException",
    "apigatewayv2": "BadRequestException",
    "cloudwatch": "ValidationError",
    "iam": "ValidationError",
    "kms": "ValidationException",
    "lambda": "ValidationException",
    "logs": "InvalidParameterException",
    "s3": "MalformedXML",
    "sns": "ValidationError",
    "sqs": "MissingParameter",
    "sts": "ValidationError",
}
# SQS's model is narrower than SQS: it lists a queue's attributes where a message's are taken too. Its ranges and
# names are among the rules that are written by hand.
_ONLY_REQUIRED_MEMBERS = frozenset({"sqs"})


def check(call: ApiCall) -> None:
    """Raise CallRefusedError if the call breaks the model of its service."""
    shape: Any = get_service_model(call.model).operation_model(call.operation).input_shape
    if shape is None:
        return
    found = list(violations(shape, call.parameters))
    if call.model in _ONLY_REQUIRED_MEMBERS:
        found = [violation for violation in found if violation.value is None]
    if found:
        raise CallRefusedError(_CODES[call.model], _message(call, found), status=400)


def _message(call: ApiCall, found: list[Violation]) -> str:
    if call.model == "sqs":
        name = found[0].path.rpartition(".")[2]
        return f"The request must contain the parameter {name[:1].upper()}{name[1:]}."
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
    return f"{count}: {'; '.join(map(str, found))}"
