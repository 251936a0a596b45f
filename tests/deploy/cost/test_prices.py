import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from selador_deploy.cost.prices import PriceTable, Quote
from selador_deploy.cost.system import Measured, System
from selador_deploy.cost.usage import DESIGNS
from selador_deploy.cost.workload import Workload

TERRAFORM = Path(__file__).parents[3] / "terraform"


def kinds_of_resources() -> set[str]:
    """Return every kind of resource that the root module, its modules and the bootstrap declare."""
    files = [path for pattern in ("*.tf", "modules/*/*.tf", "bootstrap/*.tf") for path in TERRAFORM.glob(pattern)]
    return {kind for path in files for kind in re.findall(r'^resource "(\w+)"', path.read_text(), re.MULTILINE)}


def quotes(table: PriceTable) -> dict[str, Quote]:
    return {**table.prices, **table.models}


def test_each_kind_of_resource_has_its_prices_or_is_free(table: PriceTable) -> None:
    found = {kind for kind in kinds_of_resources() if not kind.startswith("aws_iam_")}

    assert len(found) > 20
    assert sorted(found - set(table.resources)) == [], "say in prices.toml what it costs"


def test_a_resource_brings_prices_that_the_table_has(table: PriceTable) -> None:
    named = {name for names in table.resources.values() for name in names}

    assert named <= set(table.prices)
    assert set(table.prices) - named == {"rest-requests"}  # the other design's


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_each_price_is_used_and_each_quantity_has_a_price(
    table: PriceTable, system: System, measured: Measured, architecture: str
) -> None:
    workload = Workload(requests=1, architecture=architecture, authorization="jwt", own_key=True)
    used = Counter(name for design in DESIGNS.values() for name in design(workload, system, measured))
    other = {"lambda-arm64", "lambda-x86_64"} - {f"lambda-{architecture}"}

    assert set(used) == set(table.prices) - other


def test_each_price_says_where_it_was_read_and_when(table: PriceTable) -> None:
    for quote in quotes(table).values():
        assert quote.source.startswith("https://")
        assert quote.page.startswith("https://aws.amazon.com/")
        assert date(2024, 1, 1) <= quote.dated


def test_what_aws_itself_says_is_confirmed(table: PriceTable) -> None:
    assert all(quote.confirmed for quote in quotes(table).values() if quote.source == quote.page)


def test_a_price_is_for_so_many_units(table: PriceTable) -> None:
    assert table.prices["websocket-messages"].of(2_500_000) == pytest.approx(2.50)
    assert table.prices["sns-publishes"].of(1_000_000) == pytest.approx(0.50)
    assert table.prices["kms-requests"].of(20_000) == pytest.approx(0.06)
    assert table.models["nova-lite"].of(1_000_000, 500_000) == pytest.approx(0.06 + 0.12)
