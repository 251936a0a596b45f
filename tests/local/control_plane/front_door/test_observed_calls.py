"""What roles did: pure."""

from selador_local.control_plane.front_door.observed_calls import ObservedCalls


def test_each_action_of_a_role_is_kept_once_for_each_resource() -> None:
    calls = ObservedCalls()
    for resource in ("queue-b", "queue-a", "queue-b"):
        calls.note("role", "sqs:SendMessage", resource)
    calls.note("another", "sqs:SendMessage", "queue-a")

    assert calls.as_list() == [
        {"roleArn": "another", "action": "sqs:SendMessage", "resource": "queue-a"},
        {"roleArn": "role", "action": "sqs:SendMessage", "resource": "queue-a"},
        {"roleArn": "role", "action": "sqs:SendMessage", "resource": "queue-b"},
    ]


def test_resources_without_end_are_not_kept_without_end() -> None:
    calls = ObservedCalls()
    for number in range(1_000):
        calls.note("role", "execute-api:ManageConnections", f"connection-{number}")

    assert len(calls.as_list()) == 20
