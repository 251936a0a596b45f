"""A plan that is saved is read back as it was; apply's own tests have every way to tamper with it."""

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.plan.bundle import MAX_AGE, Bundle, faults, read_bundle, write_bundle

from .test_facts import FACTS

MADE_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
SAVED = Bundle(
    facts=FACTS,
    dist="dist",
    release="",
    allowed=("aws_sqs_queue.this",),
    warnings=("an argument is deprecated",),
    made_at=MADE_AT,
    plan=b"a plan",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dev.plan"


@pytest.fixture
def bundle(file: Path) -> Bundle:
    write_bundle(file, SAVED)
    return read_bundle(file, "dev")


def test_what_is_saved_is_read_back(bundle: Bundle) -> None:
    assert replace(bundle, plan_sha256="") == SAVED


def test_an_older_file_that_others_may_read_lends_the_bundle_nothing(file: Path) -> None:
    file.write_text("an older plan")
    file.chmod(0o644)

    write_bundle(file, SAVED)

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


def test_a_mode_that_a_store_has_changed_counts_for_nothing_if_the_hash_is_known_from_elsewhere(file: Path) -> None:
    sha256 = write_bundle(file, SAVED)
    file.chmod(0o644)

    with pytest.raises(DeployError, match=r"mode 644, not 600.*give PLAN=<the hash that make plan printed>"):
        read_bundle(file, "dev")
    assert read_bundle(file, "dev", sha256).plan == b"a plan"


def test_another_file_than_the_one_whose_hash_was_given_is_refused(file: Path) -> None:
    sha256 = write_bundle(file, SAVED)
    write_bundle(file, replace(SAVED, plan=b"another plan"))

    with pytest.raises(DeployError, match=f"the hash of dev.plan is [0-9a-f]+, not {sha256}"):
        read_bundle(file, "dev", sha256)


def test_a_link_to_a_bundle_is_none(file: Path, tmp_path: Path) -> None:
    sha256 = write_bundle(tmp_path / "elsewhere", SAVED)
    file.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(DeployError, match=r"dev\.plan is a symbolic link"):
        read_bundle(file, "dev", sha256)


def test_a_file_of_another_user_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = write_bundle(file, SAVED)
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)

    with pytest.raises(DeployError, match=r"dev\.plan is no file of yours"):
        read_bundle(file, "dev", sha256)
