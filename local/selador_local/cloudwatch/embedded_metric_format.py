"""The Embedded Metric Format: log lines that are metrics, too (CW-11). Pure."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selador_local.cloudwatch.datum import Datum

# What a line may hold at most (CW-12).
_MAX_METRICS = 100  # of a directive, and values of a metric
_MAX_DIMENSIONS = 30  # of a set
_MAX_DIMENSION_CHARACTERS = 1024


@dataclass(frozen=True)
class EmbeddedMetrics:
    """The data of a log line, and the number of metrics and dimension sets in it that are none (CW-16)."""

    data: tuple[Datum, ...] = ()
    invalid: int = 0


def embedded_metrics(line: str) -> EmbeddedMetrics:
    """Return the metrics of a log line. A line that isn't of the format has none."""
    if '"_aws"' not in line:
        return EmbeddedMetrics()
    try:
        document = json.loads(line[line.index("{") :])  # what stands before the object is tolerated (CW-14)
        metadata = document["_aws"]
        directives = metadata["CloudWatchMetrics"]
    except (ValueError, TypeError, KeyError):
        return EmbeddedMetrics()
    data: list[Datum] = []
    invalid = 0
    for directive in directives if isinstance(directives, list) else [None]:
        try:
            for datum in _directive(document, directive, _timestamp(metadata)):
                if datum is None:
                    invalid += 1
                else:
                    data.append(datum)
        except ValueError:
            invalid += 1
    return EmbeddedMetrics(tuple(data), invalid)


def _timestamp(metadata: Mapping[str, Any]) -> float:
    timestamp = metadata.get("Timestamp")
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        raise ValueError(f"Timestamp is {timestamp!r}")
    return timestamp / 1000


def _directive(document: Mapping[str, Any], directive: Any, time: float) -> Iterator[Datum | None]:
    """Yield a datum for each metric and set of dimensions, None for one that breaks the rules."""
    try:
        namespace, sets, metrics = directive["Namespace"], directive["Dimensions"], directive["Metrics"]
    except (TypeError, KeyError):
        raise ValueError("a directive has a namespace, dimensions and metrics") from None
    if not isinstance(namespace, str) or not namespace or not isinstance(sets, list) or not isinstance(metrics, list):
        raise ValueError("a directive has a namespace, dimensions and metrics")
    if len(metrics) > _MAX_METRICS:
        raise ValueError(f"{len(metrics)} metrics in a directive")
    for names in sets:
        try:
            dimensions = _dimensions(document, names)
        except ValueError:
            yield None
            continue
        for metric in metrics:
            try:
                name, unit, values = _metric(document, metric)
            except ValueError:
                yield None
                continue
            yield Datum(namespace, name, dimensions, time, unit, values, (1.0,) * len(values))


def _dimensions(document: Mapping[str, Any], names: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(names, list) or len(names) > _MAX_DIMENSIONS:
        raise ValueError("a set of dimensions is a list of names")
    return tuple(sorted((name, _dimension(document, name)) for name in names))


def _dimension(document: Mapping[str, Any], name: Any) -> str:
    value = document.get(name) if isinstance(name, str) else None
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_DIMENSION_CHARACTERS:
        raise ValueError(f"the dimension {name!r} has no value")
    return value


def _metric(document: Mapping[str, Any], metric: Any) -> tuple[str, str, tuple[float, ...]]:
    name = metric.get("Name") if isinstance(metric, dict) else None
    if not isinstance(name, str) or not name:
        raise ValueError("a metric has a name")
    found = document.get(name)
    values: Sequence[Any] = found if isinstance(found, list) else [found]
    if not 0 < len(values) <= _MAX_METRICS or not all(_is_number(value) for value in values):
        raise ValueError(f"the metric {name} is not numbers")
    return name, str(metric.get("Unit", "None")), tuple(map(float, values))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
