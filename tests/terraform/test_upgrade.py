"""The last release, applied with its own configuration; then this configuration, planned: no data is lost.

A release is a tag v<version>. The first one has no tag: it is a commit.
"""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from .conftest import ROOT, local

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

FIRST_RELEASE = "f0ea4216"
LOSSES = {"destroy", "replace", "forget"}
GONE = {
    f'module.alarms.aws_cloudwatch_metric_alarm.this["{key}"]'
    for key in (
        "buried-requests",
        "dead-letter-queue-not-empty",
        "main-errors",
        "oldest-message-age",
        "websocket-handler-errors",
    )
}
"""Alarms of the first release that others take the place of. They hold nothing."""


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def last_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder terraform/ of the last release, with the artifacts that its tests have."""
    tags = git("tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname").decode().split()
    release = tags[0] if tags else FIRST_RELEASE
    try:
        archive = git("archive", release, "terraform")
    except subprocess.CalledProcessError:
        pytest.fail(f"{release} is not in this clone, so no upgrade can be tried: run git fetch --unshallow --tags")
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        opened.extractall(folder, filter="data")
    return folder / "terraform"


def test_an_upgrade_from_the_last_release_destroys_only_alarms_that_are_no_more(
    last_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with local(tmp_path_factory.mktemp("before") / "checkout", last_release) as before:
        before.bootstrap()
        before.run("init")
        before.run("plan")
        before.run("apply")
        after = before.checkout(tmp_path_factory.mktemp("after") / "checkout")
        (after.root / "dist").symlink_to(before.root / "dist")
        after.run("init")

        summary = after.plan()

    assert {change["address"] for change in summary["changes"] if change["action"] in LOSSES} == GONE
    assert summary["statefulLosses"] == []
    assert summary["vanished"] == []
