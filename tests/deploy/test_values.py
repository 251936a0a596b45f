"""Values are what Terraform reads, in every form that it takes; what can't be read or would be dropped is a refusal."""

from pathlib import Path

import pytest

from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError
from selador_deploy.values import read_declarations

from .conftest import Calls, Run


@pytest.fixture
def file(root: Path) -> Path:
    return root / "terraform/environments/dev.tfvars"


def add(file: Path, text: str) -> None:
    with file.open("a") as opened:
        opened.write(text)


@pytest.mark.parametrize(
    "line",
    [
        "protected = true",
        "protected = true // never",
        "protected = true # never",
        "protected = true /* never */",
        "  protected=true",
        "protected = (true)",
        'protected = "true"',
        "protected = /* never */ true",
    ],
)
def test_an_environment_is_protected_in_every_way_to_write_it(
    file: Path, run: Run, calls: Calls, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    run("init", "--env", "dev")
    add(file, f"{line}\n")

    assert run("destroy", "--env", "dev", "--confirm", "dev") == 1

    assert "dev is protected" in capsys.readouterr().err
    assert not {"plan", "apply", "destroy"} & {call[0] for call in calls()}


def test_values_are_converted_and_defaults_filled_in_as_terraform_does(file: Path, dev: Environment) -> None:
    text = file.read_text().replace('allowed_account_ids = ["111122223333"]', "allowed_account_ids = [\n  '1'\n]")
    text = text.replace("'1'", '"012345678901", # the first\n  "111122223333",')
    file.write_text(f'{text}artifact_bucket = "b" // shared\nmain_function = {{ memory_mb = "1024" }}\n')

    assert dev.allowed_account_ids == ["012345678901", "111122223333"]
    assert dev.artifact_bucket == "b"
    assert dev.variables["main_function"]["memory_mb"] == 1024
    assert dev.variables["main_function"]["maximum_concurrency"] == 10
    assert dev.variables["project"] == "selador"


def test_a_file_that_terraform_loads_by_itself_counts_unless_the_environments_own_says_otherwise(
    root: Path, dev: Environment
) -> None:
    (root / "terraform/team.auto.tfvars").write_text('project = "ours"\nregion = "us-east-1"\n')

    assert dev.variables["project"] == "ours"
    assert dev.region == "eu-central-1"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "generation = { guardrails = { id = 1 } }",
            "sets generation.guardrails, which generation does not have",
        ),
        (
            'main_function = { canary = { stable_version = "1", weigth = 0.1, weight = 0.1 } }',
            "main_function.canary.weigth, which main_function.canary does not have: it takes stable_version, weight",
        ),
        ('authorisation = "jwt"', "sets authorisation, which is no variable of terraform/variables.tf"),
        ("protected = perhaps", "terraform/environments/dev.tfvars:7: Variables not allowed"),
        ("protected = [", "terraform/environments/dev.tfvars:8: "),
        (
            "protected = 7",
            "The given value is not suitable for var.protected: bool required",
        ),
    ],
    ids=["member", "nested-member", "variable", "expression", "syntax", "type"],
)
def test_what_would_be_dropped_or_can_not_be_read_is_refused_by_name_before_anything_is_planned(
    file: Path, run: Run, calls: Calls, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    run("init", "--env", "dev")
    add(file, f"{line}\n")

    assert run("plan", "--env", "dev") == 1

    assert said in capsys.readouterr().err
    assert "plan" not in [call[0] for call in calls()]


def test_every_value_that_is_missing_is_told_at_once(file: Path, dev: Environment) -> None:
    file.write_text('environment = "dev"\nregion = "eu-central-1"\n')

    with pytest.raises(DeployError) as raised:
        _ = dev.region

    shown = "terraform/environments/dev.tfvars"
    assert f"{shown} sets no allowed_account_ids; {shown} sets no " in str(raised.value)
    assert f"{shown} sets no model_arn" in str(raised.value)


def test_the_folder_that_values_are_read_in_is_gone_afterwards(root: Path, dev: Environment) -> None:
    assert dev.region == "eu-central-1"

    assert list((root / "build").glob("values-*")) == []


def test_a_declaration_is_read_with_its_type_and_its_default() -> None:
    text = 'variable "a" {\n  type = object({ b = optional(number, 1) })\n  default = {}\n  nullable = false\n}\n'

    (declared,) = read_declarations(text + "\n").values()

    assert (declared.type, declared.required, declared.default, declared.nullable) == (
        "object({b = optional(number, 1)})",
        False,
        {},
        False,
    )
