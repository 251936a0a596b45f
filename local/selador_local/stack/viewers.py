"""Who shows the stack's states to people: one screen on a terminal, or a line for each change."""

from datetime import datetime
from typing import Protocol

from selador_local.stack.output import Colour, Output
from selador_local.stack.screen import screen
from selador_local.stack.state import StackState

_UNDER_WAY = {"received", "waiting", "under way"}
_QUIET = {"OK", "INSUFFICIENT_DATA"}
"""An alarm that goes from one to the other has no news: every one does within minutes of a start."""


class Viewer(Protocol):
    """Shows one state after another."""

    def show(self, state: StackState) -> None:
        """Show the newest state."""


class ScreenViewer:
    """Draws each state over the one before it."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def show(self, state: StackState) -> None:
        self._output.draw(screen(state, self._output.size(), self._output.painted))


class LineViewer:
    """Writes a line for each request that has ended, and for each alarm that has gone off or is over."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._requests: dict[str, str] = {}
        self._alarms: dict[str, str] | None = None

    def show(self, state: StackState) -> None:
        for life in reversed(state.requests):
            if life.state not in _UNDER_WAY and self._requests.get(life.request_id) != life.state:
                took = f"{life.last_at - life.began_at:.1f} s, attempt {life.attempt}, {life.frames} frames"
                self._line(life.last_at, f"request {life.request_id}: {life.state} ({took})", life.state != "completed")
        self._requests = {life.request_id: life.state for life in state.requests}
        if state.alarms is not None:
            states = {alarm.name: alarm.state for alarm in state.alarms}
            for alarm in state.alarms:
                before = alarm.state if self._alarms is None else self._alarms.get(alarm.name, "INSUFFICIENT_DATA")
                if before != alarm.state and not {before, alarm.state} <= _QUIET:
                    text = f"alarm {alarm.name}: {alarm.state} ({alarm.reason})"
                    self._line(alarm.since, text, alarm.state == "ALARM")
            self._alarms = states

    def _line(self, at: float, text: str, is_bad: bool) -> None:
        line = f"{datetime.fromtimestamp(at):%H:%M:%S}  {text}"  # noqa: DTZ006  # the reader's own time
        self._output.tell(self._output.painted(line, Colour.RED) if is_bad else line)
