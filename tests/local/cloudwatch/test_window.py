"""Periods of a window of time."""

import pytest

from selador_local.cloudwatch.window import Window


def test_a_window_has_a_start_for_each_period_the_last_one_not_always_whole() -> None:
    assert Window(60, 240, 60).starts == [60, 120, 180]
    assert Window(60, 241, 60).starts == [60, 120, 180, 240]
    assert Window(60, 60, 60).starts == []


@pytest.mark.parametrize(("time", "start"), [(60, 60), (119.9, 60), (120, 120), (180.5, 180)])
def test_periods_are_counted_from_the_start_of_the_window(time: float, start: float) -> None:
    assert Window(60, 240, 60).start_of_period(time) == start


def test_a_window_may_begin_at_any_minute() -> None:
    """An alarm with a period of five minutes is evaluated each minute, over five other minutes each time."""
    window = Window(120, 720, 300)

    assert window.starts == [120, 420]
    assert window.start_of_period(419) == 120
