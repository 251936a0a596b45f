"""The functions of metric math, each on a few points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selador_local.cloudwatch.metric_math.expression import ExpressionError, Keyword
from selador_local.cloudwatch.metric_math.functions import FUNCTIONS, NOT_COMPUTED, Argument
from selador_local.cloudwatch.metric_math.values import TimeSeries, Value
from selador_local.cloudwatch.window import Window

FIVE_MINUTES = Window(0, 300, 60)
REPEAT, LINEAR = Keyword("REPEAT"), Keyword("LINEAR")


def series(*values: float | None) -> TimeSeries:
    return TimeSeries({60.0 * number: value for number, value in enumerate(values) if value is not None})


def call(name: str, *arguments: Argument) -> Value:
    return FUNCTIONS[name][1](FIVE_MINUTES, arguments)


METRIC1 = series(1, 1, 0, 0, None)
METRIC2 = series(30, None, 0, 0, 30)
METRIC3 = series(0, 0, 20, None, 20)


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        # The tables of CloudWatch's documentation (CW-52).
        ((METRIC1, METRIC2, METRIC3), series(30, 0, 20, None, None)),
        ((METRIC1, 5.0, METRIC3), series(5, 5, 20, None, None)),
        ((METRIC1, METRIC2, 5.0), series(30, 0, 5, 5, None)),
        # Its other forms.
        ((METRIC1, 10.0, 2.0), series(10, 10, 2, 2, None)),
        ((METRIC1, METRIC2), series(30, 0, None, None, None)),
        ((METRIC1, 1.0), series(1, 1, None, None, None)),
        ((series(-3), 1.0, 0.0), series(1)),
        ((1.0, METRIC2, METRIC3), METRIC2),
        ((0.0, METRIC2, METRIC3), METRIC3),
        ((0.0, METRIC2), series()),
    ],
)
def test_if_chooses_point_by_point(arguments: tuple[Argument, ...], result: Value) -> None:
    assert call("IF", *arguments) == result


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ((series(1, None, 3, None, None), 0.0), series(1, 0, 3, 0, 0)),
        ((series(), 7.0), series(7, 7, 7, 7, 7)),
        ((series(1, None, 3), series(9, 9, 9, 9, None)), series(1, 9, 3, 9, None)),
        ((series(None, 1, None, 3, None), REPEAT), series(None, 1, 1, 3, 3)),
        ((series(None, 1, None, None, 7), LINEAR), series(None, 1, 3, 5, 7)),
        ((series(None, 1, None, 3, None), LINEAR), series(None, 1, 2, 3, None)),
        (((series(1), series(None, 2)), 0.0), (series(1, 0, 0, 0, 0), series(0, 2, 0, 0, 0))),
    ],
)
def test_fill_fills_the_gaps_of_the_window(arguments: tuple[Argument, ...], result: Value) -> None:
    assert call("FILL", *arguments) == result


@pytest.mark.parametrize(
    ("name", "argument", "result"),
    [
        ("ABS", series(-1, None, 2), series(1, None, 2)),
        ("CEIL", series(1.2, -1.2), series(2, -1)),
        ("FLOOR", series(1.8, -1.2), series(1, -2)),
        ("DIFF", series(5, 7, None, 4), series(None, 2, None, -3)),
        ("DIFF", series(5), series()),
        ("DIFF_TIME", series(5, 7, None, 4), series(None, 60, None, 120)),
        ("RATE", series(0, 60, None, 0), series(None, 1, None, -0.5)),
        ("RUNNING_SUM", series(1, None, 2, 3), series(1, None, 3, 6)),
        ("ABS", (series(-1), series(-2)), (series(1), series(2))),
        ("DIFF", (series(1, 2), series(5, 3)), (series(None, 1), series(None, -2))),
        ("SUM", series(1, None, 5), 6.0),
        ("AVG", series(1, None, 5), 3.0),
        ("MIN", series(4, None, 3), 3.0),
        ("MAX", series(4, None, 3), 4.0),
        ("SUM", (series(1, 2, None), series(10, None, None)), series(11, 2)),
        ("AVG", (series(1, 2, None), series(9, None, None)), series(5, 1)),
        ("MIN", (series(1, 2), series(0, None)), series(0, 2)),
        ("MAX", (series(1, 2), series(0, None)), series(1, 2)),
        ("SUM", series(), 0.0),
        ("TIME_SERIES", 5.0, series(5, 5, 5, 5, 5)),
    ],
)
def test_a_function_of_one_argument(name: str, argument: Argument, result: Value) -> None:
    assert call(name, argument) == result


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("ABS", (5.0,), "ABS takes a time series or an array of them, not the number 5"),
        ("SUM", (REPEAT,), "SUM takes a time series or an array of them, not REPEAT"),
        ("FILL", (5.0, 0.0), "FILL takes a time series or an array of them, not the number 5"),
        (
            "FILL",
            (series(1), Keyword("LAST")),
            "FILL fills with a number, a time series, REPEAT or LINEAR, not with LAST",
        ),
        (
            "FILL",
            (series(1), (series(1),)),
            "FILL fills with a number, a time series, REPEAT or LINEAR, not with an array",
        ),
        ("IF", ((series(1),), 1.0, 0.0), "IF takes numbers and time series, not an array"),
        ("IF", (series(1), REPEAT), "IF takes numbers and time series, not REPEAT"),
        ("TIME_SERIES", (series(1),), "TIME_SERIES takes a number, not a time series"),
    ],
)
def test_an_argument_of_the_wrong_kind_is_named(name: str, arguments: tuple[Argument, ...], complaint: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        call(name, *arguments)

    assert str(raised.value) == complaint


def test_no_function_is_both_computed_and_not() -> None:
    assert FUNCTIONS.keys() & NOT_COMPUTED == set()


SPARSE = st.lists(st.none() | st.integers(-100, 100), max_size=5).map(lambda values: series(*values))


@given(SPARSE, st.integers(-5, 5))
def test_a_filled_series_has_every_point_and_keeps_what_was_there(sparse: TimeSeries, filler: int) -> None:
    filled = call("FILL", sparse, float(filler))

    assert isinstance(filled, TimeSeries)
    assert list(filled.points) == FIVE_MINUTES.starts
    assert all(filled.points[time] == value for time, value in sparse.points.items())


@given(SPARSE)
def test_the_running_sum_of_the_steps_leads_from_the_first_value_to_the_last(sparse: TimeSeries) -> None:
    values = list(sparse.points.values())

    steps = call("SUM", call("DIFF", sparse))

    assert steps == (values[-1] - values[0] if values else 0)
