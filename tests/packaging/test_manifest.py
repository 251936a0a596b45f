import base64
import hashlib
import json

from selador_packaging.artifacts import Artifact
from selador_packaging.manifest import write_manifest, write_table
from selador_packaging.target import Target

ARTIFACT = Artifact("main", content=b"zip", members=12, unzipped=2 * 2**20, seconds=1.26)
SHA256 = hashlib.sha256(b"zip")


def test_the_manifest_has_the_shape_that_terraform_reads() -> None:
    manifest = json.loads(write_manifest([ARTIFACT], Target("arm64")))

    assert manifest == {
        "schemaVersion": 1,
        "target": {"python": "3.13", "architecture": "arm64"},
        "artifacts": {
            "main": {
                "path": "main.zip",
                "size": 3,
                "sha256": SHA256.hexdigest(),
                "sha256Base64": base64.b64encode(SHA256.digest()).decode(),
            }
        },
    }


def test_the_table_has_a_row_for_each_artifact() -> None:
    header, row = write_table([ARTIFACT]).splitlines()

    assert header.split() == ["artifact", "size", "unzipped", "members", "sha256", "seconds"]
    assert row.split() == ["main.zip", "0.0", "MiB", "2.0", "MiB", "12", SHA256.hexdigest()[:12], "1.3"]
