"""Virtual time: threads of which one runs at a time, in an order that a seed decides.

Each is a real thread, so that the code under test runs as it is. It hands the baton on whenever it waits; when nothing
is due, time jumps to the next thing that is.
"""

import contextvars
import heapq
import random
import threading
from collections.abc import Callable
from itertools import count
from types import TracebackType


class KilledError(BaseException):
    """Raised in every thread of a process that was killed, where it waits; no `except Exception` sees it."""


class StuckError(Exception):
    """Nothing is due any more, and the simulation isn't over."""


class Process:
    """Threads that die together, or stand still together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.frozen_until = 0.0
        self.threads: set[SimulatedThread] = set()
        self.request_ids: set[str] = set()


class SimulatedThread:
    """A thread of the simulation."""

    def __init__(self, scheduler: "Scheduler", name: str, process: Process | None, number: int = 0) -> None:
        self.name = name
        self.number = number
        self.process = process
        self.done = False
        self.generation = 0
        self.baton = threading.Semaphore(0)
        self.joiners: list[SimulatedThread] = []
        self._scheduler = scheduler

    def join(self) -> None:
        self._scheduler.join(self)


class Scheduler:
    """Runs the threads that `spawn` starts. The thread that makes it is the first of them."""

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.random = random.Random(f"scheduler {seed}")
        self.switches = 0
        self.current = SimulatedThread(self, "root", None)
        self.failures: list[BaseException] = []
        self._root = self.current
        self._due: list[tuple[float, float, int, int, SimulatedThread]] = []
        self._tickets = count()
        self._alive: set[SimulatedThread] = set()
        self._over = False

    def spawn(self, run: Callable[[], None], name: str, process: Process | None = None) -> SimulatedThread:
        """Start a thread, of the process of the one that runs if none is given."""
        thread = SimulatedThread(self, name, process or self.current.process, next(self._tickets))
        self._alive.add(thread)
        context = contextvars.copy_context()
        if thread.process is not None:
            thread.process.threads.add(thread)

        def body() -> None:
            thread.baton.acquire()
            try:
                self.check()
                context.run(run)
            except KilledError:
                pass
            except BaseException as error:  # it would end the simulation without a word
                self.failures.append(error)
            finally:
                thread.done = True
                self._alive.discard(thread)
                if thread.process is not None:
                    thread.process.threads.discard(thread)
                for joiner in thread.joiners:
                    self.wake(joiner)
                self._next().baton.release()

        threading.Thread(target=body, name=name, daemon=True).start()
        self._push(self.now, thread)
        return thread

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass for the thread that runs."""
        self.block(self.now + seconds)

    def preempt(self) -> None:
        """Let another thread run first, now and then."""
        if self.random.random() < 0.1:
            self.block(self.now)

    def join(self, thread: SimulatedThread) -> None:
        while not thread.done:
            thread.joiners.append(self.current)
            self.block(None)

    def kill(self, process: Process) -> None:
        """Kill a process; its threads get KilledError where they wait, the one that runs at once."""
        process.dead = True
        for thread in sorted(process.threads, key=lambda thread: thread.number):
            if thread is not self.current:
                self.wake(thread)
        self.check()

    def check(self) -> None:
        """Raise KilledError in a process that was killed, and everywhere once all is over."""
        if self._over and self.current is not self._root:
            raise KilledError
        if self.current.process is not None and self.current.process.dead:
            raise KilledError

    def block(self, until: float | None) -> None:
        """Wait until then, or until `wake`."""
        self.check()
        thread = self.current
        thread.generation += 1
        if until is not None:
            self._push(until, thread)
        following = self._next()
        if following is not thread:
            following.baton.release()
            thread.baton.acquire()
        self.current = thread
        self.check()

    def wake(self, thread: SimulatedThread) -> None:
        """Let a thread that waits go on."""
        self._push(self.now, thread)

    def shut_down(self) -> None:
        """End all threads but the first."""
        self._over = True
        while self._alive:
            for thread in sorted(self._alive, key=lambda thread: thread.number):
                self.wake(thread)
            self.block(self.now)

    def _push(self, at: float, thread: SimulatedThread) -> None:
        heapq.heappush(self._due, (at, self.random.random(), next(self._tickets), thread.generation, thread))

    def _next(self) -> SimulatedThread:
        while self._due:
            at, _, _, generation, thread = heapq.heappop(self._due)
            if thread.done or generation != thread.generation:
                continue
            process = thread.process
            frozen = process is not None and process.frozen_until > max(at, self.now) and not process.dead
            if process is not None and frozen and not self._over:
                self._push(process.frozen_until, thread)
                continue
            thread.generation += 1  # of several reasons to run, the first counts
            self.now = max(self.now, at)
            self.current = thread
            self.switches += 1
            return thread
        self.failures.append(StuckError())
        self.current = self._root
        return self._root


class SimulatedCondition:
    """As `threading.Condition`: others run only where a thread waits, or just before it enters."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._waiters: list[SimulatedThread] = []

    def __enter__(self) -> bool:
        self._scheduler.preempt()
        return True

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def wait_for(self, predicate: Callable[[], object], timeout: float | None = None) -> object:
        scheduler = self._scheduler
        until = None if timeout is None else scheduler.now + timeout
        result = predicate()
        while not result and (until is None or scheduler.now < until):
            thread = scheduler.current
            self._waiters.append(thread)
            scheduler.block(until)
            if thread in self._waiters:
                self._waiters.remove(thread)
            result = predicate()
        return result

    def wait(self, timeout: float) -> None:
        """Wait until notified, or for so long."""
        thread = self._scheduler.current
        self._waiters.append(thread)
        self._scheduler.block(self._scheduler.now + timeout)
        if thread in self._waiters:
            self._waiters.remove(thread)

    def notify_all(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            self._scheduler.wake(waiter)


class SimulatedWaiting:
    """`selador_main.waiting.Waiting` in virtual time."""

    EPOCH_MS = 1_800_000_000_000

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def now(self) -> float:
        return self._scheduler.now

    def epoch_ms(self) -> int:
        return self.EPOCH_MS + int(self._scheduler.now * 1000)

    def sleep(self, seconds: float) -> None:
        self._scheduler.sleep(seconds)

    def condition(self) -> SimulatedCondition:
        return SimulatedCondition(self._scheduler)

    def start(self, run: Callable[[], None], *, name: str) -> SimulatedThread:
        return self._scheduler.spawn(run, name)
