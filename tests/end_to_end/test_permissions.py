"""The functions' permissions, on the running stack: each is needed, and taken away it fails in its own place."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from selador_local.iam_policy.conditions import as_list
from selador_local.iam_policy.wildcards import matches
from selador_local.stack.stack import Stack

from .conftest import Client, connected, connection, control, log_of

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient
    from types_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef
    from types_boto3_logs import CloudWatchLogsClient

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

QUESTION = "Which flats near the harbour allow pets?"
PROBES = 20
PROBE_SECONDS = 3
"""Data plane and Bedrock may ask about a permission seconds after it is gone."""

type Document = dict[str, Any]
type Eventually = Callable[[Callable[[], bool]], bool]

UNSEEN = {
    ("main", "bedrock:InvokeModel"): "whether RetrieveAndGenerateStream needs it beside the other isn't known (BR-30)",
    ("main", "sqs:GetQueueAttributes"): "Lambda asks for it when a mapping is made (ESM-12)",
}
"""What is granted though nothing asks for it here, and why."""

FUNCTIONS = ("websocket_handler", "main")
OF_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
"""Lambda writes the functions' logs with their roles, and says nothing if it may not."""


@dataclass(frozen=True)
class Loss:
    """A permission taken away from a function's role: `place` then says `words`."""

    function: str
    action: str
    place: str
    words: str


LOSSES = [
    Loss("websocket_handler", "sqs:SendMessage", "client", "unavailable"),
    Loss("main", "bedrock:InvokeModelWithResponseStream", "main", "bedrock:InvokeModelWithResponseStream"),
    Loss("main", "bedrock:Retrieve", "main", "perform: bedrock:Retrieve on"),
    Loss("main", "bedrock:RetrieveAndGenerate", "main", "perform: bedrock:RetrieveAndGenerate on"),
    Loss("main", "execute-api:ManageConnections", "main", "403 ForbiddenException"),
    Loss("main", "sqs:ChangeMessageVisibility", "main", "perform: sqs:ChangeMessageVisibility on"),
    Loss("main", "sqs:DeleteMessage", "mapping", "perform: sqs:DeleteMessage on"),
    Loss("main", "sqs:ReceiveMessage", "mapping", "perform: sqs:ReceiveMessage on"),
]


@pytest.fixture
def iam(stack: Stack) -> "IAMClient":
    return boto3.client("iam", **stack.control_plane.client_arguments)


def configuration_of(stack: Stack, function: str) -> "FunctionConfigurationResponseTypeDef":
    functions = boto3.client("lambda", **stack.control_plane.client_arguments)
    return functions.get_function_configuration(FunctionName=stack.outputs[f"{function}_function_name"])


def role_of(stack: Stack, function: str) -> str:
    return configuration_of(stack, function)["Role"].rpartition("/")[2]


def policies_of(iam: "IAMClient", role: str) -> dict[str, Document]:
    """Return a role's policies by name."""
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents: dict[str, Any] = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names
    }
    return documents


def granted(policies: dict[str, Document]) -> set[tuple[str, str]]:
    """Return each action that the policies allow, with the pattern of its resources."""
    return {
        (action, resource)
        for document in policies.values()
        for statement in as_list(document["Statement"])
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def less(document: Document, action: str) -> Document | None:
    """Return the document without an action; None if nothing is left of it."""
    statements = [
        {**statement, "Action": left}
        for statement in as_list(document["Statement"])
        if (left := [one for one in as_list(statement["Action"]) if one != action])
    ]
    return {**document, "Statement": statements} if statements else None


@contextmanager
def without(iam: "IAMClient", role: str, action: str) -> Iterator[None]:
    """Take an action away from a role inside the block."""
    policies = policies_of(iam, role)
    try:
        for name, document in policies.items():
            rest = less(document, action)
            if rest is None:
                iam.delete_role_policy(RoleName=role, PolicyName=name)
            else:
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(rest))
        yield
    finally:
        for name, document in policies.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def ask(client: Client, **message: Any) -> str:
    """Ask, and return the type of the last frame."""
    client.send({"action": "invoke", **message})
    return str(client.receive_until("completed", "error")[-1]["type"])


