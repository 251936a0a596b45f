import pytest

from selador_deploy.cost.cost import estimate
from selador_deploy.cost.prices import PriceTable
from selador_deploy.cost.report import report
from selador_deploy.cost.system import Measured, System
from selador_deploy.cost.workload import Workload


def lines_of(workload: Workload, table: PriceTable, system: System, measured: Measured) -> list[str]:
    return report([estimate(workload, table, system, measured, "nova-lite")], table, system, "nova-lite")


def test_columns_stand_below_each_other(
    workload: Workload, table: PriceTable, system: System, measured: Measured
) -> None:
    lines = lines_of(workload, table, system, measured)

    first = next(number for number, line in enumerate(lines) if line.startswith("1,000,000 requests a month"))
    rows = lines[first : lines.index("", first)]
    assert len({len(row) for row in rows}) == 1
    assert len(rows) == 14


def test_a_row_adds_up(workload: Workload, table: PriceTable, system: System, measured: Measured) -> None:
    cells = {line[:36].strip(): line[36:].split() for line in lines_of(workload, table, system, measured)}

    # 357 messages and 5 minutes of connection for each of a million requests
    assert cells["API Gateway: messages, requests"] == ["357.00", "407.00", "3.50"]
    assert cells["API Gateway: connection minutes"] == ["1.25", "1.25", "-"]
    # 80 metrics, 4 composite alarms, a dashboard
    assert cells["CloudWatch: alarms, dashboard"] == ["13.00", "13.00", "-"]
    assert cells["Bedrock: nova-lite"] == ["276.00", "276.00", "276.00"]
    without = [float(cell) for cell in cells["without the model"]]
    assert [float(cell) for cell in cells["in all"]] == pytest.approx([cell + 276 for cell in without])
    assert [float(cell) for cell in cells["a thousand requests"]] == pytest.approx(
        [(cell + 276) / 1_000 for cell in without], abs=0.005
    )


def test_it_says_what_the_request_is(workload: Workload, table: PriceTable, system: System, measured: Measured) -> None:
    lines = lines_of(workload, table, system, measured)

    assert lines[1:3] == [
        "a request: 3,000 tokens in and 400 out of nova-lite; 10 s, the first word after 3 s;",
        "a connection of 5 minutes; main has 512 MB on arm64; authorization iam",
    ]
