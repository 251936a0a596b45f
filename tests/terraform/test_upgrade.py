"""The last release, applied with its own configuration; then this configuration, planned: no data is lost.

A release is a tag v<version>. The first one has no tag: it is a commit.
"""

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import ROOT, Local, local

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


TOKENS = (
    'authorization = "jwt"',
    'jwt = { audiences = ["a"], issuer = "https://issuer.example", jwks_url = "https://issuer.example/jwks.json" }',
)


@contextmanager
def applied(release: Path, folders: pytest.TempPathFactory, *lines: str) -> Iterator[Local]:
    """Apply `release`; yield a checkout of this configuration that is ready to plan on top of it."""
    with local(folders.mktemp("before") / "checkout", release) as before:
        before.set(*lines)
        before.bootstrap()
        before.run("init")
        before.run("plan")
        before.run("apply")
        after = before.checkout(folders.mktemp("after") / "checkout")
        after.set(*lines)
        (after.root / "dist").symlink_to(before.root / "dist")
        after.run("init")
        yield after


def test_an_upgrade_from_the_last_release_destroys_only_alarms_that_are_no_more(
    last_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with applied(last_release, tmp_path_factory) as after:
        summary = after.plan()

    assert {change["address"] for change in summary["changes"] if change["action"] in LOSSES} == GONE
    assert summary["statefulLosses"] == []
    assert summary["vanished"] == []


def test_the_authorizer_leaves_the_handlers_artifact_while_it_serves(
    last_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The version that serves keeps its code; the alias moves to one whose code and entry point belong together."""
    with applied(last_release, tmp_path_factory, *TOKENS) as after:
        functions, name = after.client("lambda"), "selador-local-authorizer"
        before = functions.get_function_configuration(FunctionName=name, Qualifier="live")
        changes = after.plan()["changes"]
        after.run("apply")
        versions = functions.list_versions_by_function(FunctionName=name)["Versions"]
        serves = functions.get_function_configuration(FunctionName=name, Qualifier="live")

    authorizer = {it["address"]: it["action"] for it in changes if it["address"].startswith("module.authorizer")}
    assert "module.authorizer[0].aws_lambda_function.this" in authorizer
    assert LOSSES.isdisjoint(authorizer.values())
    artifacts = json.loads((ROOT / "terraform/tests/artifacts/good/manifest.json").read_text())["artifacts"]
    assert (serves["Handler"], serves["CodeSha256"]) == (
        "selador_authorizer.handler.handle",
        artifacts["authorizer"]["sha256Base64"],
    )
    published = {it["Version"]: (it["Handler"], it["CodeSha256"]) for it in versions if it["Version"] != "$LATEST"}
    assert published == {it["Version"]: (it["Handler"], it["CodeSha256"]) for it in (before, serves)}
