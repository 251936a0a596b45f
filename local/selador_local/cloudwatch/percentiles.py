"""Percentiles and trimmed statistics as CloudWatch computes them: from bins, not from the values themselves (CW-50).

A bin reaches from a power of 1.1 to the next, so its edges are 10 % apart. The first bin begins at the least value and
the last one ends at the greatest. A percentile lies between its bin's edges on a logarithmic scale. A trimmed statistic
takes the values to be spread evenly over the bins in which its bounds lie, and to be the geometric mean of the edges in
the bins between these.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

_BASE = 1.1


@dataclass(frozen=True, slots=True)
class _Bin:
    low: float
    high: float
    count: float

    def between(self, low: float, high: float) -> "_Bin":
        """Return the part whose values are above `low` and at most `high`, its count in proportion."""
        if self.low == self.high:
            return self if low < self.high <= high else _Bin(self.low, self.high, 0)
        edges = max(self.low, low), min(self.high, high)
        share = max(edges[1] - edges[0], 0) / (self.high - self.low)
        return _Bin(*edges, self.count * share)


class Distribution:
    """Values of one period in bins. None of them may be negative, and at least one must be there."""

    def __init__(self, counts: Mapping[float, float]) -> None:
        """Sort values, given with their counts, into bins."""
        least, greatest = min(counts), max(counts)
        self._bins = [
            _Bin(max(low, least), min(high, greatest), sum(counts[value] for value in values))
            for (low, high), values in groupby(sorted(counts), _edges)
        ]
        self.count = sum(counts.values())

    def percentile(self, percent: float) -> float:
        """Return the value that `percent` of the values don't exceed."""
        wanted = self.count * percent / 100
        before = 0.0
        for one in self._bins:
            if wanted <= before + one.count or one is self._bins[-1]:
                break
            before += one.count
        share = min((wanted - before) / one.count, 1)
        return float(one.low * (one.high / one.low) ** share) if one.low else one.low

    def between_percentiles(self, low: float, high: float) -> "Trimmed":
        """Return the values from one percentile up to another."""
        return Trimmed.of(self._ranked(self.count * low / 100, self.count * high / 100))

    def between_values(self, low: float, high: float) -> "Trimmed":
        """Return the values above `low` and up to `high`."""
        return Trimmed.of(one.between(low, high) for one in self._bins)

    def _ranked(self, first: float, last: float) -> Iterator[_Bin]:
        before = 0.0
        for one in self._bins:
            shares = [min(max((rank - before) / one.count, 0), 1) for rank in (first, last)]
            low, high = (one.low + share * (one.high - one.low) for share in shares)
            yield _Bin(low, high, one.count * (shares[1] - shares[0]))
            before += one.count


@dataclass(frozen=True, slots=True)
class Trimmed:
    """How many values there are between two bounds, and their sum."""

    count: float
    sum: float

    @classmethod
    def of(cls, bins: Iterator[_Bin]) -> "Trimmed":
        """Sum up the bins within the bounds; only parts of the first and the last one may be."""
        kept = [one for one in bins if one.count]
        between = sum(one.count * math.sqrt(one.low * one.high) for one in kept[1:-1])
        outermost = sum(one.count * (one.low + one.high) / 2 for one in {*kept[:1], *kept[-1:]})
        return cls(sum(one.count for one in kept), between + outermost)


def _edges(value: float) -> tuple[float, float]:
    if value == 0:
        return 0.0, 0.0
    number = math.floor(math.log(value) / math.log(_BASE))
    return _BASE**number, _BASE ** (number + 1)
