import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from selador_packaging.artifacts import Artifact
from selador_packaging.cache import Cache
from selador_packaging.sbom import get_sbom
from selador_packaging.target import Target

ARM = Target("arm64")

type WriteWheel = Callable[..., Path]
type Make = Callable[..., Artifact]
type ComponentWith = Callable[[bytes], dict[str, Any]]


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


def test_the_zip_is_there_with_its_version_and_hash(artifact: Artifact, cache: Cache) -> None:
    component = json.loads(get_sbom(artifact, ARM, cache))["metadata"]["component"]

    assert (component["name"], component["version"]) == ("main.zip", "1.0")
    assert component["hashes"] == [{"alg": "SHA-256", "content": artifact.sha256.hex()}]


def test_another_zip_of_the_same_distributions_is_another_document(
    make: Make, write_wheel: WriteWheel, cache: Cache
) -> None:
    one, two = (make(write_wheel("own", files={"own.py": content})) for content in (b"x = 1", b"x = 2"))

    documents = [json.loads(get_sbom(it, ARM, cache)) for it in (one, two)]

    assert documents[0]["serialNumber"] != documents[1]["serialNumber"]
    assert [it["metadata"]["component"]["hashes"][0]["content"] for it in documents] == [
        one.sha256.hex(),
        two.sha256.hex(),
    ]


INNER = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "metadata": {"component": {"type": "library", "name": "thing-rust", "version": "1.0", "bom-ref": "root"}},
    "components": [
        {"type": "library", "name": "crate", "version": "2.0", "bom-ref": "a", "purl": "pkg:cargo/crate@2.0"}
    ],
    "dependencies": [{"ref": "root", "dependsOn": ["a"]}],
}


def with_sboms(write_wheel: WriteWheel, name: str, **sboms: bytes) -> Path:
    files = {f"{name}-1.0.dist-info/sboms/{file}.json": content for file, content in sboms.items()}
    return write_wheel(name, files={f"{name}.py": b""} | files)


def test_what_a_wheel_lists_of_its_compiled_code_is_below_its_component(
    make: Make, write_wheel: WriteWheel, cache: Cache
) -> None:
    own = write_wheel("own", files={"own.py": b"import a, b"}, requires=("a", "b"))
    wheels = [with_sboms(write_wheel, name, rust=json.dumps(INNER).encode()) for name in ("a", "b")]

    document = json.loads(get_sbom(make(own, *wheels), ARM, cache))

    parts = {it["name"]: [part["bom-ref"] for part in it.get("components", [])] for it in document["components"]}
    assert parts["a"] == ["a==1.0/rust.json#root", "a==1.0/rust.json#a"]
    assert parts["b"] == ["b==1.0/rust.json#root", "b==1.0/rust.json#a"]
    assert document["components"][0]["components"][1] == {
        "bom-ref": "a==1.0/rust.json#a",
        "name": "crate",
        "purl": "pkg:cargo/crate@2.0",
        "type": "library",
        "version": "2.0",
    }
    dependencies = {it["ref"]: it.get("dependsOn", []) for it in document["dependencies"]}
    assert dependencies["a==1.0"] == ["a==1.0/rust.json#root"]
    assert dependencies["a==1.0/rust.json#root"] == ["a==1.0/rust.json#a"]


CRATE = {"type": "library", "name": "crate", "bom-ref": "a"}


def inner(*components: object, **fields: object) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "components": [*components], **fields}).encode()


@pytest.fixture
def component_with(make: Make, write_wheel: WriteWheel, cache: Cache) -> ComponentWith:
    """The component of a wheel that brings this list along."""

    def made(content: bytes) -> dict[str, Any]:
        own = write_wheel("own", files={"own.py": b"import a"}, requires=("a",))
        document = json.loads(get_sbom(make(own, with_sboms(write_wheel, "a", other=content)), ARM, cache))
        [component] = [it for it in document["components"] if it["name"] == "a"]
        return {**component, "edges": [it for it in document["dependencies"] if "#" in it["ref"]]}

    return made


