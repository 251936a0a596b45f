"""What a caller gets for an invocation that Lambda itself ended."""

import json

import pytest

from selador_local.data_plane.lambda_service.invocation import exited, out_of_memory, timed_out


def test_a_timeout_says_after_how_many_seconds() -> None:
    result = timed_out("r1", 3)

    assert result.function_error == "Unhandled"
    assert json.loads(result.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r1 Error: Task timed out after 3.00 seconds",
    }


def test_too_much_memory_has_a_type_of_its_own() -> None:
    result = out_of_memory("r1")

    assert (result.function_error, result.error_type) == ("Unhandled", "Runtime.OutOfMemory")


@pytest.mark.parametrize(
    ("return_code", "cause"),
    [
        (0, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
        (-40, "Runtime exited with error: signal: 40"),
    ],
)
def test_an_exit_says_why(return_code: int, cause: str) -> None:
    result = exited("r1", return_code)

    assert result.function_error == "Unhandled"
    assert json.loads(result.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: r1 Error: {cause}",
    }
