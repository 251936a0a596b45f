"""The simulation finds the bugs that are planted: a simulation that can't fail would prove nothing."""

import pytest

from . import report
from .mutants import MUTANTS, Plant, planted

SEEDS = 80
"""How many worlds are tried, if the one that found the bug before doesn't find it any more."""


@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_bug_is_found(plant: Plant) -> None:
    with planted(plant):
        found = any(report.run([seed]).violations for seed in (MUTANTS[plant], *range(SEEDS)))

    assert found
