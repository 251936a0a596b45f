"""Percentiles from bins. What they should be was recorded from CloudWatch (CW-50)."""

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selador_local.cloudwatch.percentiles import Distribution

UNIFORM = {float(value): 1.0 for value in range(1, 11)}
UNEVEN = {1.0: 1.0, 3.0: 2.0, 7.0: 4.0, 11.0: 2.0, 23.0: 1.0}
TWO_VALUES = {2.0: 2.0, 10.0: 3.0}
SCALED = {20.0: 2.0, 100.0: 3.0}
TIGHT = {9.9: 1.0, 9.95: 1.0, 10.0: 1.0, 10.05: 1.0, 10.1: 1.0}
"""These five share a bin."""

COUNTS = st.dictionaries(
    st.floats(min_value=0, max_value=1e6).filter(lambda value: value == 0 or value > 1e-6),
    st.integers(min_value=1, max_value=1000).map(float),
    min_size=1,
    max_size=20,
)
PERCENTS = st.floats(min_value=0, max_value=100)


@pytest.mark.parametrize(
    ("counts", "percent", "value"),
    [
        (UNIFORM, 0, 1.0),
        (UNIFORM, 1, 1.009576582776887),
        (UNIFORM, 10, 1.1),
        (UNIFORM, 25, 2.992374046230249),
        (UNIFORM, 40, 4.177248169415655),
        (UNIFORM, 50, 5.054470284992944),
        (UNIFORM, 60, 6.115909044841463),
        (UNIFORM, 75, 7.761447620208641),
        (UNIFORM, 90, 9.849732675807628),
        (UNIFORM, 100, 10.0),
        (UNEVEN, 25, 3.064531223605408),
        (UNEVEN, 40, 6.889724791419268),
        (UNEVEN, 50, 7.055861472916946),
        (UNEVEN, 60, 7.226004322697782),
        (UNEVEN, 75, 11.095970673828651),
        (UNEVEN, 90, 11.918176537727234),
        (UNEVEN, 100, 23.0),
        (TWO_VALUES, 1, 2.003469719155028),
        (TWO_VALUES, 10, 2.0349693249139893),
        (TWO_VALUES, 25, 2.088573071160998),
        (TWO_VALUES, 40, 2.143588810000001),
        (TWO_VALUES, 50, 9.874619498547638),
        (TWO_VALUES, 60, 9.8995692015674),
        (TWO_VALUES, 75, 9.9371120042735),
        (TWO_VALUES, 90, 9.974797183077614),
        (SCALED, 1, 20.02711510421782),
        (SCALED, 40, 21.113776745352602),
        (SCALED, 50, 97.50811024109721),
        (SCALED, 90, 99.4965788435331),
        (TIGHT, 1, 9.901980264030366),
        (TIGHT, 50, 9.999499987499378),
        (TIGHT, 90, 10.079819514511751),
        ({10.0: 99.0}, 90, 10.0),
        ({0.0: 100.0}, 90, 0.0),
    ],
)
def test_a_percentile_is_cloudwatchs(counts: Mapping[float, float], percent: float, value: float) -> None:
    assert Distribution(counts).percentile(percent) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("counts", "low", "high", "count", "total"),
    [
        (UNIFORM, 0, 90, 9.0, 44.93892108480814),
        (UNIFORM, 25, 75, 5.0, 27.015428453095204),
        (UNIFORM, 0, 100, 10.0, 54.85312148898441),
        (UNEVEN, 0, 90, 9.0, 58.01107646524391),
        (UNEVEN, 25, 75, 5.0, 35.25989798445547),
        (UNEVEN, 0, 100, 10.0, 80.04215327829954),
        (SCALED, 0, 90, 4.5, 286.7639093482917),
        (SCALED, 25, 75, 2.5, 186.98132041669746),
        (TIGHT, 0, 90, 4.5, 44.955),
        (TIGHT, 25, 75, 2.5, 25.0),
    ],
)
def test_what_lies_between_percentiles_is_cloudwatchs(
    counts: Mapping[float, float], low: float, high: float, count: float, total: float
) -> None:
    kept = Distribution(counts).between_percentiles(low, high)

    assert (kept.count, kept.sum) == pytest.approx((count, total), rel=1e-12)


@pytest.mark.parametrize(
    ("counts", "low", "high", "count", "total"),
    [
        (UNIFORM, 2, 10, 8.73683763538587, 53.285865842309796),
        (UNEVEN, 2, 10, 6.0, 34.24704486999857),
        (TIGHT, 2, 10, 2.5, 24.875),
        (SCALED, 2, 10, 0.0, 0.0),
    ],
)
def test_what_lies_between_values_is_cloudwatchs(
    counts: Mapping[float, float], low: float, high: float, count: float, total: float
) -> None:
    kept = Distribution(counts).between_values(low, high)

    assert (kept.count, kept.sum) == pytest.approx((count, total), rel=1e-12)


@pytest.mark.parametrize(
    ("bounds", "count"), [((4, 5), 3.0), ((5, 6), 0.0), ((-math.inf, 5), 3.0), ((0, math.inf), 3.0)]
)
def test_a_bound_includes_the_value_above_and_not_the_one_below(bounds: tuple[float, float], count: float) -> None:
    assert Distribution({5.0: 3.0}).between_values(*bounds).count == count


@given(COUNTS, PERCENTS, PERCENTS)
def test_percentiles_rise_between_the_least_and_the_greatest_value(
    counts: dict[float, float], one: float, other: float
) -> None:
    distribution = Distribution(counts)

    low, high = (distribution.percentile(percent) for percent in sorted((one, other)))

    assert min(counts) <= low <= high * (1 + 1e-12)
    assert high <= max(counts) * (1 + 1e-12)


@given(COUNTS, PERCENTS)
def test_a_percentile_is_within_a_tenth_of_a_value_at_that_rank(counts: dict[float, float], percent: float) -> None:
    ranked = sorted(counts)
    upto = [sum(counts[value] for value in ranked if value <= limit) for limit in ranked]
    rank = upto[-1] * percent / 100
    exact = next(value for value, count in zip(ranked, upto, strict=True) if count >= rank * (1 - 1e-12))

    found = Distribution(counts).percentile(percent)

    assert exact / 1.1 * (1 - 1e-9) <= found <= exact * 1.1 * (1 + 1e-9)


@given(COUNTS, PERCENTS)
def test_percentiles_split_all_values_in_two(counts: dict[float, float], percent: float) -> None:
    distribution = Distribution(counts)

    below, above = distribution.between_percentiles(0, percent), distribution.between_percentiles(percent, 100)

    assert below.count + above.count == pytest.approx(sum(counts.values()))
