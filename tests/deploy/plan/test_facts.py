from dataclasses import fields

import pytest

from selador_deploy.plan.facts import Facts, differences

FACTS = Facts(
    environment="dev",
    workspace="dev",
    account_id="111122223333",
    backend="s3://a/b",
    state_lineage="a-lineage",
    state_serial=7,
    commit="a" * 40,
    uncommitted="",
    variables_sha256="b" * 64,
    artifacts={"main": "c" * 64},
    terraform_version="1.11.4",
    provider_version="5.100.0",
)


@pytest.mark.parametrize("name", [field.name for field in fields(Facts)])
def test_each_fact_is_compared(name: str) -> None:
    other = {"state_serial": 8, "artifacts": {}}.get(name, "another")
    now = Facts.from_json(FACTS.to_json() | {name: other})

    (difference,) = differences(FACTS, now)

    assert " was " in difference
    assert list(differences(FACTS, Facts.from_json(FACTS.to_json()))) == []
