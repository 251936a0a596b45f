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


def test_runtime_dir_links_the_packages(tmp_path: Path) -> None:
    folder = make_runtime_dir(tmp_path / "runtime")

    names = {path.name.split(".")[0] for path in folder.iterdir() if not path.name.endswith(".dist-info")}
    assert names == {"awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"}
    assert all(path.is_symlink() and path.exists() for path in folder.iterdir())


def test_a_deployment_touches_no_link_that_a_function_may_be_starting_from(tmp_path: Path) -> None:
    folder = make_runtime_dir(tmp_path / "runtime")
    before = {path.name: path.lstat().st_mtime_ns for path in folder.iterdir()}

    make_runtime_dir(folder)

    assert {path.name: path.lstat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_link_to_what_was_installed_before_is_made_again(tmp_path: Path) -> None:
    folder = make_runtime_dir(tmp_path / "runtime")
    stale = folder / "awslambdaric"
    target = stale.readlink()
    stale.unlink()
    stale.symlink_to(tmp_path / "an older environment")

    make_runtime_dir(folder)

    assert stale.readlink() == target
