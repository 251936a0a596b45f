"""A request's useful life, shortened to the least that Terraform takes."""

import pytest

from selador_local.bedrock.faults import Fault, FaultKind
from selador_local.stack.stack import Stack

from .conftest import Apply, connected, question

pytestmark = pytest.mark.end_to_end


def test_a_request_older_than_its_useful_life_is_an_error_before_any_paid_call(stack: Stack, apply: Apply) -> None:
    apply({"request_max_age_seconds": "60"})
    stack.bedrock.faults.add(Fault(FaultKind.THROTTLE, question=question("too-old")), times=100)

    with connected(stack) as client:
        client.send({"action": "invoke", "text": question("too-old"), "requestId": "too-old"})
        frames = [frame for frame in client.receive_until("completed", "error") if "attempt" in frame]

    assert [frame["type"] for frame in frames if frame["type"] != "heartbeat"] == ["started", "error"]
    assert frames[-1]["code"] == "deadline_exceeded"
    assert "60 seconds" in frames[-1]["message"]
    calls = [call for call in stack.bedrock.calls if "too-old" in call.text]
    assert {call.outcome for call in calls} == {"throttle"}