def test_what_is_granted_is_used_and_nothing_else(
    stack: Stack, iam: "IAMClient", client: Client, eventually: Eventually
) -> None:
    """A call that isn't granted is refused, so what is observed can't be more; it must not be less either."""
    assert ask(client, text=QUESTION) == "completed"
    inputs = {"neighbourhood": "Harbour Quarter", "reader": "a couple"}
    assert ask(client, type="workflow", workflow="neighbourhood_brief", inputs=inputs) == "completed"

    def unused() -> set[tuple[str, str]]:
        calls = stack.control_plane.ask("observed-calls", {})["calls"]
        found = set()
        for function in FUNCTIONS:
            role = role_of(stack, function)
            used = {(call["action"], call["resource"]) for call in calls if call["roleArn"].endswith(f"/{role}")}
            found |= {
                (function, action)
                for action, pattern in granted(policies_of(iam, role))
                if not any(action == done and matches(pattern, resource) for done, resource in used)
            }
        return found

    # A message is deleted, and lines are delivered, a moment after the answer.
    assert eventually(lambda: unused() <= set(UNSEEN)), unused()
    assert unused() == set(UNSEEN)


def test_each_permission_is_tried_without(stack: Stack, iam: "IAMClient") -> None:
    """Whoever grants another action says here where it is missed."""
    allowed = {
        (function, action)
        for function in FUNCTIONS
        for action, _ in granted(policies_of(iam, role_of(stack, function)))
    }

    tried = {(loss.function, loss.action) for loss in LOSSES} | set(product(FUNCTIONS, OF_LOGS))
    assert tried == allowed - set(UNSEEN)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: f"{loss.function}-{loss.action}")
def test_a_permission_taken_away_fails_in_its_place(
    stack: Stack, iam: "IAMClient", caplog: pytest.LogCaptureFixture, loss: Loss
) -> None:
    read: dict[str, Callable[[Client], str]] = {
        "client": lambda client: json.dumps(client.receive()),
        "main": lambda _: log_of(stack, "main")[logged_before:],
        "mapping": lambda _: caplog.text,
    }
    logged_before = len(log_of(stack, "main"))
    caplog.set_level(logging.WARNING)

    with without(iam, role_of(stack, loss.function), loss.action), connected(stack) as client:
        for _ in range(PROBES):
            client.send({"action": "invoke", "text": QUESTION})
            if seen(lambda: loss.words in read[loss.place](client)):
                break
        else:
            pytest.fail(f"without {loss.action}, {loss.place} never said {loss.words!r}")

    with connected(stack) as client:
        assert ask(client, text=QUESTION) == "completed"


@pytest.mark.parametrize("action", OF_LOGS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_without_permission_no_line_reaches_the_log_group(
    stack: Stack, iam: "IAMClient", eventually: Eventually, function: str, action: str
) -> None:
    logs = boto3.client("logs", **stack.control_plane.client_arguments)
    group = configuration_of(stack, function)["LoggingConfig"]["LogGroup"]
    request_id = f"{function}-{action.partition(':')[2]}"

    with without(iam, role_of(stack, function), action), connected(stack) as client:
        if action == "logs:CreateLogStream":
            control(stack, "environments")  # each new one begins a stream
        assert ask(client, text=QUESTION, requestId=request_id) == "completed"
        assert eventually(lambda: request_id in log_of(stack, function))
        deliver_lines(stack, logs, eventually)

    assert logs.filter_log_events(logGroupName=group, filterPattern=f'"{request_id}"')["events"] == []


def deliver_lines(stack: Stack, logs: "CloudWatchLogsClient", eventually: Eventually) -> None:
    """Wait until what is logged by now was sent to its groups, and taken or refused.

    It is sent in the order in which it was logged, but stream by stream: the second handshake after it tells.
    """
    for _ in range(2):
        with connection(stack) as (_, connection_id):
            pass
        of_handshake = {"logGroupName": stack.outputs["log_group_names"]["api_access"], "filterPattern": connection_id}
        assert eventually(lambda: bool(logs.filter_log_events(**of_handshake)["events"]))  # noqa: B023 # asked at once


def seen(question: Callable[[], bool]) -> bool:
    """Ask again and again until it is true, or for the time of a probe."""
    ends = time.monotonic() + PROBE_SECONDS
    while time.monotonic() < ends:
        if question():
            return True
        time.sleep(0.1)
    return False
