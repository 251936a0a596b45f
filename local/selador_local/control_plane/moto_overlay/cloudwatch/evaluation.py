"""Evaluates the alarms once a minute, from their own definitions, and runs their actions.

What an alarm's data mean is decided in `selador_local.cloudwatch`; here are the order of a round and what follows.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from selador_local.clock import StackClock
from selador_local.cloudwatch import composite_alarm, metric_alarm
from selador_local.cloudwatch.actions_suppression import NOT_SUPPRESSED, Suppression, suppress
from selador_local.cloudwatch.alarm import AlarmDefinitionError, AlarmState, StateValue
from selador_local.cloudwatch.composite_alarm import Child, CompositeAlarm
from selador_local.cloudwatch.datum import ReadData
from selador_local.cloudwatch.metric_alarm import MetricAlarm
from selador_local.cloudwatch.metric_data import MetricQueryError
from selador_local.control_plane.moto_overlay.cloudwatch.alarms import CloudWatchBackend, state

_logger = logging.getLogger(__name__)

type Act = Callable[[MetricAlarm | CompositeAlarm, StateValue, AlarmState], None]
"""Runs an alarm's actions: `(alarm, state before, state now)`."""


class AlarmEvaluation:
    """Evaluates all alarms of a backend, which is asked for anew each time."""

    def __init__(self, backend: Callable[[], CloudWatchBackend], read: ReadData, act: Act, clock: StackClock) -> None:
        self._backend = backend
        self._read = read
        self._act = act
        self._clock = clock
        self._lock = threading.RLock()
        self._suppressions: dict[str, tuple[float, Suppression]] = {}
        """What holds an alarm's actions back, and when the definition that it belongs to was made."""
        self._acted_on: dict[str, StateValue] = {}
        """The state on which a composite alarm's actions ran last."""
        self._troubles: dict[str, str] = {}

    def run(self) -> None:
        """Evaluate each metric alarm, then each composite alarm after those in its rule."""
        with self._lock:
            backend, now = self._backend(), self._clock.time()
            for stored in list(backend.alarms.values()):
                if stored.rule is None:
                    self._evaluate(backend, stored, now)
            self._run_composites(backend, now)

    def set_state(self, name: str, wanted: AlarmState) -> None:
        """Put an alarm in a state, which holds until the next evaluation (CW-30)."""
        with self._lock:
            backend = self._backend()
            stored = backend.alarms[name]
            if stored.rule is None:
                self._change(backend, stored, MetricAlarm.from_api(backend.members(stored)), wanted)
            else:
                backend.enter(stored, wanted)
            self._run_composites(backend, self._clock.time())

    def _evaluate(self, backend: CloudWatchBackend, stored: Any, now: float) -> None:
        try:
            alarm = MetricAlarm.from_api(backend.members(stored))
            found = metric_alarm.evaluate(alarm, self._read, now, state(stored))
        except (AlarmDefinitionError, MetricQueryError) as error:
            self._trouble(stored.name, error)
        else:
            self._change(backend, stored, alarm, found)

    def _change(self, backend: CloudWatchBackend, stored: Any, alarm: MetricAlarm, found: AlarmState) -> None:
        before = StateValue(stored.state_value)
        if found == state(stored):
            return
        backend.enter(stored, found)
        if found.value != before:
            self._act(alarm, before, found)

    def _run_composites(self, backend: CloudWatchBackend, now: float) -> None:
        composites = {}
        for stored in list(backend.alarms.values()):
            if stored.rule is not None:
                composites[stored.name] = CompositeAlarm.from_api(backend.members(stored))
        for alarm in composite_alarm.in_order(composites.values()):
            stored = backend.alarms[alarm.name]
            before = state(stored)
            children = {name: Child(one.alarm_arn, state(one)) for name, one in list(backend.alarms.items())}
            try:
                found = composite_alarm.evaluate(alarm, children, now, before)
            except AlarmDefinitionError as error:
                self._trouble(alarm.name, error)
                continue
            backend.enter(stored, found)
            suppressor = children.get(alarm.suppressor) if alarm.suppressor is not None else None
            self._act_unless_suppressed(stored, alarm, before, found, suppressor=suppressor, now=now)
        self._look_again(now)

    def _look_again(self, now: float) -> None:
        """Come back as soon as a period is over that holds actions back: it may end before the minute does."""
        ends = [suppression.until for _, suppression in self._suppressions.values() if suppression.until > now]
        if ends:
            again = threading.Timer(self._clock.machine_seconds(min(ends) - now), self._run_held_back)
            again.daemon = True
            again.start()

    def _run_held_back(self) -> None:
        with self._lock:
            self._run_composites(self._backend(), self._clock.time())

    def _act_unless_suppressed(
        self,
        stored: Any,
        alarm: CompositeAlarm,
        before: AlarmState,
        found: AlarmState,
        *,
        suppressor: Child | None,
        now: float,
    ) -> None:
        configured, suppression = self._suppressions.get(alarm.name, (alarm.configured, NOT_SUPPRESSED))
        if configured != alarm.configured:
            suppression = NOT_SUPPRESSED
        changed = found.value != before.value
        suppression, acts = suppress(alarm, suppressor, now, suppression, changed=changed)
        self._suppressions[alarm.name] = alarm.configured, suppression
        stored.actions_suppressed_by = suppression.by.value if suppression.by is not None else None
        stored.actions_suppressed_reason = suppression.reason
        acted_on = self._acted_on.setdefault(alarm.name, before.value)
        if acts:
            self._acted_on[alarm.name] = found.value
            self._act(alarm, acted_on, found)

    def _trouble(self, name: str, error: Exception) -> None:
        if self._troubles.get(name) != str(error):  # once is enough
            self._troubles[name] = str(error)
            _logger.warning("the alarm %s is not evaluated: %s", name, error)
