import hashlib
from pathlib import Path

import pytest

from selador_deploy.artifacts import check_published, check_zips, read_artifacts
from selador_deploy.errors import DeployError

from .conftest import FakeS3, write_artifacts


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    write_artifacts(folder)
    return folder


def refusal(dist: Path) -> str:
    with pytest.raises(DeployError) as raised:
        check_zips(read_artifacts(dist))
    return str(raised.value)


def test_zips_that_are_the_manifests_are_returned_with_their_hashes(dist: Path) -> None:
    assert check_zips(read_artifacts(dist)) == {
        "main": hashlib.sha256(b"main").hexdigest(),
        "websocket_handler": hashlib.sha256(b"handler").hexdigest(),
    }


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (None, "manifest.json does not exist; run make artifacts"),
        ("{", "manifest.json is not a manifest; run make artifacts"),
        ("[]", "manifest.json is not a manifest; run make artifacts"),
        ('{"schemaVersion": 1}', "manifest.json is not a manifest; run make artifacts"),
        ('{"schemaVersion": 2}', "manifest.json has schemaVersion 2, not 1; run make artifacts"),
    ],
    ids=["missing", "cut-short", "a-list", "without-artifacts", "of-another-schema"],
)
def test_a_manifest_that_cannot_be_read_is_refused(dist: Path, manifest: str | None, said: str) -> None:
    (dist / "manifest.json").unlink()
    if manifest is not None:
        (dist / "manifest.json").write_text(manifest)

    assert refusal(dist) == f"{dist}/{said}"


def test_all_faults_of_the_zips_are_told_at_once(dist: Path) -> None:
    (dist / "main.zip").write_bytes(b"other bytes")
    (dist / "websocket_handler.zip").unlink()

    found, stated = hashlib.sha256(b"other bytes").hexdigest()[:12], hashlib.sha256(b"main").hexdigest()[:12]
    assert refusal(dist) == (
        f"{dist}/main.zip has hash {found}, the manifest states {stated}; "
        f"{dist}/websocket_handler.zip does not exist; run make artifacts"
    )


def test_published_zips_are_compared_by_the_hashes_that_s3_computed(dist: Path) -> None:
    s3 = FakeS3()
    artifacts = read_artifacts(dist)
    objects = s3.buckets["b"] = {artifacts[0].key: b"main", artifacts[1].key: b"handler"}

    def find(key: str) -> str | None:
        return str(s3.head_object("b", key)["ChecksumSHA256"]) if key in objects else None

    assert check_published(artifacts, find, "b") == check_zips(artifacts)

    del objects[artifacts[1].key]
    with pytest.raises(DeployError) as raised:
        check_published(artifacts, find, "b")
    assert str(raised.value) == (f"s3://b/{artifacts[1].key} does not exist; run make publish for this environment")


def test_an_object_whose_hash_s3_does_not_know_is_not_taken_for_the_right_one(dist: Path) -> None:
    with pytest.raises(DeployError, match="has hash none"):
        check_published(read_artifacts(dist), lambda _: "", "b")
