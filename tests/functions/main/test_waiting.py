"""Real threads and waits."""

import threading

from selador_main.waiting import Alarm, RealWaiting

from ...conftest import STUCK_SECONDS


def test_an_alarm_rings_in_its_block() -> None:
    rung = threading.Event()

    with Alarm(0.01, rung.set, RealWaiting()):
        assert rung.wait(STUCK_SECONDS)


def test_an_alarm_is_silent_after_its_block_and_leaves_no_thread() -> None:
    rung = threading.Event()

    with Alarm(0.2, rung.set, RealWaiting()):
        pass

    assert not any(thread.name == "alarm" for thread in threading.enumerate())
    assert not rung.wait(0.3)
