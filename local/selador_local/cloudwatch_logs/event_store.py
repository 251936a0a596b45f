"""The events of all log groups, within a bound for each. Thread-safe.

Times are epoch milliseconds, as in the API.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

_MAX_GROUP_BYTES = 16 * 2**20
_EVENT_OVERHEAD_BYTES = 26  # CloudWatch Logs counts them for each event (CW-41)
_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class StreamFacts:
    """What DescribeLogStreams says of a stream's events."""

    first_timestamp: int
    last_timestamp: int
    last_ingested_at: int


class EventStore:
    """Keeps up to `max_group_bytes` of each group, and forgets the oldest events first."""

    def __init__(self, max_group_bytes: int = _MAX_GROUP_BYTES) -> None:
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

    def expire(self, retention_days: Mapping[str, int], now: int) -> None:
        """Forget the events that are older than their group's retention."""
        with self._lock:
            for name, days in retention_days.items():
                group = self._groups.get(name)
                while group is not None and group.events and group.events[0].timestamp < now - days * _DAY_MS:
                    group.bytes -= group.events.popleft().bytes

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

    def stored_bytes(self, group: str) -> int:
        """Return the size of a group."""
        kept = self._groups.get(group)
        return kept.bytes if kept is not None else 0

    def streams(self, group: str) -> Mapping[str, StreamFacts]:
        """Return the facts of each of a group's streams that has events."""
        found: dict[str, StreamFacts] = {}
        for event in self.read(group):  # by time: the last one of a stream is its newest
            known = found.get(event.stream)
            first = event.timestamp if known is None else known.first_timestamp
            found[event.stream] = StreamFacts(first, event.timestamp, event.ingested_at)
        return found


def of_streams(events: Iterable[LogEvent], names: Iterable[str], prefix: str | None) -> Iterator[LogEvent]:
    """Yield the events of these streams, or of those with this prefix, or all if neither is given."""
    wanted = set(names)
    for event in events:
        if (not wanted or event.stream in wanted) and event.stream.startswith(prefix or ""):
            yield event
