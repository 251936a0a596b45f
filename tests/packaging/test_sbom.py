import json
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from selador_packaging.artifacts import Artifact
from selador_packaging.cache import Cache
from selador_packaging.sbom import get_sbom
from selador_packaging.target import Target

ARM = Target("arm64")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "sboms", "test")


def test_it_lists_every_distribution_with_hash_and_needs(artifact: Artifact, cache: Cache) -> None:
    document = json.loads(get_sbom(artifact, ARM, cache))

    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    components = {it["name"]: it for it in document["components"]}
    assert set(components) == {"own", "needed"}
    assert components["needed"]["purl"] == "pkg:pypi/needed@1.0"
    assert components["needed"]["hashes"] == [
        {"alg": "SHA-256", "content": artifact.wheels[canonicalize_name("needed")].digest}
    ]
    dependencies = {it["ref"]: it.get("dependsOn", []) for it in document["dependencies"]}
    assert dependencies == {"main.zip": ["own==1.0"], "own==1.0": ["needed==1.0"], "needed==1.0": []}


def test_what_the_project_makes_itself_is_on_no_index(artifact: Artifact, cache: Cache) -> None:
    [own] = [it for it in json.loads(get_sbom(artifact, ARM, cache))["components"] if it["name"] == "own"]

    assert not {"purl", "hashes"} & set(own)


def test_neither_time_nor_chance_is_in_it(artifact: Artifact, tmp_path: Path) -> None:
    first, second = (get_sbom(artifact, ARM, Cache(tmp_path / name, "test")) for name in "ab")

    assert first == second
    assert b"timestamp" not in first


def test_it_is_made_once(artifact: Artifact, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = get_sbom(artifact, ARM, cache)
    monkeypatch.setattr("selador_packaging.sbom._make", None)

    assert get_sbom(artifact, ARM, cache) == first
