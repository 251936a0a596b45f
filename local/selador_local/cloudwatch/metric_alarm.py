"""Metric alarms: read from their definition, and evaluated on the data of a metric or of an expression. Pure."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from selador_local.cloudwatch import state_reason
from selador_local.cloudwatch.alarm import Alarm, AlarmDefinitionError, AlarmState, common_members
from selador_local.cloudwatch.datum import ReadData
from selador_local.cloudwatch.metric_data import MetricQueries, MetricQueryError, MetricStat, metric_identity
from selador_local.cloudwatch.missing_data import Treatment, evaluation_range, judge
from selador_local.cloudwatch.statistics import UnknownStatisticError, statistic
from selador_local.cloudwatch.window import Window

_COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
}
_SAMPLE_COUNT = statistic("SampleCount")


@dataclass(frozen=True)
class MetricAlarm(Alarm):
    """An alarm on a statistic of a metric, or on metric math."""

    watched: MetricStat | MetricQueries
    period: int
    evaluation_periods: int
    datapoints_to_alarm: int | None
    comparison: str
    threshold: float
    treatment: Treatment
    ignores_low_samples: bool
    """Whether a percentile of few samples changes no state."""
    members: Mapping[str, Any]
    """The definition that it was read from, which its notifications repeat."""

    @classmethod
    def from_api(cls, members: Mapping[str, Any]) -> "MetricAlarm":
        """Read a member of DescribeAlarms' `MetricAlarms`; raises an AlarmDefinitionError if it can't be evaluated."""
        name, comparison = members["AlarmName"], members["ComparisonOperator"]
        if comparison not in _COMPARISONS or "ThresholdMetricId" in members:
            raise AlarmDefinitionError(
                f"the alarm {name} compares by {comparison} with a band of anomaly detection, which the laptop doesn't "
                f"compute; it compares with a threshold by {', '.join(_COMPARISONS)}"
            )
        try:
            watched, period = _watched(members)
        except (MetricQueryError, UnknownStatisticError) as error:
            raise AlarmDefinitionError(f"the alarm {name} can't be evaluated: {error}") from error
        return cls(
            **common_members(members),
            watched=watched,
            period=period,
            evaluation_periods=members["EvaluationPeriods"],
            datapoints_to_alarm=members.get("DatapointsToAlarm"),
            comparison=comparison,
            threshold=float(members["Threshold"]),
            treatment=members.get("TreatMissingData", "missing"),
            ignores_low_samples=members.get("EvaluateLowSampleCountPercentile") == "ignore",
            members=members,
        )


def evaluate(alarm: MetricAlarm, read: ReadData, now: float, previous: AlarmState) -> AlarmState:
    """Return the state of an alarm now, which is `previous` itself unless its value changes.

    Raises a MetricQueryError if an expression can't be computed from the data that are there.
    """
    window = _window(alarm, now)
    evaluated = _evaluated(alarm, _points(alarm.watched, read, window), window.starts[::-1])
    samples = _samples(alarm.watched, read, window)
    state = evaluated.judgement.state
    if state in (None, previous.value) or _has_too_few_samples(alarm, evaluated, samples):
        return previous
    data = state_reason.data(
        evaluated, now=now, period=alarm.period, statistic=_statistic(alarm.watched), samples=samples
    )
    return AlarmState(state, state_reason.sentence(evaluated), data, now)


def _evaluated(alarm: MetricAlarm, points: Mapping[float, float], starts: list[float]) -> state_reason.Evaluated:
    breaches, words = _COMPARISONS[alarm.comparison]
    values = [points.get(start) for start in starts]
    breaching = [None if value is None else breaches(value, alarm.threshold) for value in values]
    return state_reason.Evaluated(
        threshold=alarm.threshold,
        comparison=words,
        evaluation_periods=alarm.evaluation_periods,
        datapoints_to_alarm=alarm.datapoints_to_alarm,
        treatment=alarm.treatment,
        starts=starts,
        values=values,
        breaching=breaching,
        judgement=judge(
            breaching,
            evaluation_periods=alarm.evaluation_periods,
            datapoints_to_alarm=alarm.datapoints_to_alarm or alarm.evaluation_periods,
            treatment=alarm.treatment,
        ),
    )


def _watched(members: Mapping[str, Any]) -> tuple[MetricStat | MetricQueries, int]:
    if not members.get("Metrics"):
        name = members.get("Statistic") or members["ExtendedStatistic"]
        stat = MetricStat(metric_identity(members), statistic(name), members["Period"], members.get("Unit"))
        return stat, stat.period
    queries = MetricQueries.from_api(members["Metrics"])
    if len(queries.returned) != 1:  # an alarm watches one time series (CW-28)
        returned = ", ".join(query.id for query in queries.returned) or "none"
        raise MetricQueryError(f"an alarm has exactly one query with ReturnData; this one returns {returned}")
    periods = sorted(set(queries.periods.values()))
    if len(periods) > 1:
        raise MetricQueryError(f"its metrics have periods of {', '.join(map(str, periods))} s; an alarm has one period")
    return queries, periods[0]


def _window(alarm: MetricAlarm, now: float) -> Window:
    """Return the evaluation range: it ends with the last whole minute, and so slides by minutes (CW-19).

    A short period ends with the last whole ten seconds. A metric's are looked at one period late (CW-55).
    """
    step = 60 if alarm.period >= 60 else 10
    end = now // step * step
    if alarm.period < 60 and isinstance(alarm.watched, MetricStat):
        end -= alarm.period
    return Window(end - alarm.period * evaluation_range(alarm.period, alarm.evaluation_periods), end, alarm.period)


def _points(watched: MetricStat | MetricQueries, read: ReadData, window: Window) -> Mapping[float, float]:
    if isinstance(watched, MetricStat):
        return watched.points(read, window)
    (result,) = watched.results(read, lambda _period: window)
    match result.series:
        case [series]:
            return series.points
        case several:
            raise MetricQueryError(f"{result.id!r} yields {len(several)} time series; an alarm watches one")


def _samples(watched: MetricStat | MetricQueries, read: ReadData, window: Window) -> Mapping[float, float] | None:
    if isinstance(watched, MetricQueries):
        return None
    return MetricStat(watched.metric, _SAMPLE_COUNT, watched.period, watched.unit).points(read, window)


def _has_too_few_samples(
    alarm: MetricAlarm, evaluated: state_reason.Evaluated, samples: Mapping[float, float] | None
) -> bool:
    """Whether a percentile has too few samples to change a state: under 10/(1-p), or 10/p below the median (CW-27)."""
    percent = alarm.watched.statistic.percentile if isinstance(alarm.watched, MetricStat) else None
    if not (alarm.ignores_low_samples and evaluated.judgement.real and samples and percent) or percent == 100:
        return False
    needed = round(1000 / min(percent, 100 - percent), 6)
    return sum(samples[evaluated.starts[number]] for number in evaluated.judgement.real) < needed


def _statistic(watched: MetricStat | MetricQueries) -> dict[str, str]:
    if isinstance(watched, MetricQueries):
        return {}
    unit = {"unit": watched.unit} if watched.unit else {}
    return {**unit, "statistic": watched.statistic.name}
