import pytest

from selador_deploy.cost.bill import bill_of
from selador_deploy.cost.prices import PriceTable
from selador_deploy.cost.workload import Workload


def test_a_line_is_the_sum_of_its_prices(workload: Workload, table: PriceTable) -> None:
    usage = {"lambda-arm64": 1_000_000, "alarm-metrics": 86, "composite-alarms": 4, "lambda-requests": 5_000_000}

    bill = bill_of(usage, workload, table, "nova-lite")

    assert bill.lines == {
        "Lambda": pytest.approx(5 * 0.20 + 13.3334),
        "CloudWatch: alarms, dashboard": pytest.approx(8.60 + 2.00),
    }
    assert bill.without_the_model == pytest.approx(24.9334)


def test_the_model_is_paid_by_the_token(workload: Workload, table: PriceTable) -> None:
    bill = bill_of({}, workload, table, "nova-pro")

    assert bill.model == pytest.approx(3_000 * 0.80 + 400 * 3.20)  # a million requests, USD for a million tokens
    assert bill.total == bill.model


def test_nothing_is_used_for_nothing(workload: Workload, table: PriceTable) -> None:
    with pytest.raises(ValueError, match="gold"):
        bill_of({"gold": 1}, workload, table, "nova-lite")
