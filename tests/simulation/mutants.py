"""Bugs to plant: each breaks one rule of the main function, and the simulation has to find it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from selador_main import attempt, batch, delivery, frame_writer, lease, outbox, outcomes, patience, post_retries, worker
from selador_main.cancellation import Reason

type Plant = Callable[[pytest.MonkeyPatch], None]


def _age_at_the_first_receive_only(patch: pytest.MonkeyPatch) -> None:
    judge = outcomes.is_expired
    for module in (outcomes, worker):
        patch.setattr(
            module,
            "is_expired",
            lambda received, limits, *, now_ms: received.receive.count == 1 and judge(received, limits, now_ms=now_ms),
        )


def _attempt_is_the_receive_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery.Delivery, "attempt", lambda _, number: number)


def _model_beside_started(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(frame_writer.FrameWriter, "flush", lambda _: None)


def _no_patience(patch: pytest.MonkeyPatch) -> None:
    def ask(_: Any, call: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        yield from call()

    patch.setattr(patience.Patience, "ask", ask)


def _one_410_is_enough(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(post_retries, "LOOK_AGAIN_SECONDS", Reason.CLIENT_GONE)


def _a_gap_where_text_was_dropped(patch: pytest.MonkeyPatch) -> None:
    drop = outbox.Outbox.drop_text

    def dropping(self: outbox.Outbox) -> None:
        self._seq += any(isinstance(item, str) for item in self._waiting)
        drop(self)

    patch.setattr(outbox.Outbox, "drop_text", dropping)


def _no_spare_burial(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outcomes.Limits, "last_receive", property(lambda limits: limits.max_attempts + 1))


def _batch_deletes_at_its_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(worker._Work, "_delete", lambda _: None)


def _reserve_of_five_seconds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(worker, "RESERVED_SECONDS", 5)
    patch.setattr(worker, "LAST_POST_SECONDS", 0)


def _undelivered_is_done(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(worker, "unsaid", lambda outcome, *_: outcome)


def _heartbeats_at_any_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox.Outbox, "begun", True)
    patch.setattr(attempt.Attempt, "run", _late(attempt.Attempt.run))


def _late(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run_late(self: Any) -> Any:
        self.patience.waiting.sleep(16)  # so that there is a silence before `started`
        return run(self)

    return run_late


def _lease_that_never_ends(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lease.Lease, "_keep", lambda _: None)
    patch.setattr(lease.Lease, "held", lambda _: True)


def _what_is_to_be_retried_is_deleted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(batch, "_processed", lambda record, process: process(record) or True)


def _burials_counted_at_each_receive(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(worker, "replace", lambda outcome, **changes: replace(outcome, **changes | {"counted": True}))


def _waits_for_deaf_clients_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(post_retries, "UNRESPONSIVE_FOR_SECONDS", 1e9)


def _nobody_joins_the_writer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(frame_writer.FrameWriter, "__exit__", lambda *_: None)


MUTANTS: dict[Plant, int] = {
    _age_at_the_first_receive_only: 4,
    _attempt_is_the_receive_count: 7,
    _model_beside_started: 4,
    _no_patience: 0,
    _one_410_is_enough: 1,
    _a_gap_where_text_was_dropped: 22,
    _no_spare_burial: 2,
    _batch_deletes_at_its_end: 23,
    _reserve_of_five_seconds: 37,
    _undelivered_is_done: 1,
    _heartbeats_at_any_time: 0,
    _lease_that_never_ends: 3,
    _what_is_to_be_retried_is_deleted: 2,
    _burials_counted_at_each_receive: 2,
    _waits_for_deaf_clients_for_ever: 21,
    _nobody_joins_the_writer: 0,
}
"""The bugs, and a seed that found each when it was planted."""


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    """Plant the bug in the block."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        yield
