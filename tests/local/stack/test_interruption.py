"""A signal ends the work in order: once, and with a shell's status."""

import asyncio
import os
import signal

import pytest

from selador_local.stack.interruption import SIGNALS, interruptible, meanwhile, until_interrupted


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


class Work:
    """Work that a signal meets; it notes what happens to it."""

    def __init__(self, *signals: signal.Signals) -> None:
        self._signals = signals
        self.told: list[str] = []

    async def stopped_in_the_middle(self) -> int:
        try:
            send(self._signals[0])
            await asyncio.sleep(60)
        finally:
            for number in self._signals[1:]:
                send(number)
                await asyncio.sleep(0)  # lets the handler run
                await asyncio.sleep(0)
            self.told.append("cleaned up")
        return 0

    async def kept_up(self) -> int:
        send(self._signals[0])
        await until_interrupted(asyncio.sleep(60))
        await asyncio.sleep(0)
        self.told.append("cleaned up")
        return 0


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_cancels_the_work_and_the_status_tells_it(number: signal.Signals) -> None:
    work = Work(number)

    status = asyncio.run(interruptible(work.stopped_in_the_middle(), lambda: work.told.append("stopping")))

    assert status == 128 + number
    assert work.told == ["stopping", "cleaned up"]


def test_more_signals_do_not_disturb_the_clean_up() -> None:
    work = Work(signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    status = asyncio.run(interruptible(work.stopped_in_the_middle(), lambda: work.told.append("stopping")))

    assert status == 128 + signal.SIGINT
    assert work.told == ["stopping", "cleaned up"]


def test_work_that_runs_until_it_is_interrupted_ends_normally() -> None:
    work = Work(signal.SIGTERM)

    status = asyncio.run(interruptible(work.kept_up(), lambda: work.told.append("stopping")))

    assert status == 0
    assert work.told == ["stopping", "cleaned up"]


def test_work_without_a_signal_is_left_alone() -> None:
    async def work() -> int:
        return 7

    assert asyncio.run(interruptible(work(), lambda: None)) == 7


def test_a_cancellation_without_a_signal_goes_on() -> None:
    async def work() -> int:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interruptible(work(), lambda: None))


def test_what_is_done_beside_a_block_has_cleaned_up_when_that_ends() -> None:
    told: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)  # as to end a build takes
            told.append("cleaned up")

    async def scenario() -> None:
        async with meanwhile(endless()):
            await asyncio.sleep(0)
            told.append("block")
        told.append("after it")

    asyncio.run(scenario())

    assert told == ["block", "cleaned up", "after it"]


def test_what_ends_by_an_error_beside_a_block_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    async def follow() -> None:
        raise KeyError("a resource without a name")

    async def scenario() -> str:
        async with meanwhile(follow()):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return caplog.text

    told = asyncio.run(scenario())

    assert "what runs beside the stack has ended for good" in told
    assert "KeyError: 'a resource without a name'" in told
