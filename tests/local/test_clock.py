"""The stack's clock: faster than the machine's, the same in every process."""

import asyncio
import time

from selador_local.clock import StackClock


def test_a_stack_without_a_scale_shows_the_machine_s_time() -> None:
    before = time.time()
    shown = StackClock().time()

    assert before <= shown <= time.time()


def test_it_starts_at_the_machine_s_time_and_goes_faster_from_there() -> None:
    clock = StackClock(scale=60, origin=1_800_000_000)

    assert clock.at(1_800_000_000) == 1_800_000_000
    assert clock.at(1_800_000_010) == 1_800_000_600


def test_two_processes_with_the_same_scale_and_origin_agree() -> None:
    one, other = StackClock(60, 1_800_000_000), StackClock(60, 1_800_000_000)

    assert one.at(1_800_000_123.4) == other.at(1_800_000_123.4)


def test_a_wait_lasts_as_long_as_the_clock_says() -> None:
    clock = StackClock(scale=36_000)
    before = clock.monotonic()

    asyncio.run(clock.sleep(360))

    assert clock.monotonic() - before >= 360
    assert clock.machine_seconds(7_200) == 0.2
