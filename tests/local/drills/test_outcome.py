"""How a drill is judged by what the alarms did."""

import pytest

from selador_local.drills.catalogue import Drill
from selador_local.drills.outcome import TOP, Led, outcome, table
from selador_local.drills.watch import Change

DRILL = Drill("work-stalls", "the mapping is disabled", {"kind": "mapping"}, frozenset({"answers-wait"}))
LED = Led(DRILL, began=1000, ended=1400, parts=frozenset({"work-untouched"}), pages=True, limit=720)
RANG, OVER, TOLD = Change("work-stalls", "ALARM", 1380), Change("work-stalls", "OK", 1520), Change(TOP, "ALARM", 1380)
NOBODY: frozenset[str] = frozenset()


def test_an_alarm_that_goes_off_is_told_and_ends_has_passed() -> None:
    found = outcome(LED, [RANG, Change(TOP, "ALARM", 1380), OVER], [TOLD], NOBODY)

    assert (found.rang_after, found.told, found.over_after, found.unexpected) == (380, True, 120, ())
    assert found.passed


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([], [TOLD]),
        ([Change("work-stalls", "ALARM", 900), OVER], [TOLD]),
        ([Change("work-stalls", "ALARM", 1800), Change("work-stalls", "OK", 1900)], [TOLD]),
        ([RANG], [TOLD]),
        ([RANG, OVER], []),
        ([RANG, OVER], [Change("work-stalls", "ALARM", 1380)]),
        ([RANG, OVER, Change("clients-leave", "ALARM", 1200)], [TOLD]),
    ],
    ids=["never", "before", "too-late", "for-ever", "untold", "told-of-another", "others"],
)
def test_anything_less_has_not(changes: list[Change], told: list[Change]) -> None:
    assert not outcome(LED, changes, told, NOBODY).passed


@pytest.mark.parametrize("other", ["work-untouched", "answers-wait", TOP, "heartbeat-fails"])
def test_what_belongs_to_the_outage_or_to_an_earlier_one_may_go_off_beside(other: str) -> None:
    found = outcome(LED, [RANG, OVER, Change(other, "ALARM", 1200)], [TOLD], frozenset({"heartbeat-fails"}))

    assert found.passed


def test_what_goes_off_before_or_after_the_fault_is_not_its() -> None:
    changes = [Change("clients-leave", "ALARM", 990), RANG, OVER, Change("clients-leave", "ALARM", 1500)]

    assert outcome(LED, changes, [TOLD], NOBODY).passed


def test_the_table_says_it_in_minutes() -> None:
    good = outcome(LED, [RANG, OVER], [TOLD], NOBODY)
    bad = outcome(LED, [Change("clients-leave", "ALARM", 1200)], [], NOBODY)

    _, first, second = table([good, bad])

    assert first.split() == ["ok", "work-stalls", "6.3", "12.0", "yes", "2.0", "the", "mapping", "is", "disabled"]
    assert second.startswith("FAILED")
    assert second.endswith("the mapping is disabled; UNEXPECTED: clients-leave")


def test_the_end_of_an_alarm_that_looks_back_over_a_day_is_not_waited_for() -> None:
    drill = Drill("error-budget-burns", "some fail", {"kind": "unreadable"}, frozenset(), ends=False)
    led = Led(drill, began=1000, ended=1400, parts=frozenset(), pages=False, limit=720)
    rang = Change("error-budget-burns", "ALARM", 1380)

    assert outcome(led, [rang], [rang], NOBODY).passed
    assert not outcome(led, [], [rang], NOBODY).passed
