"""What CloudWatch refuses in metric alarms (VAL-07), in composite ones (VAL-08) and of deletions (VAL-09). Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from selador_local.control_plane.front_door.refusals import CallRefusedError
from selador_local.control_plane.service_rules.refusals import Refusals, Request, bad_request

_SHORT_PERIODS = frozenset({10, 20, 30})  # seconds; any other is a multiple of a minute
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3_600, 86_400, 604_800
_BAND_OPERATORS = frozenset(
    {"GreaterThanUpperThreshold", "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold"}
)
_MISSING_DATA = frozenset({"breaching", "ignore", "missing", "notBreaching"})  # how missing points count (CW-22)
_PERCENTILE = re.compile(r"p(\d+(?:\.\d+)?)")
_MOST_METRICS = 10
_CHILD = re.compile(r'\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<quoted>[^"]+)"|(?P<plain>[^\s"()]+))\s*\)')


class CloudWatchState(Protocol):
    """What the rules ask about alarms that exist."""

    def alarm_rules(self) -> Mapping[str, str]:
        """Return each alarm's rule by its name; a metric alarm's is empty."""


def put_metric_alarm(request: Request, _state: CloudWatchState) -> Refusals:
    evaluated, to_alarm = request.get("EvaluationPeriods", 1), request.get("DatapointsToAlarm")
    if to_alarm is not None and to_alarm > evaluated:
        yield _invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    for period in _periods(request):
        yield from _period(period, evaluated)
    if "Threshold" not in request and request.get("ComparisonOperator") not in _BAND_OPERATORS:
        yield _invalid("PutMetricAlarm request should have valid Threshold parameter")
    percentile = _PERCENTILE.fullmatch(request.get("ExtendedStatistic", ""))
    if percentile is not None and float(percentile[1]) > 100:
        yield _unsupported(request, "ExtendedStatistic")
    if request.get("TreatMissingData", "missing") not in _MISSING_DATA:
        yield _unsupported(request, "TreatMissingData")
    yield from _queries(request)


def _periods(request: Request) -> Iterator[int]:
    if "Period" in request:
        yield request["Period"]
    for query in request.get("Metrics", ()):
        period = query.get("MetricStat", {}).get("Period", query.get("Period"))
        if period is not None:
            yield period


def _period(period: int, evaluated: int) -> Refusals:
    if period not in _SHORT_PERIODS and (period < _MINUTE or period % _MINUTE != 0):
        yield _invalid("Period must be 10, 20, 30 or a multiple of 60")
    elif period < _HOUR and period * evaluated > _DAY:
        yield _window("a day", _DAY, "<")
    elif period * evaluated > _WEEK:
        yield _window("a week", _WEEK, ">=")


def _window(span: str, seconds: int, comparison: str) -> CallRefusedError:
    return _invalid(
        f"Metrics cannot be checked across more than {span} (EvaluationPeriods * Period must be <= {seconds}) "
        f"for alarms using period {comparison} {_HOUR}"
    )


def _queries(request: Request) -> Refusals:
    queries = request.get("Metrics", ())
    if sum("MetricStat" in query for query in queries) > _MOST_METRICS:
        yield _invalid(f"Too many metrics in alarm, maximum is {_MOST_METRICS}")
    if any(query.get("Expression", "").lstrip().startswith("SEARCH(") for query in queries):
        yield _invalid("SEARCH is not supported on Metric Alarms.")
    threshold_id = request.get("ThresholdMetricId")
    if threshold_id is not None:
        matching = [query for query in queries if query.get("Id") == threshold_id and query.get("ReturnData", True)]
        if len(matching) != 1:
            yield _invalid("Metrics list must contain exactly one metric matching the ThresholdMetricId parameter")


def put_composite_alarm(request: Request, state: CloudWatchState) -> Refusals:
    name, rule = request.get("AlarmName", ""), request.get("AlarmRule", "")
    children = _children(rule)
    if name in children:
        yield _invalid("A composite alarm cannot have a child relation with itself via its AlarmRule")
    if missing := [child for child in dict.fromkeys(children) if child not in state.alarm_rules()]:
        yield _invalid(
            f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
        )
    for member in ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"):
        if request.get("ActionsSuppressor") and member not in request:
            yield _invalid(f"{member} must not be null")
        if member in request and not request.get("ActionsSuppressor"):
            yield _invalid(f"{member} requires an ActionSuppressor")


def delete_alarms(request: Request, state: CloudWatchState) -> Refusals:
    names = request.get("AlarmNames", [])
    left = [rule for name, rule in state.alarm_rules().items() if name not in names]
    if held := [name for name in names if any(name in _children(rule) for rule in left)]:
        what = "it" if len(held) == 1 else "them"
        yield _invalid(f"Cannot delete {','.join(held)} as there are composite alarm(s) depending on {what}.")


def _children(rule: str) -> list[str]:
    return [(found["quoted"] or found["plain"]).rpartition(":alarm:")[2] for found in _CHILD.finditer(rule)]


def _unsupported(request: Request, member: str) -> CallRefusedError:
    return _invalid(f"The value {request[member]} for parameter {member} is not supported.")


def _invalid(message: str) -> CallRefusedError:
    return bad_request("ValidationError", message)
