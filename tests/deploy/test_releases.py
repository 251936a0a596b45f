import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.releases import upload

from .conftest import ARTIFACT_BUCKET, FakeAws, Run, client_error, write_artifacts

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


@pytest.fixture
def published(root: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> str:
    """The release that an environment with an artifact bucket has published."""
    with (root / "terraform/environments/dev.tfvars").open("a") as file:
        file.write(f'artifact_bucket = "{ARTIFACT_BUCKET}"\n')
    assert run("init", "--env", "dev") == 0
    assert run("publish", "--env", "dev") == 0
    return capsys.readouterr().out.split()[-1]


def test_zips_and_manifest_lie_under_their_hashes_and_the_same_bytes_are_put_once(
    published: str, run: Run, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    objects = dict(aws.s3.buckets[ARTIFACT_BUCKET])

    assert run("publish", "--env", "dev") == 0

    assert aws.s3.buckets[ARTIFACT_BUCKET] == objects
    assert sorted(key.split("/")[0] for key in objects) == ["artifacts", "artifacts", "manifests"]
    assert capsys.readouterr().out.count("there already: s3://") == 3


def test_other_bytes_under_the_same_hash_are_refused_and_left_alone(
    published: str, run: Run, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    key = next(key for key in aws.s3.buckets[ARTIFACT_BUCKET] if key.startswith("artifacts/main/"))
    aws.s3.buckets[ARTIFACT_BUCKET][key] = b"tampered"

    assert run("publish", "--env", "dev") == 1

    assert "holds other bytes than its name says; nothing was overwritten" in capsys.readouterr().err
    assert aws.s3.buckets[ARTIFACT_BUCKET][key] == b"tampered"


@pytest.mark.parametrize(("changed", "uploads"), [("websocket_handler.zip", 1), ("manifest.json", 2)])
def test_a_build_during_an_upload_puts_no_other_bytes_under_a_hash(
    root: Path, aws: FakeAws, changed: str, uploads: int
) -> None:
    lines = upload(cast("S3Client", aws.s3), ARTIFACT_BUCKET, root / "dist")
    next(lines)
    (root / "dist" / changed).write_bytes(b"of a newer build")

    with pytest.raises(DeployError, match=f"{changed} has changed since it was checked; run make publish again"):
        list(lines)

    assert len(aws.s3.buckets[ARTIFACT_BUCKET]) == uploads


def test_a_plan_of_what_is_not_published_is_refused(
    published: str, root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    write_artifacts(root / "dist", main=b"newer")

    assert run("plan", "--env", "dev") == 1

    assert "does not exist; run make publish for this environment" in capsys.readouterr().err


def test_a_plan_of_a_published_zip_that_was_tampered_with_is_refused(
    published: str, run: Run, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    key = next(key for key in aws.s3.buckets[ARTIFACT_BUCKET] if key.startswith("artifacts/main/"))
    aws.s3.buckets[ARTIFACT_BUCKET][key] = b"tampered"

    assert run("plan", "--env", "dev") == 1

    assert "the manifest states" in capsys.readouterr().err


def test_going_back_is_a_plan_with_an_older_release_which_needs_no_zips_here(
    published: str, root: Path, run: Run
) -> None:
    write_artifacts(root / "dist", main=b"newer")
    run("publish", "--env", "dev")
    for file in (root / "dist").iterdir():
        file.unlink()

    assert run("plan", "--env", "dev", "--release", published) == 0
    assert run("apply", "--env", "dev") == 0


def test_what_serves_can_be_planned_without_knowing_its_hash(
    published: str, root: Path, run: Run, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    (key,) = (key for key in aws.s3.buckets[ARTIFACT_BUCKET] if key.startswith("manifests/"))
    serves(root, key.removeprefix("manifests/").removesuffix(".json"))
    shutil.rmtree(root / "dist")

    assert run("plan", "--env", "dev", "--release", "deployed") == 0
    assert run("drift", "--env", "dev", "--release", "deployed") == 0

    assert (root / "build/releases" / Path(key).stem / "manifest.json").exists()


def test_if_no_release_serves_the_refusal_says_what_to_give(
    published: str, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("plan", "--env", "dev", "--release", "deployed") == 1

    said = capsys.readouterr().err
    assert "the state of dev names no release that serves; give RELEASE=<what make publish printed>" in said


def test_a_published_release_is_handed_on_whole(published: str, root: Path, run: Run, aws: FakeAws) -> None:
    run("publish", "--env", "dev", "--results", str(root / "results"))

    (handed_on,) = (root / "results").read_text().splitlines()
    assert f"manifests/{handed_on.removeprefix('release=')}.json" in aws.s3.buckets[ARTIFACT_BUCKET]


def test_an_apply_hands_on_what_served_before_and_says_how_to_go_back(
    published: str, root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    before = "ab" * 32
    serves(root, before)
    run("plan", "--env", "dev", "--release", published)

    assert run("apply", "--env", "dev", "--results", str(root / "results")) == 0

    assert (root / "results").read_text() == f"before={before}\n"
    assert "release abababababab served before; make plan ENV=dev RELEASE=abababababab goes back" in (
        capsys.readouterr().err
    )


def test_what_served_before_is_handed_on_even_if_the_apply_fails(published: str, root: Path, run: Run) -> None:
    serves(root, "ab" * 32)
    run("plan", "--env", "dev", "--release", published)

    assert run("apply", "--env", "dev", "--results", str(root / "results"), status=1, fails="apply") == 1

    assert (root / "results").read_text() == f"before={'ab' * 32}\n"


def serves(root: Path, release: str) -> None:
    """Let the state say which release was applied."""
    state = json.loads((root / "state.json").read_text())
    (root / "state.json").write_text(json.dumps(state | {"outputs": {"release": {"value": release}}}))


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ("abc", "names no release"),
        ("../../etc", "names no release"),
        ("0123456789ab", "has no release 0123456789ab; run make publish"),
    ],
)
def test_a_release_that_is_not_there_is_refused(
    published: str, run: Run, release: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("plan", "--env", "dev", "--release", release) == 1

    assert said in capsys.readouterr().err


def test_an_environment_without_a_bucket_publishes_nothing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("publish", "--env", "dev") == 1

    assert "sets no artifact_bucket" in capsys.readouterr().err


def test_a_manifest_that_is_not_the_zips_is_not_published(
    published: str, root: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "dist/main.zip").write_bytes(b"other")

    assert run("publish", "--env", "dev") == 1

    assert "dist/main.zip has hash" in capsys.readouterr().err


def test_a_release_that_is_two_needs_more_digits(
    published: str, run: Run, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.s3.buckets[ARTIFACT_BUCKET][f"manifests/{published}{'f' * 52}.json"] = b"another"

    assert run("plan", "--env", "dev", "--release", published) == 1

    assert f"has 2 releases {published}; give more digits" in capsys.readouterr().err


def test_a_manifest_that_was_tampered_with_is_no_release(
    published: str, run: Run, aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    key = next(key for key in aws.s3.buckets[ARTIFACT_BUCKET] if key.startswith("manifests/"))
    aws.s3.buckets[ARTIFACT_BUCKET][key] = b'{"schemaVersion": 1, "artifacts": {}}'

    assert run("plan", "--env", "dev", "--release", published) == 1

    assert "isn't what its name says" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["publish"], "can't be written: An error occurred (AccessDenied)"),
        (["plan"], "can't be looked at: An error occurred (AccessDenied)"),
        (["plan", "--release", "0123456789ab"], f"s3://{ARTIFACT_BUCKET} can't be read: An error occurred"),
    ],
    ids=["publish", "plan", "plan-a-release"],
)
def test_credentials_that_may_not_use_the_bucket_are_told_so(
    published: str, run: Run, aws: FakeAws, command: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.s3.error = client_error("AccessDenied")

    assert run(command[0], "--env", "dev", *command[1:]) == 1

    line = capsys.readouterr().err
    assert said in line
    assert "; check that these credentials may " in line
