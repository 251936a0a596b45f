"""What was refused before it cost anything is asked again, inside the attempt."""

import random
from collections.abc import Callable, Generator
from contextlib import nullcontext

import pytest

from selador_main.agents.agent import AgentEvent, AgentFailedError, NotReadyError, Text
from selador_main.cancellation import AttemptCancelledError, Cancellation, Reason
from selador_main.patience import Patience
from selador_main.waiting import Condition
from selador_shared.protocol import WaitingFor

from .conftest import Moved

THROTTLED = NotReadyError("throttled", reason="ThrottlingException")
NOT_READY = NotReadyError("unavailable", reason="503")


class Sleepless(Moved):
    """Moves its clock instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def condition(self) -> Condition:
        sleepless = self

        class Passing(nullcontext[bool]):
            def wait_for(self, predicate: Callable[[], object], timeout: float | None = None) -> object:
                sleepless.pauses.append(timeout or 0)
                sleepless.moved_seconds += timeout or 0
                return False

            def notify_all(self) -> None:
                pass

        return Passing(True)


class Asked:
    """A call that fails as told, then answers; each is noted, and what is said to be waited for."""

    def __init__(self, *failures: Exception, before: tuple[AgentEvent, ...] = (), seconds: float = 10_000) -> None:
        self.failures = list(failures)
        self.before = before
        self.calls = 0
        self.notes: list[WaitingFor | None] = []
        self.waiting = Sleepless()
        self.cancellation = Cancellation()
        self.patience = Patience(
            until=self.waiting.now() + seconds,
            note=self.notes.append,
            cancellation=self.cancellation,
            waiting=self.waiting,
            source=random.Random(1),
        )

    def call(self) -> Generator[AgentEvent]:
        self.calls += 1
        yield from self.before
        if self.failures:
            raise self.failures.pop(0)
        yield Text("answer")

    def events(self) -> list[AgentEvent]:
        return list(self.patience.ask(self.call))


def test_refusals_are_waited_out_by_longer_and_longer_pauses_of_a_minute_at_most() -> None:
    asked = Asked(*[THROTTLED] * 10)

    events = asked.events()

    assert events == [Text("answer")]
    assert asked.calls == 11
    assert all(
        ceiling / 2 <= pause <= ceiling
        for ceiling, pause in zip([2, 4, 8, 16, 32, 60, 60, 60, 60, 60], asked.waiting.pauses, strict=True)
    )


@pytest.mark.parametrize(("failure", "waited_for"), [(THROTTLED, "quota"), (NOT_READY, "service")])
def test_what_is_waited_for_is_noted_while_it_is(failure: NotReadyError, waited_for: WaitingFor) -> None:
    asked = Asked(failure)

    asked.events()

    assert asked.notes == [waited_for, None]


def test_a_failure_after_the_first_event_was_paid_for_and_is_not_asked_again() -> None:
    asked = Asked(THROTTLED, before=(Text("half"),))

    with pytest.raises(NotReadyError):
        asked.events()

    assert asked.calls == 1


def test_other_failures_are_not_asked_again() -> None:
    asked = Asked(AgentFailedError("unavailable", reason="cut"))

    with pytest.raises(AgentFailedError):
        asked.events()

    assert asked.calls == 1


def test_no_call_begins_after_the_time_is_over() -> None:
    asked = Asked(*[THROTTLED] * 100, seconds=200)

    with pytest.raises(NotReadyError):
        asked.events()

    assert sum(asked.waiting.pauses) == pytest.approx(200, abs=1)


def test_a_wait_ends_when_the_client_has_gone() -> None:
    asked = Asked(THROTTLED)
    asked.cancellation.cancel(Reason.CLIENT_GONE)

    with pytest.raises(AttemptCancelledError):
        asked.events()

    assert asked.calls == 1
