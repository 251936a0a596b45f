"""The table of prices: prices.toml, as values."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

TABLE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Where a price was read, and when it stood there."""

    dated: date
    page: str
    """AWS's own page, to check it against."""
    source: str
    confirmed: bool
    """Whether a second source has it, or AWS itself."""


@dataclass(frozen=True, kw_only=True)
class Price(Quote):
    """What `per` units cost."""

    line: str
    """Where it stands in the output."""
    usd: float
    per: int
    unit: str

    def of(self, quantity: float) -> float:
        """Return what so many units cost."""
        return quantity * self.usd / self.per


@dataclass(frozen=True, kw_only=True)
class Model(Quote):
    """What `per` tokens of a model cost."""

    input_usd: float
    output_usd: float
    per: int

    def of(self, tokens_in: float, tokens_out: float) -> float:
        """Return what so many tokens cost."""
        return (tokens_in * self.input_usd + tokens_out * self.output_usd) / self.per


@dataclass(frozen=True)
class PriceTable:
    """Prices and models by name, in one Region; and the prices that each kind of Terraform's resources brings."""

    region: str
    prices: Mapping[str, Price]
    models: Mapping[str, Model]
    resources: Mapping[str, tuple[str, ...]]

    def quotes(self, model: str) -> Mapping[str, Quote]:
        """Return the prices by name, and that of one model."""
        return {**self.prices, model: self.models[model]}


def read_prices(path: Path = TABLE) -> PriceTable:
    """Return the table that the file holds."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return PriceTable(
        found["region"],
        {name: Price(**price) for name, price in found["prices"].items()},
        {name: Model(**model) for name, model in found["models"].items()},
        {kind: tuple(names) for kind, names in found["resources"].items()},
    )
