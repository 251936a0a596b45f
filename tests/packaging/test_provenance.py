"""The statement of how the artifacts came to be."""

import json
from importlib.metadata import version

from selador_packaging.artifacts import Artifact, Build
from selador_packaging.provenance import write_provenance
from selador_packaging.source import Source

SOURCE = Source("c0ffee", "https://example.org/selador.git", changed=("functions/a.py",))


def test_it_is_a_statement_on_every_file(build: Build, artifact: Artifact) -> None:
    statement = json.loads(
        write_provenance(build, SOURCE, {"main.zip": artifact.content, "manifest.json": b"{}"}, is_release=False)
    )

    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    digests = {it["name"]: it["digest"]["sha256"] for it in statement["subject"]}
    assert digests["main.zip"] == artifact.sha256.hex()
    assert set(digests) == {"main.zip", "manifest.json"}


def test_it_lists_commit_lock_and_wheels(build: Build) -> None:
    statement = json.loads(write_provenance(build, SOURCE, {}, is_release=False))

    listed = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert [it["name"] for it in listed] == ["source", "requirements.txt", "needed-1.0-py3-none-any.whl"]
    assert listed[0]["digest"] == {"gitCommit": "c0ffee"}
    assert listed[0]["uri"] == "git+https://example.org/selador.git@c0ffee"
    assert listed[0]["annotations"] == {"dirty": True}
    assert listed[2]["uri"] == "pkg:pypi/needed@1.0"


def test_without_git_it_claims_no_commit(build: Build) -> None:
    listed = json.loads(write_provenance(build, None, {}, is_release=False))["predicate"]["buildDefinition"][
        "resolvedDependencies"
    ]

    assert listed[0]["name"] == "requirements.txt"


def test_a_repository_that_nobody_else_can_reach_is_not_named(build: Build) -> None:
    statement = json.loads(write_provenance(build, Source("c0ffee"), {}, is_release=True))

    assert "uri" not in statement["predicate"]["buildDefinition"]["resolvedDependencies"][0]


def test_it_names_parameters_and_tools(build: Build) -> None:
    predicate = json.loads(write_provenance(build, SOURCE, {}, is_release=True))["predicate"]

    parameters = {"architecture": "arm64", "python": "3.13", "release": True}
    assert predicate["buildDefinition"]["externalParameters"] == parameters
    builder = predicate["runDetails"]["builder"]
    assert builder["version"] == {"CPython": "3.13.0", "selador-packaging": version("selador-packaging")}
    tools = {it["name"]: it["uri"] for it in builder["builderDependencies"]}
    assert tools["flit-core"] == f"pkg:pypi/flit-core@{version('flit-core')}"
