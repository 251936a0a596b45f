"""What was built, for those who deploy it: Terraform and the laptop stack read dist/manifest.json."""

import base64
import json
from collections.abc import Sequence

from selador_packaging.artifacts import MIB, Artifact
from selador_packaging.target import PYTHON_VERSION, Target

FILENAME = "manifest.json"


def write_manifest(artifacts: Sequence[Artifact], target: Target) -> str:
    """The manifest as JSON: `size` in bytes, `path` relative to it, `sha256Base64` equals CodeSha256 (LAM-48)."""
    manifest = {
        "schemaVersion": 1,
        "target": {"python": PYTHON_VERSION, "architecture": target.architecture},
        "artifacts": {
            artifact.name: {
                "path": artifact.filename,
                "size": len(artifact.content),
                "sha256": artifact.sha256.hex(),
                "sha256Base64": base64.b64encode(artifact.sha256).decode(),
            }
            for artifact in artifacts
        },
    }
    return json.dumps(manifest, indent=2)


def write_table(artifacts: Sequence[Artifact]) -> str:
    """The same for people, as a table."""
    rows = [("artifact", "size", "unzipped", "members", "sha256", "seconds")]
    rows += [
        (
            artifact.filename,
            f"{len(artifact.content) / MIB:.1f} MiB",
            f"{artifact.unzipped / MIB:.1f} MiB",
            str(artifact.members),
            artifact.sha256.hex()[:12],
            f"{artifact.seconds:.1f}",
        )
        for artifact in artifacts
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    )
