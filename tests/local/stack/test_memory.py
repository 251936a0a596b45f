"""What a stack remembers, and what counts as a difference."""

import json
from pathlib import Path

import pytest

from selador_local.stack.memory import Applied, Memory, inputs

APPLIED = Applied("d1g3st", "a-lineage", 7)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path)


@pytest.fixture
def terraform(tmp_path: Path) -> Path:
    """A configuration in the shape of terraform/."""
    folder = tmp_path / "terraform"
    for name in (
        "main.tf",
        "modules/queue/main.tf",
        "environments/local.tfvars",
        "environments/prod.tfvars",
        "tests/plan.tftest.hcl",
        ".terraform.lock.hcl",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
    return folder


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    manifest(folder, "c0de", "a-commit")
    return folder


def manifest(folder: Path, sha256: str, commit: str) -> None:
    content = {"artifacts": {"main": {"sha256": sha256}}, "source": {"commit": commit}}
    (folder / "manifest.json").write_text(json.dumps(content))


def test_an_apply_is_recalled_as_it_was(memory: Memory) -> None:
    memory.remember(APPLIED)

    assert memory.recall() == APPLIED


@pytest.mark.parametrize("text", [None, "", "[]", '{"inputs": "d"}'], ids=["none", "empty", "a list", "half of it"])
def test_what_cannot_be_read_is_no_memory(memory: Memory, text: str | None) -> None:
    if text is not None:
        (memory.folder / "applied.json").write_text(text)

    assert memory.recall() is None


def test_what_is_forgotten_is_gone_and_forgetting_nothing_is_fine(memory: Memory) -> None:
    memory.remember(APPLIED)
    memory.snapshot.write_text("held")

    memory.forget()
    memory.forget()

    assert memory.recall() is None
    assert not memory.snapshot.exists()


@pytest.mark.parametrize(
    "name", ["main.tf", "modules/queue/main.tf", "environments/local.tfvars", ".terraform.lock.hcl"]
)
def test_a_changed_file_of_the_configuration_is_a_difference(terraform: Path, artifacts: Path, name: str) -> None:
    before = inputs(terraform, artifacts, {})

    (terraform / name).write_text("# changed\n")

    assert inputs(terraform, artifacts, {}) != before


@pytest.mark.parametrize("name", ["environments/prod.tfvars", "tests/plan.tftest.hcl"])
def test_another_environment_and_the_tests_are_none(terraform: Path, artifacts: Path, name: str) -> None:
    before = inputs(terraform, artifacts, {})

    (terraform / name).write_text("# changed\n")

    assert inputs(terraform, artifacts, {}) == before


def test_a_file_that_moves_is_a_difference(terraform: Path, artifacts: Path) -> None:
    before = inputs(terraform, artifacts, {})

    (terraform / "main.tf").rename(terraform / "other.tf")

    assert inputs(terraform, artifacts, {}) != before


def test_other_zips_are_a_difference_and_another_commit_is_none(terraform: Path, artifacts: Path) -> None:
    before = inputs(terraform, artifacts, {})

    manifest(artifacts, "c0de", "another-commit")
    assert inputs(terraform, artifacts, {}) == before

    manifest(artifacts, "0ther", "a-commit")
    assert inputs(terraform, artifacts, {}) != before


def test_another_way_of_authorization_is_a_difference(terraform: Path, artifacts: Path) -> None:
    none, iam = ({"authorization": value} for value in ("none", "iam"))

    assert inputs(terraform, artifacts, none) != inputs(terraform, artifacts, iam)
