"""What of this machine a function sees."""

import re
from importlib import metadata
from pathlib import Path

from selador_local.data_plane.lambda_service.runtime import DISTRIBUTIONS, make_runtime_dir


def test_distributions_are_awslambdaric_and_all_it_needs() -> None:
    needed = {"awslambdaric"}
    while True:
        requirements = [line for name in needed for line in metadata.requires(name) or [] if "extra ==" not in line]
        more = needed | {re.split(r"[^A-Za-z0-9_-]", line)[0].replace("_", "-") for line in requirements}
        if more == needed:
            break
        needed = more

    assert set(DISTRIBUTIONS) == needed


def test_runtime_dir_links_the_packages_and_may_be_made_again(tmp_path: Path) -> None:
    make_runtime_dir(tmp_path / "runtime")
    folder = make_runtime_dir(tmp_path / "runtime")

    names = {path.name.split(".")[0] for path in folder.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {"awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"}
    assert all(path.is_symlink() and path.exists() for path in folder.iterdir())
