"""The sentences of CloudWatch's reasons; `test_metric_alarm.py` holds them against recorded ones."""

import pytest

from selador_local.cloudwatch.missing_data import Treatment, judge
from selador_local.cloudwatch.state_reason import Evaluated, data, sentence

NEWER, OLDER = "01/01/70 00:09:00", "01/01/70 00:08:00"


def evaluated(
    values: list[float | None], *, to_alarm: int | None, treatment: Treatment = "missing", periods: int = 2
) -> Evaluated:
    """Evaluate values of periods that end at minute 10, the newest first, against a threshold of 5."""
    breaching = [None if value is None else value > 5 for value in values]
    judgement = judge(
        breaching, evaluation_periods=periods, datapoints_to_alarm=to_alarm or periods, treatment=treatment
    )
    starts = [60.0 * (9 - number) for number in range(len(values))]
    return Evaluated(5.0, "greater than", periods, to_alarm, treatment, starts, values, breaching, judgement)


@pytest.mark.parametrize(
    ("values", "to_alarm", "treatment", "reason"),
    [
        (
            [9.0, 8.5],
            None,
            "missing",
            f"Threshold Crossed: 2 datapoints [9.0 ({NEWER}), 8.5 ({OLDER})] were greater than the threshold (5.0).",
        ),
        (
            [1.0, 9.0],
            None,
            "missing",
            f"Threshold Crossed: 1 datapoint [1.0 ({NEWER})] was not greater than the threshold (5.0).",
        ),
        (
            [1.0, 2.0],
            2,
            "missing",
            (
                f"Threshold Crossed: 2 out of the last 2 datapoints [1.0 ({NEWER}), 2.0 ({OLDER})] were not greater "
                "than the threshold (5.0) (minimum 1 datapoint for ALARM -> OK transition)."
            ),
        ),
        (
            [9.0, None],
            2,
            "notBreaching",
            (
                "Threshold Crossed: 1 missing datapoint was treated as [NonBreaching] (minimum 1 datapoint for "
                "ALARM -> OK transition)."
            ),
        ),
        (
            [None, None],
            1,
            "notBreaching",
            (
                "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
                "[NonBreaching]."
            ),
        ),
        ([None, None], 2, "missing", "Insufficient Data: 2 datapoints were unknown."),
    ],
)
def test_a_reason_counts_points_and_lists_those_that_decided(
    values: list[float | None], to_alarm: int | None, treatment: Treatment, reason: str
) -> None:
    assert sentence(evaluated(values, to_alarm=to_alarm, treatment=treatment)) == reason


def test_one_unknown_point_is_one() -> None:
    assert sentence(evaluated([None], to_alarm=1, periods=1)) == "Insufficient Data: 1 datapoint was unknown."


def test_the_data_of_a_reason_leave_out_what_an_alarm_on_metric_math_has_not() -> None:
    found = data(evaluated([9.0, 8.5], to_alarm=2), now=605.5, period=60, statistic={}, samples=None)

    assert found == {
        "version": "1.0",
        "queryDate": "1970-01-01T00:10:05.500+0000",
        "startDate": "1970-01-01T00:08:00.000+0000",
        "period": 60,
        "recentDatapoints": [8.5, 9.0],
        "threshold": 5.0,
        "evaluatedDatapoints": [
            {"timestamp": "1970-01-01T00:09:00.000+0000", "value": 9.0},
            {"timestamp": "1970-01-01T00:08:00.000+0000", "value": 8.5},
        ],
    }
