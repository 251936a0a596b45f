"""Metric alarms, evaluated on data. The first cases were recorded from CloudWatch (CW-55)."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from selador_local.cloudwatch.alarm import AlarmDefinitionError, AlarmState, StateValue
from selador_local.cloudwatch.datum import Datum, MetricIdentity, ReadData
from selador_local.cloudwatch.metric_alarm import MetricAlarm, evaluate
from selador_local.cloudwatch.metric_data import MetricQueryError

OK, ALARM, INSUFFICIENT = StateValue.OK, StateValue.ALARM, StateValue.INSUFFICIENT_DATA


def definition(**members: Any) -> dict[str, Any]:
    return {
        "AlarmName": "an-alarm",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:an-alarm",
        "AlarmConfigurationUpdatedTimestamp": datetime(2026, 9, 14, tzinfo=UTC),
        "Namespace": "Selador",
        "MetricName": "Signal",
        "Dimensions": [{"Name": "FunctionName", "Value": "main"}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 50.0,
        "ComparisonOperator": "GreaterThanThreshold",
    } | members


def metric_math(*expressions: str, period: int = 60, **members: Any) -> dict[str, Any]:
    """Define an alarm on the last of some expressions over the metrics `bad` and `good`."""
    metrics = [
        {
            "Id": name.lower(),
            "MetricStat": {
                "Metric": {"Namespace": "Selador", "MetricName": name},
                "Period": period,
                "Stat": "Sum",
            },
            "ReturnData": False,
        }
        for name in ("Bad", "Good")
    ]
    queries = [
        {"Id": f"e{number}", "Expression": text, "ReturnData": text is expressions[-1]}
        for number, text in enumerate(expressions)
    ]
    single = {"Namespace", "MetricName", "Dimensions", "Statistic", "Period"}
    return {name: value for name, value in definition().items() if name not in single} | {
        "Metrics": [*metrics, *queries],
        **members,
    }


def reader(data: Iterable[Datum]) -> ReadData:
    kept = list(data)

    def read(metric: MetricIdentity, start: float, end: float) -> list[Datum]:
        return [datum for datum in kept if datum.metric == metric and start <= datum.time < end]

    return read


def points(name: str, values: Mapping[float, float], *, unit: str = "Count", **dimensions: str) -> list[Datum]:
    return [
        Datum("Selador", name, tuple(sorted(dimensions.items())), time, unit, (value,), (1.0,))
        for time, value in values.items()
    ]


def signal(values: Mapping[float, float], **rest: Any) -> ReadData:
    return reader(points("Signal", values, FunctionName="main", **rest))


def state(value: StateValue) -> AlarmState:
    return AlarmState(value, "as before", None, 0)


def at(clock: str) -> float:
    """Return a time of the day of the recording."""
    return datetime.fromisoformat(f"2026-09-14T{clock}+00:00").timestamp()


DENSE = {"05:42:25": 100.0, "05:42:35": 0.0, "05:42:45": 100.0}
RECORDED = json.loads((Path(__file__).parents[2] / "events" / "cloudwatch" / "alarm_evaluations.json").read_text())


@pytest.mark.parametrize("case", RECORDED, ids=[case["name"] for case in RECORDED])
def test_state_and_reason_are_those_recorded_from_cloudwatch(case: dict[str, Any]) -> None:
    alarm = MetricAlarm.from_api(
        definition(
            Period=10,
            Unit="Count",
            DatapointsToAlarm=case["datapointsToAlarm"],
            TreatMissingData=case["treatMissingData"],
        )
    )
    read = signal({at(time): one for time, one in case["data"].items()})

    after = evaluate(alarm, read, at(case["now"]), state(StateValue(case["before"])))

    assert (after.value, after.reason, after.changed) == (case["state"], case["reason"], at(case["now"]))
    assert after.reason_data is not None
    assert after.reason_data["recentDatapoints"] == case["recentDatapoints"]
    evaluated = [point["timestamp"][11:19] for point in after.reason_data["evaluatedDatapoints"]]
    assert evaluated == case["evaluatedDatapoints"]


@pytest.mark.parametrize("now", ["05:43:30", "05:44:07"])
def test_nothing_changes_before_a_recorded_change(now: str) -> None:
    alarm = MetricAlarm.from_api(definition(Period=10, DatapointsToAlarm=2))
    before = state(ALARM)

    after = evaluate(alarm, signal({at(time): one for time, one in DENSE.items()}), at(now), before)

    assert after is before


def test_reason_data_has_the_members_and_the_order_of_cloudwatchs() -> None:
    alarm = MetricAlarm.from_api(definition(Period=10, Unit="Count", DatapointsToAlarm=2))

    after = evaluate(alarm, signal({at(time): one for time, one in DENSE.items()}), at("05:43:07.551"), state(OK))

    assert after.reason_data is not None
    assert list(after.reason_data.items()) == [
        ("version", "1.0"),
        ("queryDate", "2026-09-14T05:43:07.551+0000"),
        ("startDate", "2026-09-14T05:42:20.000+0000"),
        ("unit", "Count"),
        ("statistic", "Average"),
        ("period", 10),
        ("recentDatapoints", [100.0, 0.0, 100.0]),
        ("threshold", 50.0),
        (
            "evaluatedDatapoints",
            [
                {"timestamp": "2026-09-14T05:42:40.000+0000", "sampleCount": 1.0, "value": 100.0},
                {"timestamp": "2026-09-14T05:42:20.000+0000", "sampleCount": 1.0, "value": 100.0},
            ],
        ),
    ]


@pytest.mark.parametrize(
    ("samples", "value", "now", "low_samples", "state_after"),
    [
        (99, 10.0, "06:43:25.741", "ignore", INSUFFICIENT),
        (99, 10.0, "06:43:25.741", "evaluate", ALARM),
        (100, 10.0, "06:43:25.741", "ignore", ALARM),
        (101, 10.0, "06:43:25.741", "ignore", ALARM),
        (100, 0.0, "06:43:25.741", "ignore", OK),
    ],
)
def test_a_percentile_of_few_samples_changes_a_state_only_if_asked_to(
    samples: int, value: float, now: str, low_samples: str, state_after: StateValue
) -> None:
    """Recorded: p90 takes 100 samples, 99 leave the state alone (CW-27)."""
    alarm = MetricAlarm.from_api(
        {
            name: member
            for name, member in definition(
                Period=10,
                EvaluationPeriods=1,
                DatapointsToAlarm=1,
                ExtendedStatistic="p90",
                Threshold=5.0,
                EvaluateLowSampleCountPercentile=low_samples,
            ).items()
            if name != "Statistic"
        }
    )
    dimensions = (("FunctionName", "main"),)
    read = reader([Datum("Selador", "Signal", dimensions, at("06:43:01"), "Count", (value,), (float(samples),))])

    after = evaluate(alarm, read, at(now), state(INSUFFICIENT))

    assert after.value == state_after


@pytest.mark.parametrize(
    ("statistic", "needed"), [("p50", 20), ("p99", 1000), ("p99.9", 10000), ("p10", 100), ("p100", 1)]
)
def test_a_percentile_needs_more_samples_the_nearer_it_is_to_an_end(statistic: str, needed: int) -> None:
    members = definition(
        EvaluationPeriods=1, ExtendedStatistic=statistic, Threshold=5.0, EvaluateLowSampleCountPercentile="ignore"
    )
    del members["Statistic"]
    alarm = MetricAlarm.from_api(members)

    def value_of(samples: int) -> StateValue:
        dimensions = (("FunctionName", "main"),)
        read = reader([Datum("Selador", "Signal", dimensions, 600, "Count", (10.0,), (float(samples),))])
        return evaluate(alarm, read, 660, state(OK)).value

    assert value_of(needed) == ALARM
    assert needed == 1 or value_of(needed - 1) == OK


def test_an_expression_s_points_have_no_samples_and_no_statistic() -> None:
    """Recorded: an alarm on an expression of ten-second periods looks at the newest whole one."""
    alarm = MetricAlarm.from_api(
        metric_math("bad + 1", period=10, EvaluationPeriods=1, DatapointsToAlarm=1, Threshold=5.0)
    )

    after = evaluate(alarm, reader(points("Bad", {at("06:46:11"): 10.0})), at("06:46:28.197"), state(OK))

    assert after.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [11.0 (14/09/26 06:46:10)] was greater than the threshold "
        "(5.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert after.reason_data == {
        "version": "1.0",
        "queryDate": "2026-09-14T06:46:28.197+0000",
        "startDate": "2026-09-14T06:46:10.000+0000",
        "period": 10,
        "recentDatapoints": [11.0],
        "threshold": 5.0,
        "evaluatedDatapoints": [{"timestamp": "2026-09-14T06:46:10.000+0000", "value": 11.0}],
    }


def test_an_alarm_that_names_no_number_of_data_points_has_a_shorter_reason() -> None:
    """Published in a transcript (CW-34)."""
    alarm = MetricAlarm.from_api(
        definition(EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanOrEqualToThreshold")
    )
    minute = datetime(2025, 2, 2, 12, 5, tzinfo=UTC).timestamp()

    after = evaluate(alarm, signal({minute: 1.0}), minute + 95.472, state(OK))

    assert after.reason == (
        "Threshold Crossed: 1 datapoint [1.0 (02/02/25 12:05:00)] was greater than or equal to the threshold (1.0)."
    )


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", [51.0]),
        ("GreaterThanOrEqualToThreshold", [50.0, 51.0]),
        ("LessThanThreshold", [49.0]),
        ("LessThanOrEqualToThreshold", [49.0, 50.0]),
    ],
)
def test_a_point_is_compared_with_the_threshold(comparison: str, breaching: list[float]) -> None:
    alarm = MetricAlarm.from_api(definition(EvaluationPeriods=1, ComparisonOperator=comparison))

    raised = [
        value for value in (49.0, 50.0, 51.0) if evaluate(alarm, signal({600: value}), 660, state(OK)).value == ALARM
    ]

    assert raised == breaching


def test_a_long_period_slides_by_minutes() -> None:
    """At 13:57 a period of five minutes reaches from 13:52, at 13:58 from 13:53 (CW-19)."""
    alarm = MetricAlarm.from_api(definition(Period=300, EvaluationPeriods=1, Statistic="Sum", Threshold=2.0))
    read = signal({60.0 * minute: 1.0 for minute in (2, 3, 4)})

    values = [evaluate(alarm, read, 60 * minute + 4, state(OK)).value for minute in (4, 5, 6, 7, 8)]

    assert values == [OK, ALARM, ALARM, ALARM, OK]


def test_the_minute_that_is_not_over_does_not_count() -> None:
    alarm = MetricAlarm.from_api(definition(EvaluationPeriods=1))

    assert evaluate(alarm, signal({600: 100.0}), 659.9, state(OK)).value == INSUFFICIENT
    assert evaluate(alarm, signal({600: 100.0}), 660, state(OK)).value == ALARM


def test_other_dimensions_and_units_are_other_data() -> None:
    alarm = MetricAlarm.from_api(definition(EvaluationPeriods=1, Unit="Count"))

    other_function = reader(points("Signal", {600: 100.0}, FunctionName="handler"))
    other_unit = signal({600: 100.0}, unit="Percent")

    assert evaluate(alarm, other_function, 660, state(INSUFFICIENT)).value == INSUFFICIENT
    assert evaluate(alarm, other_unit, 660, state(INSUFFICIENT)).value == INSUFFICIENT


def test_a_counter_that_exists_while_something_happens_ends_its_alarm_without_data() -> None:
    """Our counters' alarms: missing data are not breaching."""
    alarm = MetricAlarm.from_api(
        definition(
            EvaluationPeriods=1,
            DatapointsToAlarm=1,
            Statistic="Sum",
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
        )
    )
    read = signal({600: 3.0})
    states = [AlarmState.of_new_alarm(540)]

    for now in (600, 660, 720, 780, 840):
        states.append(evaluate(alarm, read, now, states[-1]))

    assert [one.value for one in states] == [INSUFFICIENT, OK, ALARM, ALARM, ALARM, OK]
    assert [one.changed for one in states] == [540, 600, 660, 660, 660, 840]
    assert states[-1].reason == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[NonBreaching]."
    )


