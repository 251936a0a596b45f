import json
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from selador_packaging.artifacts import Artifact
from selador_packaging.cache import Cache
from selador_packaging.sbom import get_sbom
from selador_packaging.target import Target

ARM = Target("arm64")

type WriteWheel = Callable[..., Path]
type Make = Callable[..., Artifact]


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


@pytest.mark.parametrize("content", [b"SPDX-2.3", b"[]", b'{"spdxVersion": "SPDX-2.3"}'])
def test_a_list_in_another_format_is_named(make: Make, write_wheel: WriteWheel, cache: Cache, content: bytes) -> None:
    own = write_wheel("own", files={"own.py": b"import a"}, requires=("a",))

    document = json.loads(get_sbom(make(own, with_sboms(write_wheel, "a", other=content)), ARM, cache))

    [component] = [it for it in document["components"] if it["name"] == "a"]
    assert component["properties"] == [{"name": "selador:unmerged-sbom", "value": "other.json"}]


@pytest.mark.parametrize(
    ("headers", "licenses"),
    [
        (("License-Expression: MIT",), [{"license": {"id": "MIT"}}]),
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
