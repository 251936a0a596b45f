"""The metrics that CloudWatch keeps: each metric's values by minute, within a bound. Thread-safe.

A datum finds its minute by its own time, however late it comes: Lambda's data come after the invocation (CW-06).
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from threading import Lock

from selador_local.cloudwatch.datum import Datum, MetricIdentity

RESOLUTION_SECONDS = 60  # of a metric that doesn't ask for a finer one (CW-13)
MAX_VALUES = 500_000

type _Minute = tuple[float, str]
"""When it starts, and the data's unit."""


class MetricStore:
    """Keeps up to `max_values` different values in all, and forgets the oldest minutes first."""

    def __init__(self, max_values: int = MAX_VALUES) -> None:
        self._max_values = max_values
        self._metrics: dict[MetricIdentity, dict[_Minute, Counter[float]]] = {}
        self._oldest_first: deque[tuple[MetricIdentity, _Minute]] = deque()
        self._values = 0
        self._lock = Lock()

    def put(self, data: Iterable[Datum]) -> None:
        """Add data; those of a metric's same minute and unit become one."""
        with self._lock:
            for datum in data:
                self._add(datum)
            while self._values > self._max_values:
                self._forget(*self._oldest_first.popleft())

    def read(self, metric: MetricIdentity, start: float, end: float) -> list[Datum]:
        """Return a metric's data of `start <= time < end`, each with its minute as its time."""
        with self._lock:
            return [
                Datum(*metric, time, unit, tuple(values), tuple(map(float, values.values())))
                for (time, unit), values in self._metrics.get(metric, {}).items()
                if start <= time < end
            ]

    def metrics(self, since: float = 0) -> Iterator[MetricIdentity]:
        """Yield the metrics that have data since then, sorted."""
        with self._lock:
            found = [metric for metric, minutes in self._metrics.items() if max(minutes)[0] >= since]
        yield from sorted(found)

    def _add(self, datum: Datum) -> None:
        minutes = self._metrics.setdefault(datum.metric, {})
        minute = (datum.time // RESOLUTION_SECONDS * RESOLUTION_SECONDS, datum.unit)
        if minute not in minutes:
            minutes[minute] = Counter()
            self._oldest_first.append((datum.metric, minute))
        values = minutes[minute]
        before = len(values)
        for value, count in zip(datum.values, datum.counts, strict=True):
            values[value] += count  # type: ignore[assignment] # a count may be a fraction
        self._values += len(values) - before

    def _forget(self, metric: MetricIdentity, minute: _Minute) -> None:
        self._values -= len(self._metrics[metric].pop(minute))
        if not self._metrics[metric]:
            del self._metrics[metric]
