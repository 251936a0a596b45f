from dataclasses import replace
from pathlib import Path

import pytest

from selador_deploy.environment import Environment, check_filled_in, find_environment, unfilled_lines
from selador_deploy.errors import DeployError
from selador_deploy.terraform import Terraform


@pytest.fixture
def terraform(tmp_path: Path) -> Terraform:
    """Terraform for a repository with the environments prod and dev."""
    folder = tmp_path / "terraform/environments"
    folder.mkdir(parents=True)
    for name in ("prod", "dev"):
        (folder / f"{name}.tfvars").write_text('allowed_account_ids = ["000000000000"]\nknowledge_base_id = "KB000"\n')
        (folder / f"{name}.s3.tfbackend").write_text('bucket = "selador-terraform-state-000000000000-us-east-1"\n')
    return Terraform(tmp_path, {}, color=False)


def test_an_unknown_environment_is_a_usage_error_that_lists_the_known_ones(terraform: Terraform) -> None:
    with pytest.raises(DeployError) as raised:
        find_environment("qa", terraform)

    assert str(raised.value) == "there is no environment 'qa'; use one of terraform/environments: dev, prod"
    assert raised.value.status == 2


def test_environments_share_no_file_under_build(terraform: Terraform) -> None:
    dev, prod = find_environment("dev", terraform), find_environment("prod", terraform)

    assert dev.data_dir != prod.data_dir
    assert dev.bundle_file != prod.bundle_file


@pytest.mark.parametrize(
    ("line", "unfilled"),
    [
        ('allowed_account_ids = ["000000000000"]', True),
        ('bucket = "selador-terraform-state-000000000000-us-east-1"', True),
        ('knowledge_base_id = "0000000000"', True),
        ('allowed_account_ids = ["123456789012"]', False),
        ('allowed_account_ids = ["100000000000"]', False),
        ('knowledge_base_id = "KB00000001"', False),
    ],
)
def test_zeros_in_the_place_of_an_id_are_seen(line: str, unfilled: bool) -> None:
    assert unfilled_lines(f"# first\n{line}\n") == ([2] if unfilled else [])


def test_an_environment_with_zeros_left_is_refused_with_each_place(terraform: Terraform) -> None:
    with pytest.raises(DeployError) as raised:
        check_filled_in(find_environment("dev", terraform))

    assert str(raised.value).startswith(
        "terraform/environments/dev.tfvars:1, terraform/environments/dev.s3.tfbackend:1: zeros stand for"
    )


def test_artifacts_are_named_relative_to_the_configuration_so_that_machines_agree(tmp_path: Path) -> None:
    environment = Environment("dev", Terraform(tmp_path, {}, color=False))

    assert environment.variable_arguments(tmp_path / "dist")[1] == "-var=dist_dir=../dist"
    assert environment.variable_arguments(tmp_path.parent / "elsewhere")[1] == "-var=dist_dir=../../elsewhere"


def test_an_empty_region_says_so(root: Path, dev: Environment) -> None:
    file = root / "terraform/environments/dev.tfvars"
    file.write_text(file.read_text().replace('"eu-central-1"', '""'))

    with pytest.raises(DeployError, match=r'dev\.tfvars sets region = ""; write a Region there'):
        _ = dev.region


def test_a_backend_file_that_is_missing_says_so(root: Path, dev: Environment) -> None:
    (root / "terraform/environments/dev.s3.tfbackend").unlink()

    with pytest.raises(DeployError, match=r"dev\.s3\.tfbackend does not exist, which says where the state of dev lies"):
        _ = dev.backend_settings


def test_the_shells_variables_of_terraform_are_no_settings_of_a_backend(root: Path, dev: Environment) -> None:
    file = root / "terraform/environments/dev.s3.tfbackend"
    file.write_text(file.read_text().replace('region = "eu-central-1"', ""))
    shell = replace(dev, terraform=replace(dev.terraform, environ={**dev.terraform.environ, "TF_VAR_region": "x"}))

    with pytest.raises(DeployError, match="names no region"):
        _ = shell.backend_settings
