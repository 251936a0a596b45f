"""The events of all log groups, within a bound for each. Thread-safe.

Times are epoch milliseconds, as in the API.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock

MAX_GROUP_BYTES = 16 * 2**20
_EVENT_OVERHEAD_BYTES = 250  # what an event takes in this process beside its message: many lines are shorter than that


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A line of a log stream; `number` is unique and rises with each event that comes in."""

    number: int
    stream: str
    timestamp: int
    ingested_at: int
    message: str

    @property
    def bytes(self) -> int:
        return len(self.message.encode(errors="surrogatepass")) + _EVENT_OVERHEAD_BYTES


@dataclass
class _Group:
    events: deque[LogEvent] = field(default_factory=deque)
    bytes: int = 0


class EventStore:
    """Keeps up to `max_group_bytes` of each group, and forgets the oldest events first."""

    def __init__(self, max_group_bytes: int = MAX_GROUP_BYTES) -> None:
        self._max_group_bytes = max_group_bytes
        self._groups: dict[str, _Group] = {}
        self._numbers = 0
        self._lock = Lock()

    def put(self, group: str, stream: str, events: Iterable[tuple[int, str]], now: int) -> None:
        """Add `(timestamp, message)` pairs to a stream."""
        with self._lock:
            kept = self._groups.setdefault(group, _Group())
            for timestamp, message in events:
                self._numbers += 1
                event = LogEvent(self._numbers, stream, timestamp, now, message)
                kept.events.append(event)
                kept.bytes += event.bytes
            while kept.bytes > self._max_group_bytes:
                kept.bytes -= kept.events.popleft().bytes

    def expire(self, group: str, before: int) -> None:
        """Forget a group's events that are older than that: its retention is over."""
        with self._lock:
            kept = self._groups.get(group, _Group())
            while kept.events and kept.events[0].timestamp < before:
                kept.bytes -= kept.events.popleft().bytes

    def forget(self, group: str, stream: str | None = None) -> None:
        """Forget a deleted group, or one of its streams."""
        with self._lock:
            kept = self._groups.pop(group, None)
            if kept is not None and stream is not None:
                events = deque(event for event in kept.events if event.stream != stream)
                self._groups[group] = _Group(events, sum(event.bytes for event in events))

    def read(self, group: str, start: int | None = None, end: int | None = None) -> list[LogEvent]:
        """Return a group's events of `start <= timestamp <= end`, by their time."""
        with self._lock:
            kept = self._groups.get(group)
            events = list(kept.events) if kept is not None else []
        found = (
            event
            for event in events
            if (start is None or event.timestamp >= start) and (end is None or event.timestamp <= end)
        )
        return sorted(found, key=lambda event: (event.timestamp, event.number))


def of_streams(events: Iterable[LogEvent], names: Iterable[str], prefix: str | None) -> Iterator[LogEvent]:
    """Yield the events of these streams, or of those with this prefix, or all if neither is given."""
    wanted = set(names)
    for event in events:
        if (not wanted or event.stream in wanted) and event.stream.startswith(prefix or ""):
            yield event
