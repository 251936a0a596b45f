from pathlib import Path

import pytest

from selador_deploy.environment import (
    Environment,
    TerraformError,
    check_filled_in,
    child_environment,
    find_environment,
    unfilled_lines,
    variable_arguments,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "terraform/environments"
    folder.mkdir(parents=True)
    for name in ("prod", "dev"):
        (folder / f"{name}.tfvars").write_text('allowed_account_ids = ["000000000000"]\nknowledge_base_id = "KB000"\n')
        (folder / f"{name}.s3.tfbackend").write_text('bucket = "selador-terraform-state-000000000000-us-east-1"\n')
    return tmp_path


def test_an_unknown_environment_is_a_usage_error_that_lists_the_known_ones(root: Path) -> None:
    with pytest.raises(TerraformError) as raised:
        find_environment("qa", root)

    assert str(raised.value) == "there is no environment 'qa'; terraform/environments has dev, prod"
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
    with pytest.raises(TerraformError) as raised:
        check_filled_in(find_environment("dev", root))

    assert str(raised.value).startswith(
        "terraform/environments/dev.tfvars:1, terraform/environments/dev.s3.tfbackend:1: zeros stand for"
    )


def test_artifacts_are_named_relative_to_the_configuration_so_that_machines_agree(tmp_path: Path) -> None:
    environment = Environment("dev", tmp_path)

    assert variable_arguments(environment, tmp_path / "dist")[1] == "-var=dist_dir=../dist"
    assert variable_arguments(environment, tmp_path.parent / "elsewhere")[1] == "-var=dist_dir=../../elsewhere"


def test_the_shells_workspace_does_not_count_and_the_rest_of_its_environment_does() -> None:
    shell = {"TF_WORKSPACE": "prod", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}

    child = child_environment(shell, Path("/data"), cli_configuration=None, workspace=None, color=True)

    assert child == {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "TF_DATA_DIR": "/data", "TF_IN_AUTOMATION": "1"}


def test_a_child_is_told_its_workspace_its_provider_and_not_to_color() -> None:
    child = child_environment(
        {"TF_CLI_CONFIG_FILE": "gone.tfrc", "TF_CLI_ARGS": "-x"},
        Path("/data"),
        cli_configuration=Path("/mirror.tfrc"),
        workspace="default",
        color=False,
    )

    assert child["TF_WORKSPACE"] == "default"
    assert child["TF_CLI_CONFIG_FILE"] == "/mirror.tfrc"
    assert child["TF_CLI_ARGS"] == "-x -no-color"
