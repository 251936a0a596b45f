"""A plan that is saved is read back as it was; apply's own tests have every way to tamper with it."""

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.plan.bundle import MAX_AGE, Bundle, faults, read_bundle, write_bundle

from .test_facts import FACTS

MADE_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dev.plan"


@pytest.fixture
def bundle(file: Path) -> Bundle:
    write_bundle(file, FACTS, "/repository/dist", b"a plan", MADE_AT)
    return read_bundle(file, "dev")


def test_what_is_saved_is_read_back(bundle: Bundle) -> None:
    assert (bundle.facts, bundle.dist, bundle.plan, bundle.made_at) == (FACTS, "/repository/dist", b"a plan", MADE_AT)


def test_an_older_file_that_others_may_read_lends_the_bundle_nothing(file: Path) -> None:
    file.write_text("an older plan")
    file.chmod(0o644)

    write_bundle(file, FACTS, "/repository/dist", b"a plan", MADE_AT)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_plan_that_nobody_saved_is_to_be_made(file: Path) -> None:
    with pytest.raises(DeployError, match="there is no saved plan for dev; run make plan ENV=dev"):
        read_bundle(file, "dev")


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(0), []),
        (MAX_AGE, []),
        (MAX_AGE + timedelta(hours=1), ["the plan is 25 hours old, and is good for 24"]),
        (timedelta(minutes=-5), []),
        (
            timedelta(minutes=-6),
            ["the plan was made at 2026-01-01T12:00:00+00:00, which is yet to come by this machine's clock"],
        ),
    ],
)
def test_a_plan_is_good_for_a_day_and_five_minutes_of_clocks_that_differ(
    bundle: Bundle, age: timedelta, said: list[str]
) -> None:
    assert list(faults(bundle, FACTS, MADE_AT + age)) == said


def test_whatever_has_changed_is_told_with_the_rest(bundle: Bundle) -> None:
    changed = replace(bundle, plan=b"another plan")

    hash_fault, fact_fault = faults(changed, replace(FACTS, state_serial=8), MADE_AT)

    assert hash_fault.startswith("the plan's hash is ")
    assert fact_fault == "the state's serial was 7 and is 8"
