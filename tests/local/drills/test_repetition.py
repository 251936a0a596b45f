"""What is done again and again beside a block."""

import logging
import threading

import pytest

from selador_local.drills.repetition import repeated

from ...conftest import STUCK_SECONDS


def test_an_error_ends_no_repetition_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []
    again = threading.Event()

    def fail_once() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise ConnectionError("the control plane hung up")
        again.set()

    with caplog.at_level(logging.WARNING), repeated("the heartbeat", fail_once, pause_seconds=0):
        went_on = again.wait(STUCK_SECONDS)

    assert went_on
    assert caplog.messages == ["the heartbeat failed, and is tried again: the control plane hung up"]


def test_each_thread_acts_and_none_is_left_after_the_block() -> None:
    together = threading.Barrier(4)
    acting: set[int | None] = set()

    def act() -> None:
        acting.add(threading.get_ident())
        together.wait(STUCK_SECONDS)

    with repeated("stealing", act, pause_seconds=STUCK_SECONDS, threads=3):
        together.wait(STUCK_SECONDS)

    assert len(acting) == 3
    assert acting.isdisjoint(thread.ident for thread in threading.enumerate())
