"""Ctrl-C and SIGTERM as an event."""

import os
import signal

import pytest

from selador_deploy.operations.interruption import stopped_by_signals

from ...conftest import STUCK_SECONDS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_event_and_what_runs_goes_on(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with stopped_by_signals() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(STUCK_SECONDS)

    assert signal.getsignal(number) is before
