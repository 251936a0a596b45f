"""What Lambda refuses in functions, aliases (LAM-57) and event source mappings, in its words (VAL-05). Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from selador_local.control_plane.front_door.refusals import CallRefusedError
from selador_local.control_plane.service_rules.refusals import Refusals, Request, bad_request

# Lambda sets these itself (LAM-19).
_RESERVED_VARIABLES = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    }
)
_VARIABLES_BYTES = 4_096  # of all variables together (LAM-22)
_BATCH_WITHOUT_WINDOW = 10  # messages; a larger batch waits for them (ESM-05)
_OF_A_MAPPING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")  # what its function's role needs (ESM-12)


@dataclass(frozen=True)
class PresentFunction:
    """What the rules ask about a function that exists."""

    role_arn: str
    timeout_seconds: int


class LambdaState(Protocol):
    """What the rules ask about functions, mappings, queues and roles that exist."""

    def function(self, name: str) -> PresentFunction | None:
        """Return a function by its name or ARN, qualified or not."""

    def mapping(self, uuid: str) -> Mapping[str, Any] | None:
        """Return a mapping's members as CreateEventSourceMapping has them."""

    def visibility_timeout(self, queue_arn: str) -> int | None:
        """Return a queue's visibility timeout in seconds, None if there is no such queue."""

    def role_allows(self, role_arn: str, action: str, resource: str) -> bool:
        """Return whether a role's policies allow an action."""


def function(request: Request, _state: LambdaState) -> Refusals:
    """Judge CreateFunction and UpdateFunctionConfiguration."""
    variables = request.get("Environment", {}).get("Variables", {})
    unable = (
        "Lambda was unable to configure your environment variables because the environment variables you have provided"
    )
    if reserved := [name for name in variables if name in _RESERVED_VARIABLES]:
        yield _invalid(
            f"{unable} contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    size = len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode())
    if size > _VARIABLES_BYTES:  # the values stay unsaid, though Lambda repeats them: they may be secret
        yield _invalid(f"{unable} exceeded the 4KB limit. Measured size: {size} bytes")


def alias(request: Request, _state: LambdaState) -> Refusals:
    """Judge CreateAlias and UpdateAlias: the version that has all other calls can't have a share besides."""
    version = request.get("FunctionVersion")
    if version in request.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}):
        yield _invalid(
            f"Invalid function version {version}. "
            f"Function version {version} is already included in routing configuration."
        )


def create_mapping(request: Request, state: LambdaState) -> Refusals:
    """Judge CreateEventSourceMapping for a queue; other sources are left to moto."""
    queue_arn = request.get("EventSourceArn", "")
    if queue_arn.split(":")[2:3] == ["sqs"]:
        yield from _settings(request)
        yield from _function_and_queue(request, state)


def update_mapping(request: Request, state: LambdaState) -> Refusals:
    """Judge UpdateEventSourceMapping. Whatever was taken from the role, a mapping can be disabled."""
    present = state.mapping(request["UUID"])
    if present is not None:
        mapping = {**present, **request}
        yield from _settings(mapping)
        if request.get("Enabled", True):
            yield from _function_and_queue(mapping, state)


def _settings(mapping: Request) -> Refusals:
    if "StartingPosition" in mapping:
        yield _invalid("StartingPosition is not valid for SQS event sources.")
    yield from _batch(mapping)
    yield from _filters(mapping)


def _batch(mapping: Request) -> Refusals:
    window = mapping.get("MaximumBatchingWindowInSeconds", 0)
    if mapping.get("BatchSize", _BATCH_WITHOUT_WINDOW) > _BATCH_WITHOUT_WINDOW and window == 0:
        yield _invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )


def _filters(mapping: Request) -> Refusals:
    for entry in mapping.get("FilterCriteria", {}).get("Filters", ()):
        try:
            pattern = json.loads(entry.get("Pattern", ""))
        except ValueError:
            pattern = None
        if not isinstance(pattern, dict):
            yield _invalid("Invalid filter pattern definition.")


def _function_and_queue(mapping: Request, state: LambdaState) -> Refusals:
    queue_arn = mapping["EventSourceArn"]
    found, visibility = state.function(mapping.get("FunctionName", "")), state.visibility_timeout(queue_arn)
    if found is None or visibility is None:
        return  # moto says what doesn't exist
    for operation in _OF_A_MAPPING:
        if not state.role_allows(found.role_arn, f"sqs:{operation}", queue_arn):
            yield _invalid(f"The provided execution role does not have permissions to call {operation} on SQS")
    if visibility < found.timeout_seconds:  # else the queue would hand a message out while it is worked on (ESM-08)
        yield _invalid(
            f"Queue visibility timeout: {visibility} seconds is less than "
            f"Function timeout: {found.timeout_seconds} seconds"
        )


def _invalid(message: str) -> CallRefusedError:
    return bad_request("InvalidParameterValueException", message)
