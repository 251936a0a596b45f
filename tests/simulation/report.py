"""Runs worlds by their seeds and tells what went wrong, with a short history of the request that it happened to."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .invariants import ENDS, violations
from .records import Record
from .seeds import setting_of
from .world import simulate

LINES = 60


@dataclass
class Report:
    """What the worlds of some seeds came to."""

    seeds: int = 0
    requests: int = 0
    violations: list[str] = field(default_factory=list)
    by_rule: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


def run(seeds: Iterable[int]) -> Report:
    """Run the worlds of these seeds."""
    report = Report()
    for seed in seeds:
        world = simulate(seed, setting_of(seed))
        report.seeds += 1
        report.requests += len(world.records.all())
        report.ends.update({name: int(world.records.metrics[name]) for name in ("Accepted", *ENDS)})
        report.faults.update(world.records.faults)
        found = violations(world)
        report.by_rule.update({rule for rule, _, _ in found})
        for rule, wrong, record in found[:1]:
            report.violations.append("\n".join([f"seed {seed}: {rule}: {wrong}", *_history(record)]))
    return report


def _history(record: Record | None) -> Iterator[str]:
    if record is not None:
        yield f"  the last of {record.id}:"
        for at, text in record.history[-LINES:]:
            yield f"  {at:9.3f}  {text}"
