"""Checks an expression against what it may refer to, and computes it over a window of time."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from selador_local.cloudwatch.metric_math.expression import (
    ArrayOf,
    ExpressionError,
    FunctionCall,
    Keyword,
    Name,
    Negative,
    Node,
    Number,
    Operation,
    Text,
    walk,
)
from selador_local.cloudwatch.metric_math.functions import FUNCTIONS, NOT_COMPUTED, Argument
from selador_local.cloudwatch.metric_math.values import Array, TimeSeries, Value, apply, negative
from selador_local.cloudwatch.window import Window

_LOOK_AT_NAMES = {"METRICS": range(2), "PERIOD": range(1, 2)}
"""The functions that need more than values, and how many arguments they may have."""


@dataclass(frozen=True)
class Scope:
    """What an expression may refer to."""

    window: Window
    metrics: Sequence[str]
    """The ids of all metrics, which METRICS() stands for."""
    values: Mapping[str, Value]
    """By id, what `names` says."""


def names(node: Node, metrics: Iterable[str]) -> set[str]:
    """Return the ids that an expression needs; METRICS() needs each metric that it stands for."""
    needed = set()
    for one in walk(node):
        match one:
            case Name(id=identifier):
                needed.add(identifier)
            case FunctionCall(function="METRICS", arguments=arguments):
                needed.update(_matching(arguments, metrics))
    return needed


def check(node: Node, identifiers: Collection[str], metrics: Collection[str]) -> None:
    """Raise an ExpressionError for a function or an id that isn't there, or a wrong number of arguments."""
    for one in walk(node):
        match one:
            case Name(id=identifier) if identifier not in identifiers:
                raise ExpressionError(f"nothing has the id {identifier!r}; the ids are {_listed(identifiers)}")
            case FunctionCall():
                _check_call(one, metrics)


def _check_call(call: FunctionCall, metrics: Collection[str]) -> None:
    counts = {name: count for name, (count, _) in FUNCTIONS.items()} | _LOOK_AT_NAMES
    if call.function not in counts:
        what = "computed by CloudWatch but not here" if call.function in NOT_COMPUTED else "no function of metric math"
        raise ExpressionError(f"{call.function} is {what}; the laptop computes {_listed(counts)}")
    allowed = counts[call.function]
    if len(call.arguments) not in allowed:
        expected = " or ".join(map(str, allowed))
        raise ExpressionError(f"{call.function} takes {expected} arguments; it was given {len(call.arguments)}")
    match call:
        case FunctionCall(function="METRICS", arguments=arguments):
            _matching(arguments, metrics)
        case FunctionCall(function="PERIOD", arguments=[Name(id=identifier)]) if identifier in metrics:
            pass
        case FunctionCall(function="PERIOD"):
            raise ExpressionError("PERIOD takes the id of a metric, not an expression")


def evaluate(node: Node, scope: Scope) -> Value:
    """Compute an expression that `check` let pass."""
    match node:
        case Number(value=value):
            result: Value = value
        case Name(id=identifier):
            result = scope.values[identifier]
        case ArrayOf(members=members):
            result = tuple(series for member in members for series in _members(evaluate(member, scope)))
        case Negative(operand=operand):
            result = negative(evaluate(operand, scope))
        case Operation(left=left, operator=operator, right=right):
            result = apply(evaluate(left, scope), operator, evaluate(right, scope))
        case FunctionCall():
            result = _call(node, scope)
        case Text(value=text):
            raise ExpressionError(f"the text {text!r} is no value; only METRICS takes a text")
        case Keyword(word=word):
            raise ExpressionError(f"{word} is no value; an id begins with a small letter")
    return result


def _call(call: FunctionCall, scope: Scope) -> Value:
    match call.function:
        case "PERIOD":
            return scope.window.period
        case "METRICS":
            found = _matching(call.arguments, scope.metrics)
            return tuple(series for metric in found for series in _members(scope.values[metric]))
        case function:
            arguments: list[Argument] = [
                argument if isinstance(argument, Keyword) else evaluate(argument, scope) for argument in call.arguments
            ]
            return FUNCTIONS[function][1](scope.window, arguments)


def _members(value: Value) -> Array:
    match value:
        case TimeSeries():
            return (value,)
        case tuple():
            return value
        case _:
            raise ExpressionError(f"an array holds time series; {value:g} is a number")


def _matching(arguments: tuple[Node, ...], metrics: Iterable[str]) -> list[str]:
    match arguments:
        case ():
            return list(metrics)
        case (Text(value=text),):
            return [metric for metric in metrics if text in metric]
        case _:
            raise ExpressionError('METRICS takes a text, such as METRICS("errors"), or nothing')


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"