BURN_RATE = (
    "FILL(bad, 0)",
    "FILL(good, 0)",
    "IF(e0 + e1 >= 20, e0 / (e0 + e1), 0)",
)


@pytest.mark.parametrize(
    ("bad", "good", "value"),
    [
        ([0, 0, 0], [100, 100, 100], OK),
        ([2, 2, 2], [98, 98, 98], ALARM),
        ([5, 5, 5], [10, 10, 10], OK),  # too few to tell
        ([30, 30, 30], [None, None, None], ALARM),
        ([2, 0, 2], [98, 98, 98], OK),  # two of three
        ([None, None, None], [None, None, None], OK),
    ],
)
def test_an_error_budgets_burn_rate_is_guarded_by_volume(
    bad: list[float | None], good: list[float | None], value: StateValue
) -> None:
    alarm = MetricAlarm.from_api(
        metric_math(
            *BURN_RATE, EvaluationPeriods=3, DatapointsToAlarm=3, Threshold=0.0144, TreatMissingData="notBreaching"
        )
    )
    data = [
        datum
        for name, values in (("Bad", bad), ("Good", good))
        for datum in points(name, {600.0 + 60 * number: one for number, one in enumerate(values) if one is not None})
    ]

    assert evaluate(alarm, reader(data), 780, state(INSUFFICIENT)).value == value


