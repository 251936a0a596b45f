import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from selador_deploy.plan import facts as plan_facts
from selador_deploy.plan.facts import Facts

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


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git = ("git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run([*git, "init", "--quiet"], check=True)
    (tmp_path / "tracked").write_text("1")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "first"], check=True)
    return tmp_path


@pytest.mark.parametrize("name", ["tracked", "untracked"])
def test_what_is_not_committed_differs_by_its_content(repository: Path, name: str) -> None:
    assert plan_facts.uncommitted(repository) == ""

    (repository / name).write_text("2")
    second = plan_facts.uncommitted(repository)
    (repository / name).write_text("3")
    third = plan_facts.uncommitted(repository)

    assert len({"", second, third}) == 3


def test_a_folder_that_is_no_repository_has_no_commit(tmp_path: Path) -> None:
    assert (plan_facts.commit(tmp_path), plan_facts.uncommitted(tmp_path)) == ("", "")


@pytest.mark.parametrize("name", [field.name for field in fields(Facts)])
def test_each_fact_is_compared(name: str) -> None:
    other = {"state_serial": 8, "artifacts": {}}.get(name, "another")
    now = Facts.from_json(FACTS.to_json() | {name: other})

    (difference,) = plan_facts.differences(FACTS, now)

    assert " was " in difference
    assert list(plan_facts.differences(FACTS, Facts.from_json(FACTS.to_json()))) == []
