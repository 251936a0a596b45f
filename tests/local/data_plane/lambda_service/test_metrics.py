from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service.concurrency import InUse
from selador_local.data_plane.lambda_service.execution_environment import Invoked
from selador_local.data_plane.lambda_service.invocation import InvokeResult
from selador_local.data_plane.lambda_service.log_lines import Report
from selador_local.data_plane.lambda_service.metrics import invoked, throttled

from .conftest import MakeFunction

NAME = ("FunctionName", "echo")
ALIAS = ("Resource", "echo:live")
SETS = {(), (NAME,), (NAME, ALIAS), (("ExecutedVersion", "7"), NAME, ALIAS)}


def function(make_function: MakeFunction, qualifier: str = ":live") -> Function:
    return make_function("", arn=f"arn:aws:lambda:us-east-1:123456789012:function:echo{qualifier}")


def test_an_invocation_is_stamped_with_its_start(make_function: MakeFunction) -> None:
    """It appears only at the invocation's end (CW-06)."""
    over = Invoked(InvokeResult(b""), 90.5, Report("r", 12.3456, None, 0, "success"))

    data = invoked(function(make_function), over, InUse(function=3, account=8))

    assert {datum.time for datum in data} == {90.5}
    assert {(datum.name, datum.values[0], datum.unit) for datum in data if datum.dimensions} == {
        ("Invocations", 1, "Count"),
        ("Errors", 0, "Count"),
        ("Throttles", 0, "Count"),
        ("Duration", 12.35, "Milliseconds"),
        ("ConcurrentExecutions", 3, "Count"),
    }
    assert {datum.dimensions for datum in data if datum.name == "Errors"} == SETS
    (account,) = (datum for datum in data if datum.name == "ConcurrentExecutions" and not datum.dimensions)
    assert account.values == (8,)


def test_a_failure_is_an_error_and_an_invocation(make_function: MakeFunction) -> None:
    over = Invoked(InvokeResult(b"", "Unhandled"), 0, Report("r", 1, None, 0, "timeout"))

    data = invoked(function(make_function), over, InUse(1, 1))

    assert {(datum.name, datum.values) for datum in data} >= {("Invocations", (1,)), ("Errors", (1,))}


def test_a_throttled_call_is_neither(make_function: MakeFunction) -> None:
    """A throttled call has data of its own (CW-05)."""
    data = throttled(function(make_function), 60)

    assert {(datum.name, datum.time, datum.values) for datum in data} == {("Throttles", 60, (1,))}
    assert {datum.dimensions for datum in data} == SETS


def test_a_version_has_no_executed_version_and_an_unqualified_function_no_resource(
    make_function: MakeFunction,
) -> None:
    version = throttled(function(make_function, ":7"), 0)
    unqualified = throttled(function(make_function, ""), 0)

    assert [datum.dimensions for datum in version] == [(), (NAME,), (NAME, ("Resource", "echo:7"))]
    assert [datum.dimensions for datum in unqualified] == [(), (NAME,)]
