import stat
from datetime import UTC
from pathlib import Path

from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment
from selador_deploy.terraform import Terraform

from .conftest import FakeAws


def deployment(root: Path) -> Deployment:
    return Deployment(Environment("dev", Terraform(root, {}, color=False)), FakeAws())


def test_a_private_folder_is_for_its_owner_only_and_gone_at_the_end(root: Path) -> None:
    with deployment(root).private_folder() as folder:
        assert folder.parent == root / "build"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "tfplan").write_text("a plan")

    assert not folder.exists()


def test_the_time_has_a_zone(root: Path) -> None:
    assert deployment(root).now().tzinfo is UTC
