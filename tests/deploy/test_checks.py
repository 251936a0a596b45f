from pathlib import Path

import pytest

from selador_deploy.checks import example_of
from selador_deploy.errors import DeployError

from .conftest import Calls, Run


@pytest.fixture
def module(root: Path) -> Path:
    """A repository with one module, whose README shows how to call it."""
    (root / "terraform/bootstrap").mkdir()
    module = root / "terraform/modules/queue"
    module.mkdir(parents=True)
    (module / "versions.tf").write_text("# versions\n")
    (module / "README.md").write_text('A queue.\n\n```hcl\nmodule "queue" {}\n```\n')
    return module


def test_the_format_is_shown_and_not_changed(run: Run, calls: Calls) -> None:
    assert run("fmt-check") == 0

    assert calls() == [["fmt", "-check", "-diff", "-recursive", None]]


def test_each_module_is_validated_as_its_readme_calls_it_in_a_copy(
    root: Path, module: Path, run: Run, calls: Calls
) -> None:
    assert run("validate") == 0

    copy = root / "build/terraform/examples/queue"
    assert (copy / "main.tf").read_text() == 'module "queue" {}\n'
    assert (copy / "modules/queue/versions.tf").exists()
    assert (copy / ".terraform.lock.hcl").exists()
    assert [call[0] for call in calls()] == ["init", "validate"] * 3
    assert all("-backend=false" in call for call in calls() if call[0] == "init")


def test_a_misspelled_value_of_an_example_is_named(
    root: Path, module: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    example = root / "terraform/examples/smallest/demo.tfvars"
    example.parent.mkdir(parents=True)
    example.write_text((root / "terraform/environments/dev.tfvars").read_text() + 'regoin = "us-east-1"\n')

    assert run("validate") == 1

    assert "terraform/examples/smallest/demo.tfvars sets regoin, which is no variable" in capsys.readouterr().err


def test_terraforms_own_tests_run_in_the_workspace_that_they_name(run: Run, calls: Calls) -> None:
    assert run("test") == 0

    assert [(call[0], call[-1]) for call in calls()] == [("init", None), ("test", "test")]


def test_a_check_that_fails_ends_with_terraforms_status(run: Run) -> None:
    assert run("fmt-check", status=3) == 3


def test_a_readme_without_an_example_is_named(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("A queue.\n")

    with pytest.raises(DeployError) as raised:
        example_of(readme)

    assert str(raised.value) == f"{readme} has no example, a block of hcl; add one that calls the module"
