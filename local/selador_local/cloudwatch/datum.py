"""What CloudWatch keeps: data, and the metric that they belong to."""

from collections.abc import Callable, Iterable
from typing import NamedTuple


class MetricIdentity(NamedTuple):
    """What tells one metric from another: each set of dimension values is a metric of its own (CW-13)."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    """Sorted by name."""


class Datum(NamedTuple):
    """What one publication says of a metric: values, and how often each of them occurred."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    """Sorted by name."""
    time: float
    """In seconds since the epoch."""
    unit: str
    values: tuple[float, ...]
    counts: tuple[float, ...]
    """As many as values."""

    @property
    def metric(self) -> MetricIdentity:
        return MetricIdentity(self.namespace, self.name, self.dimensions)


type ReadData = Callable[[MetricIdentity, float, float], Iterable[Datum]]
"""Returns a metric's data of `start <= time < end`, in any order: what statistics and alarms ask of a store."""
