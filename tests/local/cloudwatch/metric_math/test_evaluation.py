"""Expressions over the metrics that they name: those of our dashboard's and alarms' kind."""

import pytest

from selador_local.cloudwatch.metric_math.evaluation import Scope, check, evaluate, names
from selador_local.cloudwatch.metric_math.expression import ExpressionError, parse
from selador_local.cloudwatch.metric_math.values import TimeSeries, Value
from selador_local.cloudwatch.window import Window


def series(*values: float | None, label: str = "") -> TimeSeries:
    return TimeSeries({60.0 * number: value for number, value in enumerate(values) if value is not None}, label)


METRICS = {
    "bad": series(1, None, 6, None),
    "good": series(9, 10, 4, None),
    "errors_4xx": series(1, 2, 3, 4),
    "errors_5xx": series(None, 1, None, 1),
}
WINDOW = Window(0, 240, 60)


def computed(expression: str) -> Value:
    tree = parse(expression)
    check(tree, METRICS, list(METRICS))
    return evaluate(tree, Scope(WINDOW, list(METRICS), METRICS))


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        # an error budget's burn rate, guarded by volume
        ("IF(bad + good >= 10, bad / (bad + good), 0)", series(0.1, 0, 0.6)),
        (
            "IF(FILL(bad, 0) + FILL(good, 0) >= 10, FILL(bad, 0) / (FILL(bad, 0) + FILL(good, 0)), 0)",
            series(0.1, 0, 0.6, 0),
        ),
        ("DIFF(FILL(bad, 0))", series(None, -1, 6, -6)),
        ("SUM(METRICS())", series(11, 13, 13, 5)),
        ("SUM(METRICS('errors'))", series(1, 3, 3, 5)),
        ("MAX([errors_4xx, errors_5xx])", series(1, 2, 3, 4)),
        ("bad / PERIOD(bad)", series(1 / 60, None, 0.1)),
        ("good - AVG(good)", series(4 / 3, 7 / 3, -11 / 3)),
        ("-bad ^ 2", series(-1, None, -36)),
        ("TIME_SERIES(MAX(good)) > 9 AND good > 9", series(0, 1, 0, 0)),
        ("METRICS('5xx') * 100", (series(None, 100, None, 100),)),
        ("RUNNING_SUM([bad, errors_5xx])", (series(1, None, 7), series(None, 1, None, 2))),
        ("MAX(good)", 10.0),
    ],
)
def test_an_expression_is_computed(expression: str, result: Value) -> None:
    found = computed(expression)

    if isinstance(result, TimeSeries):
        assert isinstance(found, TimeSeries)
        assert found.points == pytest.approx(result.points)
    else:
        assert found == result


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("bad + worse", "nothing has the id 'worse'; the ids are bad, errors_4xx, errors_5xx, good"),
        ("FOO(bad)", "FOO is no function of metric math; the laptop computes ABS, AVG, CEIL"),
        ("sum(bad)", "sum is no function of metric math; the laptop computes ABS"),
        ("ANOMALY_DETECTION_BAND(bad, 2)", "ANOMALY_DETECTION_BAND is computed by CloudWatch but not here"),
        ("SEARCH('{AWS/Lambda}', 'Sum')", "SEARCH is computed by CloudWatch but not here; the laptop computes ABS"),
        ("FILL(bad)", "FILL takes 2 arguments; it was given 1"),
        ("IF(bad)", "IF takes 2 or 3 arguments; it was given 1"),
        ("PERIOD(bad + good)", "PERIOD takes the id of a metric, not an expression"),
        ("METRICS(bad)", 'METRICS takes a text, such as METRICS("errors"), or nothing'),
        ("METRICS('a', 'b')", "METRICS takes 0 or 1 arguments; it was given 2"),
        ("bad + 'good'", "the text 'good' is no value; only METRICS takes a text"),
        ("bad + REPEAT", "REPEAT is no value; an id begins with a small letter"),
        ("[bad, 5]", "an array holds time series; 5 is a number"),
    ],
)
def test_an_expression_that_can_t_be_computed_is_refused_by_name(expression: str, complaint: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        computed(expression)

    assert str(raised.value).startswith(complaint)


@pytest.mark.parametrize(
    ("expression", "needed"),
    [
        ("bad / (bad + good)", {"bad", "good"}),
        ("METRICS('errors')", {"errors_4xx", "errors_5xx"}),
        ("METRICS() / bad", set(METRICS)),
        ("TIME_SERIES(1)", set()),
    ],
)
def test_an_expression_needs_the_ids_that_it_names(expression: str, needed: set[str]) -> None:
    assert names(parse(expression), METRICS) == needed


def test_an_array_flattens_the_arrays_in_it() -> None:
    assert computed("SUM([METRICS('4xx'), METRICS('5xx')])") == computed("errors_4xx + errors_5xx")