def test_the_arrival_of_a_dead_letter_raises_one_alarm_and_its_staying_ends_it() -> None:
    alarm = MetricAlarm.from_api(
        metric_math("DIFF(FILL(bad, REPEAT))", EvaluationPeriods=1, DatapointsToAlarm=1, Threshold=0.0)
    )
    read = reader(points("Bad", {60.0 * minute: float(minute >= 6) for minute in range(12)}))
    states = [state(OK)]

    for minute in (5, 6, 7, 8, 9):
        states.append(evaluate(alarm, read, 60 * minute, states[-1]))

    assert [one.value for one in states[1:]] == [OK, OK, ALARM, OK, OK]


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        (
            definition(ComparisonOperator="GreaterThanUpperThreshold", ThresholdMetricId="ad1"),
            "the alarm an-alarm compares by GreaterThanUpperThreshold with a band of anomaly detection, which the",
        ),
        (
            definition(ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold"),
            "the alarm an-alarm compares by LessThanLowerOrGreaterThanUpperThreshold with a band of anomaly detection",
        ),
        (definition(Statistic="Median"), "the alarm an-alarm can't be evaluated: 'Median' is no statistic"),
        (
            metric_math("SEARCH('x', 'Sum')"),
            "the alarm an-alarm can't be evaluated: 'e0': SEARCH is computed by CloudWatch",
        ),
        (metric_math("bad +"), "the alarm an-alarm can't be evaluated: 'e0': the expression 'bad +' has the end"),
        (
            metric_math() | {"Metrics": [query | {"ReturnData": True} for query in metric_math()["Metrics"]]},
            "the alarm an-alarm can't be evaluated: an alarm has exactly one query with ReturnData; this ",
        ),
        (
            metric_math(),
            "the alarm an-alarm can't be evaluated: an alarm has exactly one query with ReturnData; this ",
        ),
    ],
)
def test_an_alarm_that_can_t_be_evaluated_is_refused_by_name(members: dict[str, Any], complaint: str) -> None:
    with pytest.raises(AlarmDefinitionError) as raised:
        MetricAlarm.from_api(members)

    assert str(raised.value).startswith(complaint)


def test_an_alarm_has_one_period() -> None:
    members = metric_math("2 * bad")
    members["Metrics"][1]["MetricStat"]["Period"] = 300

    with pytest.raises(AlarmDefinitionError, match="its metrics have periods of 60, 300 s; an alarm has one period"):
        MetricAlarm.from_api(members)


def test_an_expression_of_several_series_can_t_be_watched() -> None:
    alarm = MetricAlarm.from_api(metric_math("METRICS() * 2"))

    with pytest.raises(MetricQueryError, match="'e0' yields 2 time series; an alarm watches one"):
        evaluate(alarm, reader([]), 600, state(OK))
