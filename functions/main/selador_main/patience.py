"""Asks again, inside the attempt, what was refused before the model's first event: it cost nothing, and will pass.

A model's quotas are a few requests or tokens a minute, so the waits grow to a minute. An attempt that failed at each
refusal would be over in seconds, and so would be all the others.
"""

import random
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

import structlog

from selador_main.agents.agent import AgentEvent, NotReadyError
from selador_main.backoff import half_jitter
from selador_main.cancellation import Cancellation
from selador_main.waiting import Waiting
from selador_shared.protocol import WaitingFor

BASE_SECONDS = 2
CAP_SECONDS = 60

type Ask = Callable[[Callable[[], Generator[AgentEvent]]], Generator[AgentEvent]]
"""Makes a call and yields its events: `Patience.ask`."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Patience:
    """Has time until `until`, by the clock of `waiting`: no call is begun again after it.

    `note` is told what is waited for, and None when the wait is over. `cancellation` ends a wait.
    """

    until: float
    note: Callable[[WaitingFor | None], None]
    cancellation: Cancellation
    waiting: Waiting
    source: random.Random

    def ask(self, call: Callable[[], Generator[AgentEvent]]) -> Generator[AgentEvent]:
        """Yield the events of `call()`, called again after a NotReadyError as long as there is time.

        Raises what `call()` does, and AttemptCancelledError.
        """
        tries = 0
        while True:
            tries += 1
            said = False
            try:
                with closing(call()) as events:
                    for event in events:
                        said = True
                        yield event
                return
            except NotReadyError as error:
                if said or self.waiting.now() >= self.until:
                    raise
                self._wait(tries, error)

    def _wait(self, tries: int, error: NotReadyError) -> None:
        pause = half_jitter(tries, base=BASE_SECONDS, factor=2, cap=CAP_SECONDS, source=self.source)
        pause = min(pause, max(0, self.until - self.waiting.now()))
        log.info("model not ready", reason=error.reason, code=error.code, askedAgainAfterSeconds=round(pause, 1))
        changed = self.waiting.condition()

        def wake() -> None:
            with changed:
                changed.notify_all()

        self.note("quota" if error.code == "throttled" else "service")
        try:
            with self.cancellation.calling(wake), changed:
                changed.wait_for(lambda: self.cancellation.reason is not None, timeout=pause)
        finally:
            self.note(None)
        self.cancellation.check()