@pytest.mark.parametrize(
    "content",
    [
        b"SPDX-2.3",
        b"[]",
        b"[" * 100_000,
        b'{"spdxVersion": "SPDX-2.3"}',
        inner(metadata=None),
        inner(components=None),
        inner("crate"),
        inner({"type": "library", "bom-ref": "a"}),
        inner(CRATE | {"type": "of a later version"}),
        inner(CRATE | {"bom-ref": 1}),
        inner(CRATE | {"hashes": [{"alg": "SHA-256", "content": "none"}]}),
        inner(CRATE | {"licenses": [{}]}),
        inner(CRATE, CRATE | {"name": "another"}),
        inner(CRATE, dependencies=[{"dependsOn": ["a"]}]),
        inner(CRATE, dependencies=[{"ref": "a", "dependsOn": None}]),
    ],
)
def test_a_list_that_cannot_be_taken_is_named(component_with: ComponentWith, content: bytes) -> None:
    component = component_with(content)

    assert component["properties"] == [{"name": "selador:unmerged-sbom", "value": "other.json"}]
    assert "components" not in component


def test_what_a_list_has_twice_or_needs_from_elsewhere_is_told_once(
    component_with: ComponentWith,
) -> None:
    edges = [{"ref": "a", "dependsOn": ["a", "service"]}, {"ref": "a", "dependsOn": ["a"]}, {"ref": "service"}]

    component = component_with(inner(CRATE, CRATE, metadata={"component": CRATE}, dependencies=edges))

    assert component["components"] == [{"type": "library", "name": "crate", "bom-ref": "a==1.0/other.json#a"}]
    assert component["edges"] == [{"ref": "a==1.0/other.json#a", "dependsOn": ["a==1.0/other.json#a"]}]


@pytest.mark.parametrize(
    ("stated", "taken"),
    [
        ([{"license": {"id": "MIT", "url": "no link: %"}}], [{"license": {"id": "MIT"}}]),
        ([{"license": {"name": "A", "licensing": {"lastRenewal": "yesterday"}}}], [{"license": {"name": "A"}}]),
        ([{"license": {"id": "Of-A-Later-List"}}], [{"license": {"name": "Of-A-Later-List"}}]),
        ([{"expression": "MIT OR ISC", "bom-ref": "a"}], [{"expression": "MIT OR ISC"}]),
        (
            [{"expression": "MIT OR ISC"}, {"license": {"id": "MIT"}}],
            [{"license": {"name": "MIT OR ISC"}}, {"license": {"id": "MIT"}}],
        ),
    ],
)
def test_of_a_crates_licences_the_names_are_taken(
    component_with: ComponentWith, stated: list[object], taken: list[object]
) -> None:
    [crate] = component_with(inner(CRATE | {"licenses": stated}))["components"]

    assert crate["licenses"] == taken


@pytest.mark.parametrize(
    ("headers", "licenses"),
    [
        (("License-Expression: MIT",), [{"license": {"id": "MIT"}}]),
        (("License: UNKNOWN",), None),
        (
            ("License: UNKNOWN", "Classifier: License :: OSI Approved :: MIT License"),
            [{"license": {"name": "MIT License"}}],
        ),
        (("License-Expression: mit or apache-2.0",), [{"expression": "MIT OR Apache-2.0"}]),
        (("License: BSD-3-Clause",), [{"license": {"id": "BSD-3-Clause"}}]),
        (
            ("License: Apache License 2.0", "Classifier: License :: OSI Approved :: Apache Software License"),
            [{"license": {"name": "Apache License 2.0"}}],
        ),
        (
            (
                "License: Dual License",
                "Classifier: License :: OSI Approved :: Apache Software License",
                "Classifier: License :: OSI Approved :: BSD License",
            ),
            [{"license": {"name": "Apache Software License"}}, {"license": {"name": "BSD License"}}],
        ),
        (("Classifier: License :: OSI Approved :: MIT License",), [{"license": {"name": "MIT License"}}]),
        (
            ("License: The Thing License\n        Whoever has this", "Author: A"),
            [{"license": {"name": "The Thing License"}}],
        ),
        (
            ("Classifier: License :: MIT OR ISC", "Classifier: License :: OSI Approved :: BSD License"),
            [{"license": {"name": "BSD License"}}, {"license": {"name": "MIT OR ISC"}}],
        ),
        (("Classifier: License :: OSI Approved",), None),
        (("Classifier: License :: OSI Approved :: ",), None),
        (("Classifier: License :: ",), None),
        (("License: The Thing License", "License: BSD"), [{"license": {"name": "The Thing License"}}]),
        (("License: Licence libre, r\udce9serv\udce9e",), [{"license": {"name": "Licence libre, réservée"}}]),
    ],
)
def test_a_licence_is_found_where_the_wheel_states_it(
    make: Make, write_wheel: WriteWheel, cache: Cache, headers: tuple[str, ...], licenses: list[object] | None
) -> None:
    [component] = json.loads(get_sbom(make(write_wheel("own", headers=headers)), ARM, cache))["components"]

    assert component.get("licenses") == licenses
