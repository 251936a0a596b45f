"""A function's failure in one line, with the place in the source."""

import json

import pytest

from selador_local.data_plane.function_failures import FunctionFailure, function_failure
from selador_local.data_plane.lambda_service.invocation import InvokeResult, exited, timed_out

CODE = "/home/ann/selador/.local/code/5e88489"


def error(message: str, kind: str, *trace: str) -> InvokeResult:
    """Return an error object as awslambdaric posts it."""
    body = {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": list(trace)}
    return InvokeResult(json.dumps(body).encode(), "Unhandled")


def test_an_exception_names_the_innermost_line_of_the_functions_own_code() -> None:
    failure = function_failure(
        "main",
        error(
            "division by zero\nand more",
            "ZeroDivisionError",
            f'  File "{CODE}/selador_main/handler.py", line 41, in handle\n    return work()\n',
            f'  File "{CODE}/selador_main/worker.py", line 7, in work\n    return 1 / 0\n',
            '  File "/usr/lib/python3.13/json/__init__.py", line 346, in loads\n',
        ),
    )

    assert failure == FunctionFailure(
        "main", "ZeroDivisionError: division by zero", file="selador_main/worker.py", line=7
    )
    assert str(failure) == "main: ZeroDivisionError: division by zero"


def test_a_syntax_error_names_its_line_and_that_the_function_cannot_start() -> None:
    failure = function_failure(
        "main",
        error("Syntax error in module 'x'", "Runtime.UserCodeSyntaxError", f'  File "{CODE}/x.py" Line 3\n    def'),
        starting=True,
    )

    assert str(failure) == "main: it can't start: Runtime.UserCodeSyntaxError: Syntax error in module 'x'"
    assert (failure.file, failure.line) == ("x.py", 3)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (timed_out("7f0c", 30), "Sandbox.Timedout: Task timed out after 30.00 seconds"),
        (exited("7f0c", -9), "Runtime.ExitError: Runtime exited with error: signal: killed"),
        (error("", "KeyError"), "KeyError"),
        (InvokeResult(b"no JSON", "Unhandled"), "an error without a message"),
        (error("x" * 900, "E"), "E: " + "x" * 200),
    ],
    ids=["timeout", "killed", "without a message", "unreadable", "long"],
)
def test_every_failure_has_a_reason_of_one_line(result: InvokeResult, reason: str) -> None:
    assert function_failure("main", result).reason == reason
