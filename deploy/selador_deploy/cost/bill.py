"""A month's bill: quantities times prices, by the lines of the output. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from selador_deploy.cost.prices import PriceTable
from selador_deploy.cost.usage import Usage
from selador_deploy.cost.workload import Workload


@dataclass(frozen=True)
class Bill:
    """US dollars a month of one design."""

    lines: Mapping[str, float]
    """By line, in the order of the table of prices; without the model."""
    model: float

    @property
    def without_the_model(self) -> float:
        """Return the sum of the lines."""
        return sum(self.lines.values())

    @property
    def total(self) -> float:
        """Return the sum of everything."""
        return self.without_the_model + self.model


def bill_of(usage: Usage, workload: Workload, table: PriceTable, model: str) -> Bill:
    """Return the bill. Raises KeyError for a quantity that has no price."""
    lines: dict[str, float] = defaultdict(float)
    for name in sorted(usage, key=list(table.prices).index):
        lines[table.prices[name].line] += table.prices[name].of(usage[name])
    tokens_in, tokens_out = workload.requests * workload.tokens_in, workload.requests * workload.tokens_out
    return Bill(dict(lines), table.models[model].of(tokens_in, tokens_out))
