"""`make cost`: what a month costs, by service, beside a post per token and beside a streamed response of a REST API."""

import json
from collections.abc import Mapping
from dataclasses import replace

from selador_deploy.cost.bill import bill_of
from selador_deploy.cost.prices import PriceTable, read_prices
from selador_deploy.cost.report import Estimate, document, report
from selador_deploy.cost.system import Measured, System, read_measured
from selador_deploy.cost.usage import DESIGNS
from selador_deploy.cost.workload import ARCHITECTURES, AUTHORIZATIONS, DAYS, Workload, read_choice, read_number
from selador_deploy.errors import DeployError
from selador_deploy.terraform import Terraform

SIZES = (1_000, 100_000, 3_000_000)
"""Requests a month, if nobody names a number."""

DEFAULT_MODEL = "nova-lite"


def cost(
    terraform: Terraform,
    *,
    requests: str | None,
    requests_a_day: str | None,
    tokens_in: str | None,
    tokens_out: str | None,
    answer_seconds: str | None,
    first_words_seconds: str | None,
    connection_minutes: str | None,
    memory_mb: str | None,
    model: str | None,
    architecture: str | None,
    auth: str | None,
    kms: bool,
    as_json: bool,
) -> None:
    """Print the bills."""
    table = read_prices()
    model = read_choice("model", model or DEFAULT_MODEL, tuple(table.models))
    numbers = {
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "answer_seconds": answer_seconds,
        "first_words_seconds": first_words_seconds,
        "connection_minutes": connection_minutes,
        "memory_mb": memory_mb,
    }
    workload = _workload(numbers, architecture, auth, own_key=kms)
    measured = read_measured(terraform.root)
    estimates = [
        estimate(replace(workload, requests=size), table, System(), measured, model)
        for size in _sizes(requests, requests_a_day)
    ]
    if as_json:
        print(json.dumps(document(estimates, table, model), indent=2))
        return
    for line in report(estimates, table, System(), model):
        print(line)


def estimate(workload: Workload, table: PriceTable, system: System, measured: Measured, model: str) -> Estimate:
    """Return what each design uses for the workload, and its bill."""
    usage = {name: design(workload, system, measured) for name, design in DESIGNS.items()}
    return Estimate(workload, usage, {name: bill_of(used, workload, table, model) for name, used in usage.items()})


def _sizes(requests: str | None, requests_a_day: str | None) -> list[float]:
    if requests is not None and requests_a_day is not None:
        raise DeployError("REQUESTS and REQUESTS_A_DAY are both given", "give one of them", status=2)
    if requests is not None:
        return [read_number("requests", requests)]
    if requests_a_day is not None:
        return [read_number("requests_a_day", requests_a_day) * DAYS]
    return list(SIZES)


def _workload(
    numbers: Mapping[str, str | None], architecture: str | None, auth: str | None, *, own_key: bool
) -> Workload:
    given = {option: read_number(option, text) for option, text in numbers.items() if text is not None}
    workload = replace(
        Workload(requests=1),
        **given,
        architecture=read_choice("architecture", architecture or Workload.architecture, ARCHITECTURES),
        authorization=read_choice("auth", auth or Workload.authorization, AUTHORIZATIONS),
        own_key=own_key,
    )
    if workload.writing_seconds < 0:
        raise DeployError(
            f"FIRST_WORDS_SECONDS is {workload.first_words_seconds:g} and ANSWER_SECONDS {workload.answer_seconds:g}",
            "give a first word that comes before the answer's end",
            status=2,
        )
    return workload
