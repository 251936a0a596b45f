"""What `make cost` prints: bills side by side, and what they rest on. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from selador_deploy.cost.bill import Bill
from selador_deploy.cost.prices import PriceTable
from selador_deploy.cost.system import System
from selador_deploy.cost.usage import Usage
from selador_deploy.cost.workload import Workload

_WIDTH = 18
NOT_COUNTED = (
    "not counted: what an account gets free, taxes, discounts, lower tiers (beyond a billion messages); cold starts,",
    "retries; the knowledge base's index and search; X-Ray and SnapStart, which are off by default. REST streaming has",
    "neither alarms nor a queue here.",
)


@dataclass(frozen=True)
class Estimate:
    """A month of one size: what each design uses, and its bill."""

    workload: Workload
    usage: Mapping[str, Usage]
    bills: Mapping[str, Bill]


def report(estimates: Sequence[Estimate], table: PriceTable, system: System, model: str) -> list[str]:
    """Return the lines, a table for each size."""
    quotes = table.quotes(model)
    oldest = min(quote.dated for quote in quotes.values())
    lines = [
        f"USD a month in {table.region}: list prices as read at their sources, the oldest of {oldest}",
        *_request(estimates[0].workload, system, model),
    ]
    for estimate in estimates:
        lines += ["", *_size(estimate, list(dict.fromkeys(price.line for price in table.prices.values())), model)]
    unconfirmed = ", ".join(name for name, quote in quotes.items() if not quote.confirmed)
    return [*lines, "", *NOT_COUNTED, f"prices that only one source has, which isn't AWS: {unconfirmed}"]


def document(estimates: Sequence[Estimate], table: PriceTable, model: str) -> dict[str, Any]:
    """Return the same for JSON, with the quantities that each bill comes from."""
    return {
        "region": table.region,
        "currency": "USD",
        "model": model,
        "prices": {
            name: {"dated": quote.dated.isoformat(), "source": quote.source, "confirmed": quote.confirmed}
            for name, quote in table.quotes(model).items()
        },
        "sizes": [
            {
                "workload": asdict(estimate.workload),
                "designs": {
                    design: {
                        "usage": dict(estimate.usage[design]),
                        "lines": dict(bill.lines),
                        "withoutTheModel": bill.without_the_model,
                        "model": bill.model,
                        "total": bill.total,
                    }
                    for design, bill in estimate.bills.items()
                },
            }
            for estimate in estimates
        ],
    }


def _request(workload: Workload, system: System, model: str) -> list[str]:
    memory = system.main_memory_mb if workload.memory_mb is None else workload.memory_mb
    key = ", a KMS key of its own" if workload.own_key else ""
    tokens = f"{workload.tokens_in:,g} tokens in and {workload.tokens_out:,g} out of {model}"
    times = f"{workload.answer_seconds:g} s, the first word after {workload.first_words_seconds:g} s"
    main = f"main has {memory:,g} MB on {workload.architecture}"
    return [
        f"a request: {tokens}; {times};",
        f"a connection of {workload.connection_minutes:g} minutes; {main}; authorization {workload.authorization}{key}",
    ]


def _size(estimate: Estimate, order: Sequence[str], model: str) -> list[str]:
    bills = list(estimate.bills.values())
    requests = estimate.workload.requests
    shown = [line for line in order if any(line in bill.lines for bill in bills)]
    return [
        _row(f"{requests:,.0f} requests a month", list(estimate.bills)),
        *(_row(f"  {line}", [_usd(bill.lines.get(line)) for bill in bills]) for line in shown),
        _row("  without the model", [_usd(bill.without_the_model) for bill in bills]),
        _row(f"  Bedrock: {model}", [_usd(bill.model) for bill in bills]),
        _row("  in all", [_usd(bill.total) for bill in bills]),
        _row("  a thousand requests", [_usd(bill.total / requests * 1_000) for bill in bills]),
    ]


def _row(head: str, cells: Sequence[str]) -> str:
    return f"{head:<36}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells)


def _usd(amount: float | None) -> str:
    return "-" if amount is None else f"{amount:,.2f}"
