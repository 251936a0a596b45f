"""The switch that stops an attempt: its reason, and who is told."""

import pytest

from selador_main.cancellation import AttemptCancelledError, Cancellation, Reason


def test_nothing_is_raised_before_it_is_thrown_and_always_afterwards() -> None:
    cancellation = Cancellation()

    cancellation.check()
    cancellation.cancel(Reason.OUT_OF_TIME)

    for _ in range(2):
        with pytest.raises(AttemptCancelledError):
            cancellation.check()


@pytest.mark.parametrize(
    ("reasons", "kept"),
    [
        ((Reason.CLIENT_GONE, Reason.LEASE_LOST), Reason.CLIENT_GONE),
        ((Reason.CLIENT_GONE, Reason.OUT_OF_TIME), Reason.CLIENT_GONE),
        ((Reason.OUT_OF_TIME, Reason.LEASE_LOST), Reason.LEASE_LOST),
    ],
    ids=["the first stays", "time does not silence it less", "what silences is graver than time"],
)
def test_the_reason_is_the_first_unless_a_later_one_silences(reasons: tuple[Reason, Reason], kept: Reason) -> None:
    cancellation = Cancellation()

    for reason in reasons:
        cancellation.cancel(reason)

    assert cancellation.reason is kept


def test_whoever_works_for_the_attempt_is_told_while_it_works() -> None:
    cancellation, told = Cancellation(), []

    with cancellation.calling(lambda: told.append("working")):
        cancellation.cancel(Reason.CLIENT_GONE)
    cancellation.cancel(Reason.CLIENT_GONE)

    assert told == ["working"]


def test_whoever_begins_to_work_too_late_is_told_at_once() -> None:
    cancellation, told = Cancellation(), []
    cancellation.cancel(Reason.LEASE_LOST)

    with cancellation.calling(lambda: told.append("late")):
        assert told == ["late"]
