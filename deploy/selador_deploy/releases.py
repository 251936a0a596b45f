"""Artifacts as releases: each zip in the artifact bucket under its own hash, and the manifest that names them.

No object is ever overwritten, so that a hash always means the same bytes. The artifacts that were tested in one
environment are those that another gets, and going back is a plan with an older manifest.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from selador_deploy.account import ClientMaker, check_caller, error_code, translated
from selador_deploy.artifacts import MANIFEST, Artifact, check_published, check_zips, read_artifacts
from selador_deploy.deployed import serving_release
from selador_deploy.deployment import Deployment
from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError
from selador_deploy.progress import hand_on

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_MANIFESTS = "manifests/"
DEPLOYED = "deployed"
"""What stands for the release that serves, wherever one is named."""
_MISSING = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
SHORTEST_RELEASE = 6
"""Characters of a manifest's hash."""


def publish(deployment: Deployment, *, dist: str | None, results: str | None) -> None:
    """Upload the artifacts under their hashes, and print each object's name."""
    check_caller(deployment.make_client("sts"), deployment.environment)
    bucket = artifact_bucket(deployment.environment)
    folder = manifest_folder(deployment, None, dist)
    for line in upload(deployment.make_client("s3"), bucket, folder):
        print(line)
    hand_on(results, release=release_of(folder))


def release_of(dist: Path) -> str:
    """Return the release that the artifacts in `dist` are: their manifest's hash."""
    return hashlib.sha256((dist / MANIFEST).read_bytes()).hexdigest()


def manifest_folder(
    deployment: Deployment, release: str | None, dist: str | None, state: Mapping[str, Any] = MappingProxyType({})
) -> Path:
    """Return the folder with the manifest to deploy: a release's, else `dist`, else the environment's.

    `state` says which release is the one that serves. Raises DeployError if that one is asked for and there is none.
    """
    environment = deployment.environment
    if release == DEPLOYED:
        release = serving_release(state)
        if not release:
            raise DeployError(
                f"the state of {environment.name} names no release that serves",
                "give RELEASE=<what make publish printed>; the next apply writes it down",
            )
    if release:
        folder = environment.root / "build" / "releases"
        return fetch_manifest(deployment.make_client("s3"), artifact_bucket(environment), release, folder)
    return Path(dist).absolute() if dist else environment.dist


def artifact_bucket(environment: Environment) -> str:
    """Return the environment's artifact bucket. Raises DeployError if it deploys from dist/."""
    if environment.artifact_bucket is None:
        raise DeployError(
            f"{environment.name} deploys from dist/: {environment.relative(environment.variables_file)} sets no "
            "artifact_bucket",
            "set the one that make bootstrap made",
        )
    return environment.artifact_bucket


def check_deployable(
    artifacts: list[Artifact], environment: Environment, make_client: ClientMaker
) -> Mapping[str, str]:
    """Return the SHA-256 by name of the zips that Terraform will take.

    It takes them from the artifact bucket, if the environment has one. Raises DeployError if a zip is missing there, or
    isn't the manifest's.
    """
    bucket = environment.artifact_bucket
    if bucket is None:
        return check_zips(artifacts)
    return check_published(artifacts, _published_sha256(make_client("s3"), bucket), bucket)


def upload(s3: "S3Client", bucket: str, dist: Path) -> Iterator[str]:
    """Upload what the manifest in `dist` names; yield a line about each object. Raises DeployError."""
    artifacts = read_artifacts(dist)
    check_zips(artifacts)
    name = release_of(dist)
    for artifact in artifacts:
        yield _put(s3, bucket, artifact.key, artifact.path, artifact.sha256)
    yield _put(s3, bucket, f"{_MANIFESTS}{name}.json", dist / MANIFEST, name)
    yield f"release {name[:12]}"


def fetch_manifest(s3: "S3Client", bucket: str, release: str, folder: Path) -> Path:
    """Fetch the manifest of a release; return the folder below `folder` that holds it. Raises DeployError."""
    if len(release) < SHORTEST_RELEASE or not all(digit in "0123456789abcdef" for digit in release):
        raise DeployError(
            f"{release!r} names no release", f"give {SHORTEST_RELEASE} or more digits of what make publish printed"
        )
    with translated(f"s3://{bucket} can't be read", "check that these credentials may list and read it"):
        found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{_MANIFESTS}{release}").get("Contents", [])
        if not found:
            raise DeployError(f"s3://{bucket} has no release {release}", "run make publish for this environment")
        if len(found) > 1:
            raise DeployError(f"s3://{bucket} has {len(found)} releases {release}", "give more digits")
        key = found[0]["Key"]
        manifest = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    name = key.removeprefix(_MANIFESTS).removesuffix(".json")
    if hashlib.sha256(manifest).hexdigest() != name:
        raise DeployError(
            f"s3://{bucket}/{key} isn't what its name says: its hash is another",
            "find out who wrote it, and publish the release again",
        )
    dist = folder / name
    dist.mkdir(parents=True, exist_ok=True)
    (dist / MANIFEST).write_bytes(manifest)
    return dist


def _put(s3: "S3Client", bucket: str, key: str, file: Path, sha256: str) -> str:
    """Upload `file`, if it still has that SHA-256: a build may put another one in its place at any time."""
    content = file.read_bytes()
    digest = hashlib.sha256(content)
    if digest.hexdigest() != sha256:
        raise DeployError(f"{file} has changed since it was checked", "run make publish again once no build runs")
    checksum = base64.b64encode(digest.digest()).decode()
    place = f"s3://{bucket}/{key}"
    with translated(f"{place} can't be written", "check that these credentials may write and read it"):
        try:
            # Both on S3's side: it compares the bytes with the hash, and refuses if the key is there already.
            s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=content,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error_code(error) not in {"PreconditionFailed", "412"}:
                raise
        else:
            return f"uploaded {place} ({len(content):,} bytes)"
        there = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED").get("ChecksumSHA256")
    if there != checksum:
        raise DeployError(
            f"{place} holds other bytes than its name says; nothing was overwritten",
            "find out who wrote it, and remove that version",
        )
    return f"there already: {place}"


def _published_sha256(s3: "S3Client", bucket: str) -> Callable[[str], str | None]:
    """Return a function that finds an object's SHA-256 in Base64, as S3 computed it when it took the bytes."""

    def find(key: str) -> str | None:
        with translated(f"s3://{bucket}/{key} can't be looked at", "check that these credentials may read it"):
            try:
                head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error_code(error) in _MISSING:
                    return None
                raise
        return head.get("ChecksumSHA256", "")

    return find
