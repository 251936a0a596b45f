"""Statistics by name, of data in periods."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selador_local.cloudwatch.datum import Datum
from selador_local.cloudwatch.statistics import UnknownStatisticError, series, statistic
from selador_local.cloudwatch.window import Window

MINUTES = Window(600, 780, 60)


def datum(time: float, *values: float, counts: tuple[float, ...] = (), unit: str = "Count") -> Datum:
    return Datum("Selador", "Accepted", (), time, unit, values, counts or (1.0,) * len(values))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SampleCount", 5.0),
        ("Sum", 34.0),
        ("Average", 6.8),
        ("Minimum", 2.0),
        ("Maximum", 10.0),
        ("p90", 9.974797183077614),
        ("p100", 10.0),
        ("p0", 2.0),
        ("tm90", 6.427655324937657),
        ("tc90", 4.5),
        ("ts90", 28.924448962219456),
        ("TC(:90%)", 4.5),
        ("TC(10%:)", 4.5),
        ("TC(25%:75%)", 2.5),
        ("TC(:5)", 2.0),
        ("TC(5:)", 3.0),
        ("PR(:5)", 40.0),
        ("PR(5:2000)", 60.0),
    ],
)
def test_a_statistic_of_two_values_of_two_and_three_of_ten(name: str, value: float) -> None:
    """What each should be was recorded from CloudWatch (CW-50), or is plain from its definition."""
    assert statistic(name).of({2.0: 2.0, 10.0: 3.0}) == pytest.approx(value, rel=1e-7)


@pytest.mark.parametrize(
    "name",
    [
        "sum",
        "P90",
        "p101",
        "p",
        "p-1",
        "TM",
        "tm(10%:90%)",
        "TM(:)",
        "TM(10:90%)",
        "PR90",
        "PR(10%:90%)",
        "wm90",
        "WM(:90%)",
        "",
    ],
)
def test_a_name_that_is_no_statistic_is_refused(name: str) -> None:
    with pytest.raises(
        UnknownStatisticError, match="is no statistic that the laptop computes; it computes SampleCount"
    ):
        statistic(name)


def test_the_interquartile_mean_is_the_mean_of_the_middle_half() -> None:
    counts = {float(value): 1.0 for value in range(1, 11)}

    assert statistic("IQM").of(counts) == pytest.approx(5.403085690619041)
    assert statistic("IQM").of(counts) == statistic("TM(25%:75%)").of(counts)


def test_a_percentile_knows_its_percentage_and_no_other_statistic_has_one() -> None:
    assert statistic("p99.9").percentile == 99.9
    assert statistic("tm99").percentile is None
    assert statistic("Average").percentile is None


def test_a_mean_of_no_values_is_no_data_point() -> None:
    assert statistic("TM(20:30)").of({5.0: 1.0}) is None
    assert statistic("TC(20:30)").of({5.0: 1.0}) == 0


@pytest.mark.parametrize("name", ["p90", "tm90", "PR(:10)"])
def test_negative_values_have_no_percentiles(name: str) -> None:
    assert statistic(name).of({-1.0: 1.0, 3.0: 1.0}) is None
    assert statistic("Minimum").of({-1.0: 1.0, 3.0: 1.0}) == -1


def test_data_fall_into_the_period_of_their_time() -> None:
    data = [datum(660, 4.0), datum(659.9, 2.0), datum(600, 1.0), datum(599, 100.0), datum(780, 100.0)]

    assert series(data, statistic("Sum"), MINUTES) == {600: 3.0, 660: 4.0}


def test_a_period_without_data_has_no_point() -> None:
    assert series([], statistic("SampleCount"), MINUTES) == {}
    assert series([datum(600, 7.0, counts=(0.0,))], statistic("Sum"), MINUTES) == {}


def test_a_unit_leaves_other_units_out() -> None:
    data = [datum(600, 1.0, unit="Seconds"), datum(600, 1000.0, unit="Milliseconds")]

    assert series(data, statistic("Maximum"), MINUTES, "Seconds") == {600: 1.0}
    assert series(data, statistic("Maximum"), MINUTES) == {600: 1000.0}


DATA = st.lists(
    st.builds(
        datum,
        st.floats(min_value=600, max_value=779),
        st.integers(min_value=0, max_value=100).map(float),
        counts=st.tuples(st.integers(min_value=1, max_value=9).map(float)),
    )
)


@pytest.mark.parametrize("name", ["SampleCount", "Sum", "Average", "Minimum", "Maximum", "p90", "tm90"])
@given(data=DATA, seed=st.integers())
def test_the_order_of_data_doesnt_matter(name: str, data: list[Datum], seed: int) -> None:
    shuffled = random.Random(seed).sample(data, len(data))

    assert series(shuffled, statistic(name), MINUTES) == pytest.approx(series(data, statistic(name), MINUTES))


@given(data=DATA)
def test_sums_and_counts_of_short_periods_add_up_to_those_of_a_long_one(data: list[Datum]) -> None:
    for name in ("Sum", "SampleCount"):
        short = series(data, statistic(name), MINUTES)
        long = series(data, statistic(name), Window(600, 780, 180))

        assert sum(short.values()) == pytest.approx(sum(long.values()))
