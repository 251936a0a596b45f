"""Missing data in alarms, by CloudWatch's own tables: 0 is a good point, X a breaching and - a missing one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selador_local.cloudwatch.alarm import StateValue
from selador_local.cloudwatch.missing_data import Judgement, Treatment, evaluation_range, judge

OK, ALARM, INSUFFICIENT, KEEP = StateValue.OK, StateValue.ALARM, StateValue.INSUFFICIENT_DATA, None
TREATMENTS: tuple[Treatment, ...] = ("missing", "ignore", "breaching", "notBreaching")


def newest_first(points: str) -> list[bool | None]:
    return [{"0": False, "X": True, "-": None}[point] for point in reversed(points)]


def judged(points: str, treatment: Treatment, *, to_alarm: int, periods: int = 3) -> Judgement:
    return judge(newest_first(points), evaluation_periods=periods, datapoints_to_alarm=to_alarm, treatment=treatment)


@pytest.mark.parametrize(
    ("to_alarm", "points", "states"),
    [
        # The documentation's two tables (CW-23, CW-24), for missing, ignore, breaching and notBreaching.
        (3, "0-X-X", (OK, OK, OK, OK)),
        (3, "0----", (OK, OK, OK, OK)),
        (3, "-----", (INSUFFICIENT, KEEP, ALARM, OK)),
        (3, "0XX-X", (ALARM, ALARM, ALARM, ALARM)),
        (3, "--X--", (ALARM, KEEP, ALARM, OK)),
        (2, "0-X-X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "00X0X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0-X--", (OK, OK, ALARM, OK)),
        (2, "----0", (OK, OK, ALARM, OK)),
        (2, "---X-", (ALARM, KEEP, ALARM, OK)),
        # Its text on alarms that would be premature.
        (3, "----X", (INSUFFICIENT, KEEP, ALARM, OK)),
        (3, "---X-", (INSUFFICIENT, KEEP, ALARM, OK)),
        (3, "---X0", (OK, OK, OK, OK)),
        (3, "--X-0", (OK, OK, OK, OK)),
        # Its older tables.
        (2, "----X", (INSUFFICIENT, KEEP, ALARM, OK)),
        (3, "X----", (ALARM, KEEP, ALARM, OK)),
    ],
)
def test_each_treatment_is_the_documentations(
    to_alarm: int, points: str, states: tuple[StateValue | None, ...]
) -> None:
    assert tuple(judged(points, treatment, to_alarm=to_alarm).state for treatment in TREATMENTS) == states


@pytest.mark.parametrize(
    ("points", "real", "filled"),
    [
        ("00X0X", (0, 1, 2), ()),
        ("0-X-X", (0, 2, 4), ()),
        ("0-X--", (2, 4), (0,)),
        ("--X--", (2,), (0, 1)),
        ("-----", (), (0, 1, 2)),
    ],
)
def test_the_newest_points_count_and_as_few_as_possible_are_filled_in(
    points: str, real: tuple[int, ...], filled: tuple[int, ...]
) -> None:
    judgement = judged(points, "breaching", to_alarm=3)

    assert (judgement.real, judgement.filled) == (real, filled)


@pytest.mark.parametrize(
    ("period", "periods", "looked_at"), [(300, 3, 5), (10, 3, 9), (60, 1, 3), (60, 15, 17), (3600, 1, 3), (20, 1, 4)]
)
def test_more_periods_are_looked_at_than_evaluated(period: int, periods: int, looked_at: int) -> None:
    """Five of three minutes' length are documented and nine of ten seconds' were seen; the others follow (CW-55)."""
    assert evaluation_range(period, periods) == looked_at


RANGES = st.text("0X-", min_size=5, max_size=12)
SEVERITY = {OK: 0, KEEP: 1, INSUFFICIENT: 1, ALARM: 2}


@pytest.mark.parametrize("treatment", TREATMENTS)
@given(points=RANGES, periods=st.integers(1, 5))
def test_an_alarm_that_takes_fewer_data_points_is_raised_whenever_one_that_takes_more_is(
    treatment: Treatment, points: str, periods: int
) -> None:
    states = [judged(points, treatment, to_alarm=m, periods=periods).state for m in range(1, periods + 1)]

    raised = [state == ALARM for state in states]
    assert raised == sorted(raised, reverse=True)


@pytest.mark.parametrize("treatment", TREATMENTS)
@given(points=RANGES, position=st.integers(0, 11), to_alarm=st.integers(1, 3))
def test_a_point_that_turns_bad_never_ends_an_alarm(
    treatment: Treatment, points: str, position: int, to_alarm: int
) -> None:
    position %= len(points)
    worse = points[:position] + points[position].replace("0", "X") + points[position + 1 :]

    before, after = (judged(one, treatment, to_alarm=to_alarm).state for one in (points, worse))

    assert before != ALARM or after == ALARM


@given(points=st.text("0X", min_size=5, max_size=8), to_alarm=st.integers(1, 3))
def test_without_missing_points_all_treatments_agree(points: str, to_alarm: int) -> None:
    states = {judged(points, treatment, to_alarm=to_alarm).state for treatment in TREATMENTS}

    assert states == {ALARM if points[-3:].count("X") >= to_alarm else OK}


@given(points=RANGES, to_alarm=st.integers(1, 3))
def test_missing_points_are_worst_as_breaching_and_best_as_good_ones(points: str, to_alarm: int) -> None:
    missing, ignore, worst, best = (judged(points, treatment, to_alarm=to_alarm).state for treatment in TREATMENTS)

    assert SEVERITY[best] <= min(SEVERITY[missing], SEVERITY[ignore])
    assert max(SEVERITY[missing], SEVERITY[ignore]) <= SEVERITY[worst]
