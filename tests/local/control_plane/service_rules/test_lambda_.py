"""Lambda's rules, as values: what lies on a limit is allowed, what lies beyond it is refused in AWS's words."""

from collections.abc import Mapping
from typing import Any

import pytest

from selador_local.control_plane.service_rules import lambda_
from selador_local.control_plane.service_rules.lambda_ import PresentFunction

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
MAPPING = {"EventSourceArn": QUEUE, "FunctionName": "main"}
ROLE = "arn:aws:iam::123456789012:role/main"
NO_WINDOW = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
NO_PATTERN = "Invalid filter pattern definition."


class Functions:
    """A function `main` with a timeout of 60 s, a queue, and a mapping `m` of batches of 10 without a window."""

    def __init__(self, visibility: int = 60, denied: str = "") -> None:
        self._visibility = visibility
        self._denied = denied

    def function(self, name: str) -> PresentFunction | None:
        return PresentFunction(ROLE, timeout_seconds=60) if name == "main" else None

    def mapping(self, uuid: str) -> Mapping[str, Any] | None:
        return {**MAPPING, "BatchSize": 10} if uuid == "m" else None

    def visibility_timeout(self, queue_arn: str) -> int | None:
        return self._visibility if queue_arn == QUEUE else None

    def role_allows(self, role_arn: str, action: str, resource: str) -> bool:
        return (role_arn, resource) == (ROLE, QUEUE) and action != self._denied


def refused(operation: str, state: Functions | None = None, **request: Any) -> list[tuple[str, str]]:
    found = getattr(lambda_, operation)(request, state or Functions())
    return [(refusal.code, refusal.message) for refusal in found]


def variables(size: int) -> dict[str, Any]:
    """One variable that is `size` bytes with its name, as Lambda measures them: {"AB":"…"}."""
    return {"Environment": {"Variables": {"AB": "x" * (size - len('{"AB":""}'))}}}


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("function", {}),
        ("function", {"Environment": {"Variables": {"PATH": "/opt", "TZ": "UTC", "AWS_LAMBDA_EXEC_WRAPPER": "/w"}}}),
        ("function", variables(4_096)),
        ("create_mapping", MAPPING),
        ("create_mapping", {**MAPPING, "BatchSize": 10}),
        ("create_mapping", {**MAPPING, "BatchSize": 11, "MaximumBatchingWindowInSeconds": 1}),
        ("create_mapping", {**MAPPING, "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]}}),
        ("create_mapping", {**MAPPING, "FunctionName": "unknown"}),
        ("create_mapping", {"EventSourceArn": "arn:aws:kinesis:us-east-1:1:stream/s", "StartingPosition": "LATEST"}),
        ("update_mapping", {"UUID": "m", "BatchSize": 11, "MaximumBatchingWindowInSeconds": 1}),
        ("update_mapping", {"UUID": "unknown", "BatchSize": 11}),
    ],
)
def test_what_lambda_takes_is_taken(operation: str, members: dict[str, Any]) -> None:
    assert refused(operation, **members) == []


@pytest.mark.parametrize(
    ("operation", "members", "message"),
    [
        ("create_mapping", {**MAPPING, "BatchSize": 11}, NO_WINDOW),
        ("create_mapping", {**MAPPING, "BatchSize": 11, "MaximumBatchingWindowInSeconds": 0}, NO_WINDOW),
        ("update_mapping", {"UUID": "m", "BatchSize": 11}, NO_WINDOW),
        ("create_mapping", {**MAPPING, "FilterCriteria": {"Filters": [{"Pattern": "body"}]}}, NO_PATTERN),
        (
            "create_mapping",
            {**MAPPING, "StartingPosition": "LATEST"},
            "StartingPosition is not valid for SQS event sources.",
        ),
    ],
)
def test_what_lambda_refuses_is_refused(operation: str, members: dict[str, Any], message: str) -> None:
    assert refused(operation, **members) == [("InvalidParameterValueException", message)]


def test_an_aliass_own_version_gets_no_share_besides() -> None:
    shares = {"AdditionalVersionWeights": {"7": 0.25}}

    assert refused("alias", FunctionVersion="6", RoutingConfig=shares) == []
    assert refused("alias", FunctionVersion="7") == []
    assert refused("alias", FunctionVersion="7", RoutingConfig=shares) == [
        (
            "InvalidParameterValueException",
            "Invalid function version 7. Function version 7 is already included in routing configuration.",
        )
    ]


def test_reserved_variables_are_named() -> None:
    [(code, message)] = refused("function", Environment={"Variables": {"AWS_REGION": "x", "AB": "y", "_HANDLER": "z"}})

    assert code == "InvalidParameterValueException"
    assert message == (
        "Lambda was unable to configure your environment variables because the environment variables you have "
        "provided contains reserved keys that are currently not supported for modification. "
        "Reserved keys used in this request: AWS_REGION, _HANDLER"
    )


def test_variables_above_4_kb_are_refused_without_repeating_them() -> None:
    [(code, message)] = refused("function", **variables(4_097))

    assert code == "InvalidParameterValueException"
    assert message == (
        "Lambda was unable to configure your environment variables because the environment variables you have "
        "provided exceeded the 4KB limit. Measured size: 4097 bytes"
    )


@pytest.mark.parametrize("operation", ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"])
def test_a_mapping_needs_the_queues_actions_in_the_functions_role(operation: str) -> None:
    state = Functions(denied=f"sqs:{operation}")

    assert refused("create_mapping", state, **MAPPING) == [
        (
            "InvalidParameterValueException",
            f"The provided execution role does not have permissions to call {operation} on SQS",
        )
    ]


def test_a_mapping_can_be_disabled_whatever_was_taken_from_the_role() -> None:
    state = Functions(visibility=1, denied="sqs:ReceiveMessage")

    assert refused("update_mapping", state, UUID="m", Enabled=False) == []
    assert refused("update_mapping", state, UUID="m", Enabled=True) != []


def test_the_queue_must_hide_messages_as_long_as_the_function_may_run() -> None:
    """AWS refuses a visibility timeout that is shorter than the function's timeout (ESM-08)."""
    assert refused("create_mapping", Functions(visibility=60), **MAPPING) == []
    assert refused("update_mapping", Functions(visibility=59), UUID="m") == [
        (
            "InvalidParameterValueException",
            "Queue visibility timeout: 59 seconds is less than Function timeout: 60 seconds",
        )
    ]
