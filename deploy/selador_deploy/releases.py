"""Artifacts as releases: each zip in the artifact bucket under its own hash, and the manifest that names them.

What is there is never overwritten, so that a hash means the same bytes for ever: what was tested in one environment is
what another gets, and going back is a plan with an older manifest.
"""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from selador_deploy import manifest as artifact_manifest
from selador_deploy.environment import TerraformError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_MANIFESTS = "manifests/"
SHORTEST_RELEASE = 6
"""Characters of a manifest's hash."""


def publish(s3: "S3Client", bucket: str, dist: Path) -> Iterator[str]:
    """Upload what the manifest in `dist` names; yield a line about each object. Raises TerraformError."""
    artifacts = artifact_manifest.read(dist)
    artifact_manifest.check_zips(artifacts)
    for artifact in artifacts:
        yield _put(s3, bucket, artifact.key, artifact.path.read_bytes())
    manifest = (dist / artifact_manifest.FILENAME).read_bytes()
    name = hashlib.sha256(manifest).hexdigest()
    yield _put(s3, bucket, f"{_MANIFESTS}{name}.json", manifest)
    yield f"release {name[:12]}"


def fetch_manifest(s3: "S3Client", bucket: str, release: str, folder: Path) -> Path:
    """Fetch the manifest of a release; return the folder below `folder` that holds it. Raises TerraformError."""
    if len(release) < SHORTEST_RELEASE or not all(digit in "0123456789abcdef" for digit in release):
        raise TerraformError(
            f"{release!r} names no release; give {SHORTEST_RELEASE} or more digits of what make publish printed"
        )
    try:
        found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{_MANIFESTS}{release}").get("Contents", [])
        if len(found) != 1:
            raise TerraformError(
                f"s3://{bucket} has {'no release' if not found else f'{len(found)} releases'} {release}; "
                f"{'run make publish for this environment' if not found else 'give more digits'}"
            )
        key = found[0]["Key"]
        manifest = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise TerraformError(f"s3://{bucket} can't be read: {error}") from None
    name = key.removeprefix(_MANIFESTS).removesuffix(".json")
    if hashlib.sha256(manifest).hexdigest() != name:
        raise TerraformError(f"s3://{bucket}/{key} isn't what its name says; its hash is another")
    dist = folder / name
    dist.mkdir(parents=True, exist_ok=True)
    (dist / artifact_manifest.FILENAME).write_bytes(manifest)
    return dist


def _put(s3: "S3Client", bucket: str, key: str, content: bytes) -> str:
    checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
    place = f"s3://{bucket}/{key}"
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
        if error.response["Error"]["Code"] not in {"PreconditionFailed", "412"}:
            raise TerraformError(f"{place} can't be written: {error}") from None
    except BotoCoreError as error:
        raise TerraformError(f"{place} can't be written: {error}") from None
    else:
        return f"uploaded {place} ({len(content):,} bytes)"
    there = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED").get("ChecksumSHA256")
    if there != checksum:
        raise TerraformError(f"{place} holds other bytes than its name says; nothing was overwritten")
    return f"there already: {place}"
