"""The metrics of a function's invocations (CW-02). Pure.

A datum carries the start of its invocation and comes at its end (CW-06).
"""

from selador_local.cloudwatch.datum import Datum
from selador_local.data_plane.deployment import Function
from selador_local.data_plane.lambda_service.concurrency import InUse
from selador_local.data_plane.lambda_service.execution_environment import Invoked

NAMESPACE = "AWS/Lambda"

Dimensions = tuple[tuple[str, str], ...]


def invoked(function: Function, invoked: Invoked, in_use: InUse) -> list[Datum]:
    """Return the data of an invocation that is over; `in_use` is the concurrency at its start."""
    failed = invoked.report.status != "success"
    values = {
        "Invocations": (1.0, "Count"),
        "Errors": (float(failed), "Count"),  # 0 for a success
        "Throttles": (0.0, "Count"),
        "Duration": (round(invoked.report.duration_ms, 2), "Milliseconds"),
    }
    data = [
        Datum(NAMESPACE, name, dimensions, invoked.started_at, unit, (value,), (1,))
        for name, (value, unit) in values.items()
        for dimensions in _dimension_sets(function)
    ]
    for dimensions in _dimension_sets(function):
        concurrent = float(in_use.function if dimensions else in_use.account)
        data.append(
            Datum(NAMESPACE, "ConcurrentExecutions", dimensions, invoked.started_at, "Count", (concurrent,), (1,))
        )
    return data


def throttled(function: Function, at: float) -> list[Datum]:
    """Return the data of an invocation that was throttled, which is neither an invocation nor an error (CW-05)."""
    return [
        Datum(NAMESPACE, "Throttles", dimensions, at, "Count", (1,), (1,)) for dimensions in _dimension_sets(function)
    ]


def _dimension_sets(function: Function) -> list[Dimensions]:
    """Return all functions', the function's, the alias's or version's, and those of the version behind the alias."""
    name = ("FunctionName", function.name)
    sets: list[Dimensions] = [(), (name,)]
    qualifier = function.arn.split(":")[7:]
    if qualifier:
        resource = ("Resource", f"{function.name}:{qualifier[0]}")
        sets.append((name, resource))
        if qualifier[0] != function.version:
            sets.append((("ExecutedVersion", function.version), name, resource))
    return sets
