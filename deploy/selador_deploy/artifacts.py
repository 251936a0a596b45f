"""The artifacts that dist/manifest.json names, checked against the bytes that will be deployed."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from selador_deploy.errors import DeployError

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
_REBUILD = "run make artifacts"


@dataclass(frozen=True)
class Artifact:
    """A zip as the manifest states it; `sha256` in hexadecimal."""

    name: str
    path: Path
    sha256: str

    @property
    def key(self) -> str:
        """The key that `make publish` gives it in the artifact bucket. The root module builds the same one."""
        return f"artifacts/{self.name}/{self.sha256}.zip"


def read_artifacts(dist: Path) -> list[Artifact]:
    """Return what the manifest in `dist` names. Raises DeployError if it is missing or can't be read."""
    file = dist / MANIFEST
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        if manifest["schemaVersion"] != SCHEMA_VERSION:
            raise DeployError(f"{file} has schemaVersion {manifest['schemaVersion']}, not {SCHEMA_VERSION}", _REBUILD)
        return [
            Artifact(name, dist / artifact["path"], artifact["sha256"])
            for name, artifact in sorted(manifest["artifacts"].items())
        ]
    except FileNotFoundError:
        raise DeployError(f"{file} does not exist", _REBUILD) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DeployError(f"{file} is not a manifest", _REBUILD) from None


def check_zips(artifacts: list[Artifact]) -> Mapping[str, str]:
    """Return each zip's SHA-256 by name. Raises DeployError if one is missing or isn't the manifest's."""
    return _check(artifacts, _sha256_of_file, lambda artifact: str(artifact.path), _REBUILD)


def check_published(artifacts: list[Artifact], find: Callable[[str], str | None], bucket: str) -> Mapping[str, str]:
    """Do the same for the zips in a bucket; `find` returns the SHA-256, in Base64, of the object with a key."""

    def sha256(artifact: Artifact) -> str | None:
        found = find(artifact.key)
        return None if found is None else base64.b64decode(found).hex()

    return _check(
        artifacts, sha256, lambda artifact: f"s3://{bucket}/{artifact.key}", "run make publish for this environment"
    )


def _check(
    artifacts: list[Artifact],
    sha256: Callable[[Artifact], str | None],
    place: Callable[[Artifact], str],
    remedy: str,
) -> Mapping[str, str]:
    faults = []
    for artifact in artifacts:
        found = sha256(artifact)
        if found is None:
            faults.append(f"{place(artifact)} does not exist")
        elif found != artifact.sha256:
            faults.append(
                f"{place(artifact)} has hash {found[:12] or 'none'}, the manifest states {artifact.sha256[:12]}"
            )
    if faults:
        raise DeployError("; ".join(faults), remedy)
    return {artifact.name: artifact.sha256 for artifact in artifacts}


def _sha256_of_file(artifact: Artifact) -> str | None:
    if not artifact.path.is_file():
        return None
    with artifact.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
