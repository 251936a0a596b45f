"""Why a metric alarm is in a state, as CloudWatch says it in a sentence and in JSON (CW-34)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selador_local.cloudwatch import timestamps
from selador_local.cloudwatch.alarm import StateValue
from selador_local.cloudwatch.missing_data import Judgement, Treatment

_FILLED_AS = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


@dataclass(frozen=True)
class Evaluated:
    """A metric alarm's rule, the periods that it was evaluated on, and what followed."""

    threshold: float
    comparison: str
    """In words, such as "greater than"."""
    evaluation_periods: int
    datapoints_to_alarm: int | None
    """None if the alarm doesn't say: then it is all of the evaluation periods."""
    treatment: Treatment
    starts: Sequence[float]
    """When each period begins, the newest first."""
    values: Sequence[float | None]
    """In the same order."""
    breaching: Sequence[bool | None]
    """In the same order."""
    judgement: Judgement

    @property
    def deciding(self) -> list[int]:
        """The periods with data that speak for the state."""
        wanted = self.judgement.state == StateValue.ALARM
        return [number for number in self.judgement.real if self.breaching[number] is wanted]

    @property
    def minimum(self) -> int:
        """How many data points the state takes."""
        to_alarm = self.datapoints_to_alarm or self.evaluation_periods
        return self.evaluation_periods - to_alarm + 1 if self.judgement.state == StateValue.OK else to_alarm


def sentence(evaluated: Evaluated) -> str:
    """Say why the alarm changed to the state that it was judged to be in."""
    periods, filled_as = evaluated.evaluation_periods, _FILLED_AS.get(evaluated.treatment)
    if evaluated.judgement.state == StateValue.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_counted(periods, 'datapoint')} {_were(periods)} unknown."
    filled = len(evaluated.judgement.filled)
    treated = f"{_counted(filled, 'missing datapoint')} {_were(filled)} treated as [{filled_as}]"
    if not evaluated.judgement.real:
        return f"Threshold Crossed: no datapoints were received for {_counted(periods, 'period')} and {treated}."

    deciding, negation = evaluated.deciding, "" if evaluated.judgement.state == StateValue.ALARM else "not "
    points = ", ".join(_point(evaluated, number) for number in deciding)
    found, transition = f"{_counted(len(deciding), 'datapoint')} [{points}]", ""
    if evaluated.datapoints_to_alarm is not None:
        found = f"{len(deciding)} out of the last {periods} datapoints [{points}]"
        change = "OK -> ALARM" if evaluated.judgement.state == StateValue.ALARM else "ALARM -> OK"
        transition = f" (minimum {_counted(evaluated.minimum, 'datapoint')} for {change} transition)"
    found += f" {_were(len(deciding))} {negation}{evaluated.comparison} the threshold ({evaluated.threshold})"
    why = " and ".join([*([found] if deciding else []), *([treated] if filled and filled_as else [])])
    return f"Threshold Crossed: {why}{transition}."


def data(
    evaluated: Evaluated,
    *,
    now: float,
    period: int,
    statistic: Mapping[str, str],
    samples: Mapping[float, float] | None,
) -> dict[str, Any]:
    """Return StateReasonData. `statistic` has the alarm's statistic and unit, and `samples` the counts of its periods;
    an alarm on metric math has neither.
    """
    real = evaluated.judgement.real
    recent = [evaluated.values[number] for number in range(real[-1], real[0] - 1, -1)] if real else []
    start = {"startDate": timestamps.in_json(evaluated.starts[real[-1]])} if real else {}
    lacking = evaluated.minimum - len(evaluated.deciding)
    shown = sorted([*evaluated.deciding, *evaluated.judgement.filled[: max(lacking, 0)]])
    return {
        "version": "1.0",
        "queryDate": timestamps.in_json(now),
        **start,
        **statistic,
        "period": period,
        "recentDatapoints": recent,
        "threshold": evaluated.threshold,
        "evaluatedDatapoints": [_evaluated_point(evaluated, number, samples) for number in shown],
    }


def _point(evaluated: Evaluated, number: int) -> str:
    return f"{evaluated.values[number]} ({timestamps.of_data_point(evaluated.starts[number])})"


def _evaluated_point(evaluated: Evaluated, number: int, samples: Mapping[float, float] | None) -> dict[str, Any]:
    start, value = evaluated.starts[number], evaluated.values[number]
    point: dict[str, Any] = {"timestamp": timestamps.in_json(start)}
    if value is not None:
        if samples is not None:
            point["sampleCount"] = samples[start]
        point["value"] = value
    return point


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
