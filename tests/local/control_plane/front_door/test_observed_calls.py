"""What roles did: pure."""

from selador_local.control_plane.front_door.observed_calls import ObservedCalls
from selador_local.control_plane.front_door.permissions import Permission


def test_each_action_of_a_role_is_kept_once_for_each_resource_and_condition() -> None:
    calls = ObservedCalls()
    for resource in ("queue-b", "queue-a", "queue-b"):
        calls.note("role", Permission("sqs:SendMessage", resource))
    calls.note("another", Permission("iam:PassRole", "main", {"iam:passedtoservice": "lambda.amazonaws.com"}))

    passed = {"iam:passedtoservice": "lambda.amazonaws.com"}
    assert calls.as_list() == [
        {"roleArn": "another", "action": "iam:PassRole", "resource": "main", "context": passed},
        {"roleArn": "role", "action": "sqs:SendMessage", "resource": "queue-a", "context": {}},
        {"roleArn": "role", "action": "sqs:SendMessage", "resource": "queue-b", "context": {}},
    ]


def test_resources_without_end_are_not_kept_without_end() -> None:
    calls = ObservedCalls()
    for number in range(1_000):
        calls.note("role", Permission("execute-api:ManageConnections", f"connection-{number}"))

    assert len(calls.as_list()) == 200
