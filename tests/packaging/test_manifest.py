import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from selador_packaging import manifest
from selador_packaging.artifacts import Artifact, Build
from selador_packaging.bytecode import Interpreter
from selador_packaging.manifest import write_manifest
from selador_packaging.provenance import write_provenance
from selador_packaging.source import Source
from selador_packaging.target import Target

SOURCE = Source("c0ffee", is_dirty=True)
SCHEMA = json.loads(Path(manifest.__file__).with_name("manifest.schema.json").read_text())


@pytest.fixture
def build(artifact: Artifact) -> Build:
    return Build((artifact,), Target("arm64"), Interpreter("CPython", "3.13.0"), "ab" * 32)


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


def test_the_provenance_is_a_statement_on_every_file(build: Build, artifact: Artifact) -> None:
    statement = json.loads(write_provenance(build, SOURCE, {"main.zip": artifact.content, "main.cdx.json": b"{}"}))

    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    digests = {it["name"]: it["digest"]["sha256"] for it in statement["subject"]}
    assert digests["main.zip"] == artifact.sha256.hex()
    assert set(digests) == {"main.zip", "main.cdx.json"}


def test_the_provenance_lists_commit_lock_and_wheels(build: Build) -> None:
    statement = json.loads(write_provenance(build, SOURCE, {}))

    listed = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert [it["name"] for it in listed] == ["source", "requirements.txt", "needed-1.0-py3-none-any.whl"]
    assert listed[0]["digest"] == {"gitCommit": "c0ffee"}
    assert listed[2]["uri"] == "pkg:pypi/needed@1.0"


def test_without_git_the_provenance_claims_no_commit(build: Build) -> None:
    listed = json.loads(write_provenance(build, None, {}))["predicate"]["buildDefinition"]["resolvedDependencies"]

    assert listed[0]["name"] == "requirements.txt"
