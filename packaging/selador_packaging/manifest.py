"""What was built: for Terraform and the laptop stack, and for whoever wants to know what is in the artifacts."""

import base64
import hashlib
import json
from collections.abc import Mapping

from selador_packaging.artifacts import Artifact, Build
from selador_packaging.inspection import Inspected
from selador_packaging.source import Source
from selador_packaging.target import PYTHON_VERSION

FILENAME = "manifest.json"


def write_manifest(build: Build, source: Source | None, sboms: Mapping[str, bytes]) -> str:
    """The manifest as JSON, described by manifest.schema.json; `sboms` by their filenames.

    `size` and `unzippedSize` in bytes, paths relative to the manifest; `sha256Base64` equals Lambda's `CodeSha256`
    (LAM-48).
    `contentDigest` is a SHA-256 over path, mode and content of each member: the same for every way to write a zip.
    `contentDigestWithoutBytecode` is the same for every CPython of the minor version, too.
    """
    manifest = {
        "schemaVersion": 1,
        "target": {"python": PYTHON_VERSION, "architecture": build.target.architecture},
        "interpreter": {"implementation": build.interpreter.implementation, "version": build.interpreter.version},
        "lock": {"path": "requirements.txt", "sha256": build.lock_sha256},
        "source": source and {"commit": source.commit, "dirty": source.is_dirty},
        "artifacts": {artifact.name: _describe(artifact, sboms) for artifact in build.artifacts},
    }
    return json.dumps(manifest, indent=2)


def _describe(artifact: Artifact, sboms: Mapping[str, bytes]) -> dict[str, object]:
    return {
        "path": artifact.filename,
        "size": len(artifact.content),
        "sha256": artifact.sha256.hex(),
        "sha256Base64": base64.b64encode(artifact.sha256).decode(),
        "contentDigest": artifact.content_digest,
        "contentDigestWithoutBytecode": artifact.content_digest_without_bytecode,
        "unzippedSize": artifact.unzipped,
        "members": artifact.members,
        "services": sorted(artifact.services),
        "sbom": {
            "path": artifact.sbom_filename,
            "sha256": hashlib.sha256(sboms[artifact.sbom_filename]).hexdigest(),
        },
        "wheels": [_describe_wheel(inspected) for inspected in artifact.wheels.values()],
    }


def _describe_wheel(inspected: Inspected) -> dict[str, object]:
    """The project's own wheels are known by their RECORD: the files' bytes depend on zlib, what is in them does not."""
    return {
        "name": inspected.metadata.name,
        "version": inspected.metadata.version,
        "filename": inspected.filename,
        "recordSha256" if inspected.is_own else "sha256": inspected.digest,
    }
