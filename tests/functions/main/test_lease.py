"""The lease is renewed while the work lasts, judged by the worker's own clock, and ended with the work."""

import threading

import pytest

from selador_main import lease as lease_module
from selador_main.cancellation import Cancellation, Reason
from selador_main.lease import LEASE_SECONDS, Lease, LeaseLostError

from ...conftest import STUCK_SECONDS
from .conftest import Moved


class Queue:
    """Records the calls, and fails as told."""

    def __init__(self, *failures: Exception | None) -> None:
        self._failures = list(failures)
        self.calls: list[int] = []
        self.called = threading.Semaphore(0)

    def change_visibility(self, seconds: int) -> None:
        failure = self._failures.pop(0) if self._failures else None
        self.calls.append(seconds)
        self.called.release()
        if failure is not None:
            raise failure


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renew at once: the pauses are not what is tested here."""
    monkeypatch.setattr(lease_module, "RENEWAL_SECONDS", 0.001)
    monkeypatch.setattr(lease_module, "RETRY_SECONDS", 0.001)


def test_the_lease_shortens_the_visibility_at_once_and_renews_it() -> None:
    queue = Queue()

    with Lease(queue.change_visibility, Cancellation(), waiting=Moved()) as lease:
        for _ in range(3):
            assert queue.called.acquire(timeout=STUCK_SECONDS)
        held = lease.held()

    assert held
    assert queue.calls[:3] == [LEASE_SECONDS] * 3


def test_nothing_is_renewed_after_the_block() -> None:
    queue = Queue()

    with Lease(queue.change_visibility, Cancellation(), waiting=Moved()):
        assert queue.called.acquire(timeout=STUCK_SECONDS)
    calls = len(queue.calls)

    assert not any(thread.name == "lease" for thread in threading.enumerate())
    assert len(queue.calls) == calls


def test_a_failed_renewal_is_tried_again() -> None:
    queue = Queue(None, ConnectionError("reset"), ConnectionError("reset"))
    cancellation = Cancellation()

    with Lease(queue.change_visibility, cancellation, waiting=Moved()):
        for _ in range(4):
            assert queue.called.acquire(timeout=STUCK_SECONDS)

    assert cancellation.reason is None


def test_a_message_that_is_another_workers_cancels_the_attempt() -> None:
    queue = Queue(None, LeaseLostError("MessageNotInflight"))
    cancellation = Cancellation()
    lost = threading.Event()

    with cancellation.calling(lost.set), Lease(queue.change_visibility, cancellation, waiting=Moved()):
        assert lost.wait(STUCK_SECONDS)

    assert cancellation.reason is Reason.LEASE_LOST


def test_a_minute_without_a_renewal_loses_the_lease_whatever_sqs_says() -> None:
    """SQS may accept an outdated receipt handle (SQS-15), so a worker that was frozen must judge by itself."""
    clock = Moved()
    cancellation = Cancellation()
    lease = Lease(Queue().change_visibility, cancellation, waiting=clock)

    clock.moved_seconds = LEASE_SECONDS - 1
    held_before = lease.held()
    clock.moved_seconds = LEASE_SECONDS
    held_after = lease.held()

    assert (held_before, held_after) == (True, False)
    assert cancellation.reason is Reason.LEASE_LOST


def test_a_renewal_counts_from_when_it_was_asked_for() -> None:
    """SQS counts the visibility timeout from the call (SQS-13), whose response may be slow."""
    clock = Moved()
    cancellation = Cancellation()
    lost = threading.Event()

    def slow(_: int) -> None:
        clock.moved_seconds += LEASE_SECONDS

    with cancellation.calling(lost.set), Lease(slow, cancellation, waiting=clock):
        assert lost.wait(STUCK_SECONDS)

    assert cancellation.reason is Reason.LEASE_LOST


def test_the_first_reason_stays_unless_a_graver_one_follows() -> None:
    reasons: list[Reason | None] = []
    for first, second in (
        (Reason.CLIENT_GONE, Reason.LEASE_LOST),
        (Reason.OUT_OF_TIME, Reason.CLIENT_GONE),
        (Reason.CLIENT_GONE, Reason.OUT_OF_TIME),
    ):
        cancellation = Cancellation()
        cancellation.cancel(first)
        cancellation.cancel(second)
        reasons.append(cancellation.reason)

    assert reasons == [Reason.CLIENT_GONE, Reason.CLIENT_GONE, Reason.CLIENT_GONE]


def test_a_callback_runs_on_cancellation_even_if_that_came_first() -> None:
    calls: list[str] = []
    cancellation = Cancellation()

    def note() -> None:
        calls.append("called")

    with cancellation.calling(note):
        cancellation.cancel(Reason.CLIENT_GONE)
    with cancellation.calling(note):
        pass
    cancellation.cancel(Reason.CLIENT_GONE)

    assert calls == ["called", "called"]
