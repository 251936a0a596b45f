"""The simulation's own ground: time jumps, one thread runs, and a seed decides the order."""

import time

from ..conftest import STUCK_SECONDS
from .scheduler import KilledError, Process, Scheduler, SimulatedWaiting


def run(seed: int) -> list[tuple[float, str]]:
    scheduler = Scheduler(seed)
    waiting = SimulatedWaiting(scheduler)
    seen: list[tuple[float, str]] = []

    def work(name: str, pause: float) -> None:
        for _ in range(5):
            waiting.sleep(pause)
            seen.append((scheduler.now, name))

    threads = [waiting.start(lambda name=name: work(name, 600), name=name) for name in "abc"]  # type: ignore[misc]
    for thread in threads:
        thread.join()
    scheduler.shut_down()
    return seen


def test_an_hour_passes_in_a_moment() -> None:
    began = time.monotonic()

    seen = run(1)

    assert seen[-1][0] == 3_000
    assert time.monotonic() - began < STUCK_SECONDS


def test_a_seed_gives_the_same_order_again_and_others_give_others() -> None:
    assert run(7) == run(7)
    assert len({tuple(run(seed)) for seed in range(10)}) > 1


def test_a_condition_wakes_who_waits_and_gives_up_in_time() -> None:
    scheduler = Scheduler(1)
    waiting = SimulatedWaiting(scheduler)
    condition = waiting.condition()
    open_ = False
    results: list[tuple[float, bool]] = []

    def wait(timeout: float) -> None:
        with condition:
            results.append((timeout, bool(condition.wait_for(lambda: open_, timeout))))

    threads = [waiting.start(lambda timeout=timeout: wait(timeout), name=str(timeout)) for timeout in (5, 50)]  # type: ignore[misc]
    waiting.sleep(10)
    open_ = True
    with condition:
        condition.notify_all()
    for thread in threads:
        thread.join()
    scheduler.shut_down()

    assert sorted(results) == [(5, False), (50, True)]
    assert scheduler.now == 10


def test_a_killed_process_does_nothing_more() -> None:
    scheduler = Scheduler(1)
    process = Process("p")
    done: list[str] = []

    def work() -> None:
        try:
            scheduler.sleep(10)
            done.append("work")
        except KilledError:
            scheduler.sleep(1)  # even in a `finally`
            done.append("clean up")

    thread = scheduler.spawn(work, "t", process)
    scheduler.sleep(5)
    scheduler.kill(process)
    thread.join()
    scheduler.shut_down()

    assert done == []


def test_a_frozen_process_goes_on_later() -> None:
    scheduler = Scheduler(1)
    process = Process("p")
    process.frozen_until = 60
    thread = scheduler.spawn(lambda: scheduler.sleep(1), "t", process)

    thread.join()

    assert scheduler.now == 61
