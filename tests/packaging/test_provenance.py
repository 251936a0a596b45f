"""The statement of how the artifacts came to be."""

import json

from selador_packaging.artifacts import Artifact, Build
from selador_packaging.provenance import write_provenance
from selador_packaging.source import Source

SOURCE = Source("c0ffee", is_dirty=True)


def test_it_is_a_statement_on_every_file(build: Build, artifact: Artifact) -> None:
    statement = json.loads(write_provenance(build, SOURCE, {"main.zip": artifact.content, "main.cdx.json": b"{}"}))

    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    digests = {it["name"]: it["digest"]["sha256"] for it in statement["subject"]}
    assert digests["main.zip"] == artifact.sha256.hex()
    assert set(digests) == {"main.zip", "main.cdx.json"}


def test_it_lists_commit_lock_and_wheels(build: Build) -> None:
    statement = json.loads(write_provenance(build, SOURCE, {}))

    listed = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert [it["name"] for it in listed] == ["source", "requirements.txt", "needed-1.0-py3-none-any.whl"]
    assert listed[0]["digest"] == {"gitCommit": "c0ffee"}
    assert listed[2]["uri"] == "pkg:pypi/needed@1.0"


def test_without_git_it_claims_no_commit(build: Build) -> None:
    listed = json.loads(write_provenance(build, None, {}))["predicate"]["buildDefinition"]["resolvedDependencies"]

    assert listed[0]["name"] == "requirements.txt"
