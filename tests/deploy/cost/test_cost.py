import json
from pathlib import Path
from typing import Any

import pytest

from selador_deploy.cli import COMMANDS, main
from selador_deploy.cost.cost import SIZES
from selador_deploy.cost.prices import PriceTable

PROJECT = Path(__file__).parents[3]


def printed(capsys: pytest.CaptureFixture[str], *options: str, **environ: str) -> str:
    """Run the command; return what it wrote."""
    assert main(["cost", *options], PROJECT, environ) == 0
    return capsys.readouterr().out


def sizes(capsys: pytest.CaptureFixture[str], *options: str, **environ: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(printed(capsys, "--json", *options, **environ))["sizes"]
    return found


def test_without_a_number_it_is_three_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys)

    for size in SIZES:
        assert f"{size:,} requests a month" in text
    assert "Selador" in text
    assert "a post per token" in text
    assert "REST streaming" in text


def test_a_day_has_as_much_as_a_month_of_30_4_days(capsys: pytest.CaptureFixture[str]) -> None:
    (daily,) = sizes(capsys, "--requests-a-day", "1000")
    (monthly,) = sizes(capsys, "--requests", "30400")

    assert daily == monthly


def test_make_gives_its_variables_by_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = sizes(
        capsys,
        SELADOR_REQUESTS="5,000",
        SELADOR_TOKENS_IN="100",
        SELADOR_TOKENS_OUT="50",
        SELADOR_ANSWER_SECONDS="4",
        SELADOR_FIRST_WORDS_SECONDS="1",
        SELADOR_CONNECTION_MINUTES="2",
        SELADOR_MEMORY_MB="1024",
        SELADOR_ARCHITECTURE="x86_64",
        SELADOR_AUTH="jwt",
        SELADOR_KMS="1",
    )

    assert one["workload"] == {
        "requests": 5_000,
        "tokens_in": 100,
        "tokens_out": 50,
        "answer_seconds": 4,
        "first_words_seconds": 1,
        "connection_minutes": 2,
        "memory_mb": 1_024,
        "architecture": "x86_64",
        "authorization": "jwt",
        "own_key": True,
    }


def test_json_has_the_quantities_that_a_bill_comes_from(capsys: pytest.CaptureFixture[str], table: PriceTable) -> None:
    (one,) = sizes(capsys, "--requests", "100000", "--model", "nova-pro")

    design = one["designs"]["Selador"]
    priced = sum(table.prices[name].of(quantity) for name, quantity in design["usage"].items())
    assert design["withoutTheModel"] == pytest.approx(priced) == pytest.approx(sum(design["lines"].values()))
    assert design["model"] == pytest.approx(100_000 * (3_000 * 0.80 + 400 * 3.20) / 1e6)
    assert design["total"] == pytest.approx(priced + design["model"])


def test_it_says_which_prices_nobody_confirmed(capsys: pytest.CaptureFixture[str], table: PriceTable) -> None:
    text = printed(capsys, "--model", "claude-haiku-4-5")

    last = text.splitlines()[-1]
    names = {name for name, price in table.prices.items() if not price.confirmed} | {"claude-haiku-4-5"}
    assert last.startswith("prices that only one source has")
    assert set(last.partition(": ")[2].split(", ")) == names


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--requests", "0"), "REQUESTS is '0'; it takes 1 to 100,000,000"),
        (("--requests", "1", "--requests-a-day", "1"), "REQUESTS and REQUESTS_A_DAY are both given; give one of them"),
        (("--model", "gpt"), "MODEL is 'gpt'; give one of nova-lite, nova-pro"),
        (("--answer-seconds", "901"), "ANSWER_SECONDS is '901'; it takes 0.1 to 900"),
        (("--first-words-seconds", "11"), "FIRST_WORDS_SECONDS is 11 and ANSWER_SECONDS 10; give a first word"),
    ],
)
def test_bad_input_is_refused_by_name(capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str) -> None:
    status = main(["cost", *options], PROJECT, {})

    assert status == 2
    assert said in capsys.readouterr().err


def test_help_names_the_models_of_the_table(table: PriceTable) -> None:
    (command,) = (command for command in COMMANDS if command.name == "cost")
    (model,) = (flag for flag in command.flags if flag.name == "model")

    assert all(name in model.help for name in table.models)
