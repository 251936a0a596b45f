"""Which drills there are, and which of them somebody asks for."""

import re

import pytest

from selador_local.drills.catalogue import UnknownDrillError, read_catalogue
from selador_local.drills.faults import KINDS

CATALOGUE = read_catalogue()


def test_without_a_wish_all_are_drilled() -> None:
    assert len(CATALOGUE.only(None)) == len(CATALOGUE.only("")) == len(CATALOGUE.drills) >= 25


def test_some_can_be_named_by_commas_or_blanks() -> None:
    for wanted in ("work-stalls,clients-leave", "clients-leave work-stalls"):
        assert {drill.alarm for drill in CATALOGUE.only(wanted)} == {"work-stalls", "clients-leave"}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("work-stands", "there is no alarm work-stands; ONLY takes answers-wait, "),
        ("dead-letters-age", "the laptop can't provoke dead-letters-age: it takes four days; ONLY takes "),
    ],
)
def test_another_alarm_is_refused_by_name(wanted: str, said: str) -> None:
    with pytest.raises(UnknownDrillError, match=re.escape(said)):
        CATALOGUE.only(wanted)


def test_every_drill_s_fault_is_of_a_known_kind_and_every_kind_is_used() -> None:
    assert {drill.fault["kind"] for drill in CATALOGUE.drills} == KINDS


def test_the_outages_that_no_alarm_saw_once_are_drilled() -> None:
    breaks = {drill.breaks for drill in CATALOGUE.drills}

    assert breaks >= {
        "the model refuses everything",
        "the guardrail blocks everything",
        "the handler may not send to the queue",
        "every post is answered 410",
        "the handler has a defect: it fails at its start",
        "the issuer's keys are gone",
        "the model stalls: every worker is held, and the rest waits",
    }
