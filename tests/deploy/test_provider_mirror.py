from pathlib import Path

import pytest

from selador_deploy import provider_mirror
from selador_deploy.errors import DeployError

LOCK = """
provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.100.0"
  constraints = ">= 5.100.0, < 7.0.0"
}
"""


def unpack_provider(folder: Path, version: str = "5.100.0") -> Path:
    (folder / "registry.terraform.io/hashicorp/aws" / version / "linux_amd64").mkdir(parents=True)
    return folder


def test_a_configuration_that_the_environment_names_is_in_force_if_it_exists(tmp_path: Path) -> None:
    (tmp_path / "named.tfrc").touch()

    assert provider_mirror.cli_configuration_in_force({"TF_CLI_CONFIG_FILE": str(tmp_path / "named.tfrc")}, tmp_path)
    assert not provider_mirror.cli_configuration_in_force({"TF_CLI_CONFIG_FILE": str(tmp_path / "gone.tfrc")}, tmp_path)


@pytest.mark.parametrize("name", [".terraformrc", ".terraform.d/company.tfrc"])
def test_a_configuration_in_the_home_folder_is_in_force_unless_the_environment_names_another(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()

    assert provider_mirror.cli_configuration_in_force({}, tmp_path)
    assert not provider_mirror.cli_configuration_in_force({"TF_CLI_CONFIG_FILE": "gone.tfrc"}, tmp_path)


def test_nothing_is_in_force_in_an_empty_home_folder(tmp_path: Path) -> None:
    assert not provider_mirror.cli_configuration_in_force({}, tmp_path)


def test_the_locked_version_is_the_lock_files() -> None:
    assert provider_mirror.locked_version(LOCK) == "5.100.0"


def test_a_lock_without_the_provider_is_an_error() -> None:
    with pytest.raises(DeployError, match="names no version"):
        provider_mirror.locked_version("")


def test_implied_mirrors_follow_the_xdg_folders() -> None:
    environ = {"XDG_DATA_HOME": "/data", "XDG_DATA_DIRS": "/one:/two"}

    folders = provider_mirror.implied_mirrors(environ, Path("/home/me"))

    assert [str(folder) for folder in folders if "Library" not in folder.parts] == [
        "/home/me/.terraform.d/plugins",
        "/data/terraform/plugins",
        "/one/terraform/plugins",
        "/two/terraform/plugins",
    ]


def test_an_implied_mirror_goes_before_a_shared_one(tmp_path: Path) -> None:
    implied = unpack_provider(tmp_path / "plugins")
    unpack_provider(tmp_path / "opt" / "mirror")

    assert provider_mirror.find_mirror([implied], [tmp_path / "opt"], "5.100.0") == implied


def test_a_shared_mirror_is_found_with_its_registry_folder_three_levels_down_and_no_deeper(tmp_path: Path) -> None:
    deep = unpack_provider(tmp_path / "deep/a/b")
    unpack_provider(tmp_path / "deeper/a/b/c")

    assert provider_mirror.find_mirror([], [tmp_path / "deep"], "5.100.0") == deep
    assert provider_mirror.find_mirror([], [tmp_path / "deeper"], "5.100.0") is None


def test_a_mirror_of_another_version_is_passed_over(tmp_path: Path) -> None:
    unpack_provider(tmp_path / "a", "5.99.0")
    right = unpack_provider(tmp_path / "b")

    assert provider_mirror.find_mirror([], [tmp_path], "5.100.0") == right


def test_a_mirror_of_packed_providers_counts(tmp_path: Path) -> None:
    provider = tmp_path / "registry.terraform.io/hashicorp/aws"
    provider.mkdir(parents=True)
    (provider / "terraform-provider-aws_5.100.0_linux_amd64.zip").touch()

    assert provider_mirror.holds_provider(tmp_path, "5.100.0")
    assert not provider_mirror.holds_provider(tmp_path, "5.10.0")


def test_a_mirror_is_configured_where_nothing_is_in_force_and_the_registry_is_silent(tmp_path: Path) -> None:
    mirror = unpack_provider(tmp_path / "opt/mirror")
    target = tmp_path / "build/mirror.tfrc"

    found = provider_mirror.configure(
        target, {}, home=tmp_path, lock=LOCK, answers=lambda: False, shared=[tmp_path / "opt"]
    )

    assert found == mirror
    assert f'path    = "{mirror}"' in target.read_text()
    assert 'exclude = ["registry.terraform.io/hashicorp/aws"]' in target.read_text()
    assert provider_mirror.configured(target, {}, home=tmp_path) == target


def test_nothing_is_configured_if_no_mirror_is_found(tmp_path: Path) -> None:
    target = tmp_path / "build/mirror.tfrc"

    assert provider_mirror.configure(target, {}, home=tmp_path, lock=LOCK, answers=lambda: False, shared=[]) is None
    assert not target.exists()


def test_terraform_is_left_alone_where_the_registry_answers(tmp_path: Path) -> None:
    unpack_provider(tmp_path / "opt/mirror")
    target = tmp_path / "mirror.tfrc"
    target.write_text("of an earlier run, behind a firewall")

    found = provider_mirror.configure(
        target, {}, home=tmp_path, lock=LOCK, answers=lambda: True, shared=[tmp_path / "opt"]
    )

    assert found is None
    assert provider_mirror.configured(target, {}, home=tmp_path) is None


def test_the_registry_is_not_even_asked_where_a_configuration_is_in_force(tmp_path: Path) -> None:
    def answers() -> bool:
        raise AssertionError("the registry was asked")

    (tmp_path / ".terraformrc").touch()

    assert provider_mirror.configure(tmp_path / "t", {}, home=tmp_path, lock=LOCK, answers=answers, shared=[]) is None


def test_a_configuration_that_came_into_force_later_wins_over_the_mirror(tmp_path: Path) -> None:
    target = tmp_path / "mirror.tfrc"
    target.touch()
    (tmp_path / ".terraformrc").touch()

    assert provider_mirror.configured(target, {}, home=tmp_path) is None
