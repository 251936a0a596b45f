"""Which calls tell the data plane to look."""

import pytest

from selador_local.control_plane.front_door.api_call import ApiCall
from selador_local.control_plane.front_door.changes import Changes


@pytest.mark.parametrize(
    ("service", "operation", "counted"),
    [
        ("lambda", "UpdateEventSourceMapping", 1),
        ("lambda", "RemovePermission", 1),
        ("apigateway", "CreateDeployment", 1),
        ("lambda", "GetFunction", 0),
        ("lambda", "ListEventSourceMappings", 0),
        ("apigateway", "GetRoutes", 0),
        ("sqs", "SendMessage", 0),
        ("iam", "PutRolePolicy", 0),
    ],
)
def test_a_call_counts_if_it_may_change_what_runs(service: str, operation: str, counted: int) -> None:
    changes = Changes()

    changes.note(ApiCall(service, service, operation, {}, "POST"))

    assert changes.count == counted
