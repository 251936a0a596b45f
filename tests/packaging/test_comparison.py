import hashlib
import json
import zlib
from pathlib import Path

import pytest

from selador_packaging.comparison import compare_builds, compare_to_manifest, compare_zips, read_manifest
from selador_packaging.errors import PackagingError
from selador_packaging.zip_writer import STORED, Member, write_zip

CPYTHON = {"implementation": "CPython", "version": "3.13.0"}


def zip_of(**contents: bytes) -> bytes:
    return write_zip(Member(path, it, STORED, len(it), zlib.crc32(it)) for path, it in contents.items())


def folder_of(folder: Path, content: bytes, **fields: object) -> Path:
    folder.mkdir()
    (folder / "main.zip").write_bytes(content)
    (folder / "main.cdx.json").write_bytes(b"{}")
    sbom = {"path": "main.cdx.json", "sha256": hashlib.sha256(b"{}").hexdigest()}
    sha256 = hashlib.sha256(content).hexdigest()
    digests = {"sha256": sha256, "contentDigest": sha256, "contentDigestWithoutBytecode": "d"}
    artifact = {"path": "main.zip", **digests, "sbom": sbom, "wheels": []}
    manifest: dict[str, object] = {"schemaVersion": 1, "target": "t", "interpreter": CPYTHON, "lock": "l"}
    (folder / "manifest.json").write_text(json.dumps(manifest | {"artifacts": {"main": artifact}} | fields))
    return folder


def test_equal_zips_do_not_differ() -> None:
    assert compare_zips(zip_of(a=b"1"), zip_of(a=b"1")) == []


def test_a_difference_has_the_name_of_its_member() -> None:
    differences = compare_zips(zip_of(a=b"1", gone=b"", same=b""), zip_of(a=b"22", new=b"", same=b""))

    assert differences[0].startswith("a differs: size 1, now 2; SHA-256 ")
    assert differences[1:] == ["gone is missing", "new is new"]


def test_a_difference_outside_of_members_is_told() -> None:
    content = zip_of(a=b"1")
    commented = content[:-2] + b"\x01\x00!"

    assert compare_zips(content, commented) == [
        "every member is the same, but the zip's own headers or their order differ"
    ]


def test_what_is_no_zip_is_told() -> None:
    assert compare_zips(zip_of(a=b"1"), b"text") == ["cannot be read as a zip (File is not a zip file)"]


def test_builds_are_compared_with_all_that_the_manifest_says(tmp_path: Path) -> None:
    one = folder_of(tmp_path / "one", zip_of(a=b"1"))
    same = folder_of(tmp_path / "same", zip_of(a=b"1"), source={"commit": "other"})
    other = folder_of(tmp_path / "other", zip_of(a=b"2"), lock="m")

    assert compare_builds(one, same) == []
    found = compare_builds(one, other)
    assert found[0].startswith("main.zip: a differs: SHA-256")
    assert [it.partition(" ")[0] for it in found[1:]] == ["main.zip:", "main.zip:", "lock:"]


def test_a_manifest_alone_is_enough(tmp_path: Path) -> None:
    one = folder_of(tmp_path / "one", zip_of(a=b"1"))
    (one / "main.zip").unlink()
    other = folder_of(tmp_path / "other", zip_of(a=b"2"))

    assert compare_to_manifest(one / "manifest.json") == []
    assert [it.partition(" ")[0] for it in compare_builds(one / "manifest.json", other)] == ["main.zip:", "main.zip:"]


def test_a_zip_that_its_manifest_does_not_describe_is_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "one", zip_of(a=b"1"))
    (folder / "main.zip").write_bytes(zip_of(a=b"2"))

    [difference] = compare_to_manifest(folder)

    assert difference.startswith(f"{folder / 'main.zip'} has SHA-256 ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, r"manifest\.json does not exist; run make artifacts"),
        ("no json", r"manifest\.json is no manifest"),
        ('{"schemaVersion": 2, "artifacts": {"main": {}}}', r"has schema version 2, this program reads 1"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path, text: str | None, sentence: str) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(PackagingError, match=sentence):
        read_manifest(tmp_path)


def compiled_otherwise(folder: Path, source: bytes) -> Path:
    members = (("a.py", source), ("__pycache__/a.cpython-313.pyc", folder.name.encode()))
    content = write_zip(Member(path, it, STORED, len(it), zlib.crc32(it)) for path, it in members)
    return folder_of(folder, content, interpreter=CPYTHON | {"version": folder.name})


def test_bytecode_of_another_micro_version_is_one_difference(tmp_path: Path) -> None:
    builds = [compiled_otherwise(tmp_path / version, b"same") for version in ("3.13.0", "3.13.5")]

    differences = compare_builds(*builds)

    [difference] = differences
    assert difference.startswith("built by CPython 3.13.5, expected CPython 3.13.0: each compiles to bytecode of its")
    assert compare_builds(*builds, bytecode=False) == []


def test_what_differs_beside_another_micro_versions_bytecode_is_told(tmp_path: Path) -> None:
    builds = [compiled_otherwise(tmp_path / version, version.encode()) for version in ("3.13.0", "3.13.5")]

    [difference] = compare_builds(*builds, bytecode=False)

    assert difference.startswith("main.zip: a.py differs: SHA-256 ")
