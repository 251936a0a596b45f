import json
from pathlib import Path

import jsonschema
import pytest

from selador_packaging import manifest
from selador_packaging.artifacts import Artifact, Build
from selador_packaging.manifest import write_manifest
from selador_packaging.source import Source

SOURCE = Source("c0ffee", "https://example.org/selador.git", changed=("functions/a.py",))
SCHEMA = json.loads(Path(manifest.__file__).with_name("manifest.schema.json").read_text())


def test_the_manifest_has_the_shape_that_terraform_reads(build: Build, artifact: Artifact) -> None:
    written = json.loads(write_manifest(build, SOURCE, {"main.cdx.json": b"{}"}))

    assert (written["schemaVersion"], written["target"]) == (1, {"python": "3.13", "architecture": "arm64"})
    described = written["artifacts"]["main"]
    assert (described["path"], described["size"]) == ("main.zip", len(artifact.content))
    assert described["sha256"] == artifact.sha256.hex()
    assert len(described["sha256Base64"]) == 44


def test_it_says_what_it_was_made_of_and_by_whom(build: Build) -> None:
    written = json.loads(write_manifest(build, SOURCE, {"main.cdx.json": b"{}"}))

    assert written["interpreter"] == {"implementation": "CPython", "version": "3.13.0"}
    assert written["lock"] == {"path": "requirements.txt", "sha256": "ab" * 32}
    assert written["source"] == {"commit": "c0ffee", "dirty": True}
    wheels = {it["name"]: it for it in written["artifacts"]["main"]["wheels"]}
    assert set(wheels["needed"]) == {"name", "version", "filename", "sha256"}
    assert set(wheels["own"]) == {"name", "version", "filename", "recordSha256"}


@pytest.mark.parametrize("source", [SOURCE, None])
def test_it_follows_its_schema(build: Build, source: Source | None) -> None:
    written = json.loads(write_manifest(build, source, {"main.cdx.json": b"{}"}))

    jsonschema.validate(written, SCHEMA)


def test_the_schema_is_one_and_refuses_what_it_does_not_know(build: Build) -> None:
    written = json.loads(write_manifest(build, SOURCE, {"main.cdx.json": b"{}"}))

    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written | {"more": 1}, SCHEMA)
