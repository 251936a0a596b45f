"""The operators of metric math on numbers, time series and arrays."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selador_local.cloudwatch.metric_math.expression import ExpressionError
from selador_local.cloudwatch.metric_math.values import TimeSeries, Value, apply, negative


def series(*values: float | None) -> TimeSeries:
    return TimeSeries({60.0 * number: value for number, value in enumerate(values) if value is not None})


def test_a_series_is_in_order_and_holds_numbers_only() -> None:
    made = TimeSeries.of([(120, 3.0), (60, math.nan), (0, 1.0), (180, math.inf)])

    assert list(made.points.items()) == [(0, 1.0), (120, 3.0)]


METRIC1, METRIC2 = series(30, 20, 0, 0), series(20, None, 20, None)


@pytest.mark.parametrize(
    ("left", "operator", "right", "result"),
    [
        # The table of CloudWatch's documentation for comparisons (CW-51).
        (METRIC1, "<", METRIC2, series(0, 0, 1, 0)),
        (METRIC1, ">=", 30.0, series(1, 0, 0, 0)),
        (apply(METRIC1, ">", 15.0), "AND", apply(METRIC2, ">", 15.0), series(1, 0, 0, 0)),
        # What is missing in one series counts as 0, and what is missing in both stays so.
        (series(1, None, None), "+", series(None, 2, None), series(1, 2, None)),
        (series(1, None), "-", series(None, 2), series(1, -2)),
        (series(3, None), "*", series(None, 2), series(0, 0)),
        # A data point that divides by 0 is dropped.
        (series(6, 6, 6), "/", series(2, 0, None), series(3, None, None)),
        (series(6, 6), "/", 0.0, series()),
        (6.0, "/", series(2, 0), series(3, None)),
        (series(2, -2), "^", 0.5, series(math.sqrt(2), None)),
        (series(10.0), "^", 400.0, series()),
        (series(1, 2), "==", 2.0, series(0, 1)),
        (series(1, 2), "!=", 2.0, series(1, 0)),
        (series(1, 2), "<=", 1.0, series(1, 0)),
        (5.0, ">", series(1, 9), series(1, 0)),
        (series(0, 5, -1), "OR", series(0, 0, 0), series(0, 1, 1)),
        (series(0, 5, -1), "AND", series(1, 1, None), series(0, 1, 0)),
        (2.0, "+", 3.0, 5.0),
        (2.0, ">", 3.0, 0.0),
        (1.0, "AND", 0.0, 0.0),
        ((series(2), series(4)), "/", series(2), (series(1), series(2))),
        ((series(2), series(4)), "*", 10.0, (series(20), series(40))),
        (100.0, "/", (series(2), series(4)), (series(50), series(25))),
        (series(8), "-", (series(2), series(4)), (series(6), series(4))),
    ],
)
def test_an_operator_is_applied_point_by_point(left: Value, operator: str, right: Value, result: Value) -> None:
    assert apply(left, operator, right) == result


def test_two_arrays_have_no_operators() -> None:
    with pytest.raises(
        ExpressionError, match=r"\+ stands between two arrays; one of them must be a number or a single"
    ):
        apply((series(1),), "+", (series(2),))


@pytest.mark.parametrize(
    ("value", "result"), [(5.0, -5.0), (series(1, None, -2), series(-1, None, 2)), ((series(1),), (series(-1),))]
)
def test_a_minus_turns_the_sign(value: Value, result: Value) -> None:
    assert negative(value) == result


def test_members_of_an_array_keep_their_labels() -> None:
    array = (TimeSeries({0: 1.0}, "errors"), TimeSeries({0: 2.0}, "requests"))

    doubled = apply(2.0, "*", array)

    assert isinstance(doubled, tuple)
    assert [one.label for one in doubled] == ["errors", "requests"]


SPARSE = st.lists(st.none() | st.integers(-100, 100), max_size=8).map(lambda values: series(*values))


@given(SPARSE, SPARSE)
def test_sums_and_products_don_t_depend_on_the_order(left: TimeSeries, right: TimeSeries) -> None:
    assert apply(left, "+", right) == apply(right, "+", left)
    assert apply(left, "*", right) == apply(right, "*", left)


@given(SPARSE, SPARSE)
def test_exactly_one_of_less_equal_and_greater_holds(left: TimeSeries, right: TimeSeries) -> None:
    less, equal, greater = (apply(left, operator, right) for operator in ("<", "==", ">"))

    total = apply(apply(less, "+", equal), "+", greater)

    assert isinstance(total, TimeSeries)
    assert set(total.points.values()) <= {1.0}
    assert total.points.keys() == left.points.keys() | right.points.keys()
