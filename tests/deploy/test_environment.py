from pathlib import Path

import pytest

from selador_deploy.environment import Environment, check_filled_in, find_environment, unfilled_lines
from selador_deploy.errors import DeployError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "terraform/environments"
    folder.mkdir(parents=True)
    for name in ("prod", "dev"):
        (folder / f"{name}.tfvars").write_text('allowed_account_ids = ["000000000000"]\nknowledge_base_id = "KB000"\n')
        (folder / f"{name}.s3.tfbackend").write_text('bucket = "selador-terraform-state-000000000000-us-east-1"\n')
    return tmp_path


def test_an_unknown_environment_is_a_usage_error_that_lists_the_known_ones(root: Path) -> None:
    with pytest.raises(DeployError) as raised:
        find_environment("qa", root)

    assert str(raised.value) == "there is no environment 'qa'; use one of terraform/environments: dev, prod"
    assert raised.value.status == 2


def test_environments_share_no_file_under_build(root: Path) -> None:
    dev, prod = find_environment("dev", root), find_environment("prod", root)

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


def test_an_environment_with_zeros_left_is_refused_with_each_place(root: Path) -> None:
    with pytest.raises(DeployError) as raised:
        check_filled_in(find_environment("dev", root))

    assert str(raised.value).startswith(
        "terraform/environments/dev.tfvars:1, terraform/environments/dev.s3.tfbackend:1: zeros stand for"
    )


def test_artifacts_are_named_relative_to_the_configuration_so_that_machines_agree(tmp_path: Path) -> None:
    environment = Environment("dev", tmp_path)

    assert environment.variable_arguments(tmp_path / "dist")[1] == "-var=dist_dir=../dist"
    assert environment.variable_arguments(tmp_path.parent / "elsewhere")[1] == "-var=dist_dir=../../elsewhere"


def test_a_value_that_has_to_be_known_before_terraform_runs_is_asked_for(root: Path) -> None:
    with pytest.raises(DeployError) as raised:
        _ = find_environment("dev", root).region

    assert str(raised.value) == (
        "terraform/environments/dev.tfvars sets no region on a line of its own; add region = … to it"
    )
