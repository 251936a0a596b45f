import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selador_packaging.comparison import compare_builds, compare_to_manifest, compare_zips, read_manifest
from selador_packaging.compression import pack
from selador_packaging.errors import PackagingError
from selador_packaging.zip_writer import STORED, Member, write_zip

NO_DIGEST = "0" * 64
CPYTHON = {"implementation": "CPython", "version": "3.13.0"}


def zip_of(**contents: bytes) -> bytes:
    return write_zip(Member(path, it, STORED, len(it), zlib.crc32(it)) for path, it in contents.items())


def folder_of(folder: Path, content: bytes, **fields: object) -> Path:
    """What a build writes, if it made one artifact."""
    folder.mkdir()
    (folder / "main.zip").write_bytes(content)
    (folder / "main.cdx.json").write_bytes(b"{}")
    digest = hashlib.sha256(content)
    artifact = {
        "path": "main.zip",
        "size": len(content),
        "sha256": digest.hexdigest(),
        "sha256Base64": base64.b64encode(digest.digest()).decode(),
        "contentDigest": digest.hexdigest(),
        "contentDigestWithoutBytecode": NO_DIGEST,
        "unzippedSize": 1,
        "members": 1,
        "services": [],
        "sbom": {"path": "main.cdx.json", "sha256": hashlib.sha256(b"{}").hexdigest()},
        "wheels": [],
    }
    manifest = {
        "schemaVersion": 1,
        "target": {"python": "3.13", "architecture": "arm64"},
        "interpreter": CPYTHON,
        "lock": {"path": "requirements.txt", "sha256": NO_DIGEST},
        "source": None,
        "artifacts": {"main": artifact},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | fields))
    return vouch(folder)


def vouch(folder: Path) -> Path:
    """`folder` with a provenance that is true of the files in it."""
    place = folder / "provenance.intoto.json"
    files = [it for it in folder.iterdir() if it != place]
    subjects = [{"name": it.name, "digest": {"sha256": hashlib.sha256(it.read_bytes()).hexdigest()}} for it in files]
    place.write_text(json.dumps({"subject": subjects}))
    return folder


def rewrite(folder: Path, change: Callable[[Any], object]) -> Path:
    """`folder`, whose manifest was changed by hand."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    return vouch(folder)


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


def test_a_damaged_stream_is_told() -> None:
    content = write_zip([pack("a", b"x = 1\n" * 100)])
    damaged = content.replace(pack("a", b"x = 1\n" * 100).stream[:4], b"\xff\xff\xff\xff")

    [difference] = compare_zips(content, damaged)

    assert difference.startswith("cannot be read as a zip (Error -3 while decompressing data")


def test_what_is_no_zip_is_told() -> None:
    assert compare_zips(zip_of(a=b"1"), b"text") == ["cannot be read as a zip (File is not a zip file)"]


def test_builds_are_compared_with_all_that_the_manifest_says(tmp_path: Path) -> None:
    one = folder_of(tmp_path / "one", zip_of(a=b"1"))
    same = folder_of(tmp_path / "same", zip_of(a=b"1"), source={"commit": "other", "dirty": True})
    other = folder_of(tmp_path / "other", zip_of(a=b"2"), lock={"path": "other.txt", "sha256": NO_DIGEST})

    assert compare_builds(one, same) == []
    found = compare_builds(one, other)
    assert found[0].startswith("main.zip: a differs: SHA-256")
    assert [it.split()[:2] for it in found[1:-1]] == [
        ["main.zip:", field] for field in ("sha256", "sha256Base64", "contentDigest")
    ]
    assert found[-1].startswith("lock: ")


@pytest.mark.parametrize(
    ("field", "value"), [("sha256Base64", "x"), ("size", 7), ("services", ["s3"]), ("members", 7), ("unzippedSize", 7)]
)
def test_each_field_of_a_manifest_is_compared(tmp_path: Path, field: str, value: object) -> None:
    one, two = (folder_of(tmp_path / name, zip_of(a=b"1")) for name in ("one", "two"))

    rewrite(two, lambda manifest: manifest["artifacts"]["main"].update({field: value}))

    [difference] = compare_builds(one, two)
    assert difference.startswith(f"main.zip: {field} {value}, not ")


def test_an_artifact_that_only_one_of_the_manifests_has_is_told(tmp_path: Path) -> None:
    one, two = (folder_of(tmp_path / name, zip_of(a=b"1")) for name in ("one", "two"))

    rewrite(two, lambda manifest: manifest["artifacts"].update(more=manifest["artifacts"]["main"]))

    assert compare_builds(one, two) == ["the artifact more is new"]
    assert compare_builds(two, one) == ["the artifact more is missing"]


def test_a_manifest_alone_is_enough(tmp_path: Path) -> None:
    one = folder_of(tmp_path / "one", zip_of(a=b"1"))
    (one / "main.zip").unlink()
    other = folder_of(tmp_path / "other", zip_of(a=b"2"))

    assert compare_to_manifest(one / "manifest.json") == []
    assert [it.split()[1] for it in compare_builds(one / "manifest.json", other)] == [
        "sha256",
        "sha256Base64",
        "contentDigest",
    ]


@pytest.mark.parametrize("name", ["main.zip", "main.cdx.json", "provenance.intoto.json"])
def test_in_a_folder_all_has_to_be_there(tmp_path: Path, name: str) -> None:
    one, two = (folder_of(tmp_path / name, zip_of(a=b"1")) for name in ("one", "two"))
    (two / name).unlink()

    assert compare_to_manifest(two) == [f"{two / name} is missing; if you have the manifest alone, name that file"]
    assert compare_to_manifest(two / "manifest.json") == []
    assert compare_builds(one, two) == []


@pytest.mark.parametrize(("field", "value"), [("sha256Base64", "x"), ("size", 7)])
def test_every_fact_of_a_zip_in_its_manifest_is_checked(tmp_path: Path, field: str, value: object) -> None:
    folder = folder_of(tmp_path / "one", zip_of(a=b"1"))

    rewrite(folder, lambda manifest: manifest["artifacts"]["main"].update({field: value}))

    [difference] = compare_to_manifest(folder)
    assert difference.endswith(f", its manifest says {value}")


def test_a_zip_that_its_manifest_does_not_describe_is_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "one", zip_of(a=b"1"))
    (folder / "main.zip").write_bytes(zip_of(a=b"2"))

    differences = compare_to_manifest(folder)

    assert differences[0].startswith(f"{folder / 'main.zip'} has SHA-256 ")


def test_a_provenance_of_other_files_is_told(tmp_path: Path) -> None:
    one, two = folder_of(tmp_path / "one", zip_of(a=b"1")), folder_of(tmp_path / "two", zip_of(a=b"2"))
    (one / "provenance.intoto.json").write_bytes((two / "provenance.intoto.json").read_bytes())

    assert [Path(it.split(" has SHA-256 ")[0]).name for it in compare_to_manifest(one)] == ["manifest.json", "main.zip"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"subject": [{"name": "main.zip"}]}', "[" * 100_000])
def test_a_provenance_that_cannot_be_read_is_told(tmp_path: Path, text: str) -> None:
    folder = folder_of(tmp_path / "one", zip_of(a=b"1"))
    (folder / "provenance.intoto.json").write_text(text)

    [difference] = compare_to_manifest(folder)

    assert difference.startswith(f"{folder / 'provenance.intoto.json'} is no provenance of artifacts: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, r"manifest\.json does not exist; run make artifacts"),
        ("no json", r"manifest\.json is no manifest"),
        ("[" * 100_000, r"manifest\.json is no manifest"),
        ("[]", r"manifest\.json is no manifest of artifacts: \$: \[\] is not of type 'object'"),
        ('{"schemaVersion": 1}', r"manifest\.json is no manifest of artifacts: \$: '.*' is a required property"),
        ('{"schemaVersion": 2, "artifacts": {"main": {}}}', r"has schema version 2, this program reads 1"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path, text: str | None, sentence: str) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(PackagingError, match=sentence):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["artifacts"]["main"].pop("sbom"),
        lambda manifest: manifest["artifacts"]["main"].update(path="../main.zip"),
        lambda manifest: manifest["artifacts"]["main"]["sbom"].update(path=5),
        lambda manifest: manifest.update(artifacts={}),
        lambda manifest: manifest.update(interpreter="CPython"),
    ],
)
def test_a_manifest_of_another_shape_is_refused(tmp_path: Path, change: Callable[[Any], object]) -> None:
    folder = rewrite(folder_of(tmp_path / "one", zip_of(a=b"1")), change)

    with pytest.raises(PackagingError, match=r"manifest\.json is no manifest of artifacts: \$\."):
        read_manifest(folder)


@pytest.mark.parametrize("content", [zip_of(a=b"1") * 1_000, b"[" + b"1, " * 10_000 + b"1]"])
def test_what_is_no_manifest_is_refused_in_a_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "main.zip").write_bytes(content)

    with pytest.raises(PackagingError, match=r"main\.zip is no manifest of artifacts: ") as refusal:
        read_manifest(tmp_path / "main.zip")

    assert len(str(refusal.value)) < 500


def test_a_folder_in_the_manifests_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").mkdir()

    with pytest.raises(PackagingError, match=r"manifest\.json is no manifest of artifacts: IsADirectoryError"):
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
    assert "; all else is the same; " in difference
    assert compare_builds(*builds, bytecode=False) == []


def test_what_differs_beside_another_micro_versions_bytecode_is_told(tmp_path: Path) -> None:
    builds = [compiled_otherwise(tmp_path / version, version.encode()) for version in ("3.13.0", "3.13.5")]

    [difference] = compare_builds(*builds, bytecode=False)

    assert difference.startswith("main.zip: a.py differs: SHA-256 ")
    interpreter, also = compare_builds(*builds)
    assert "; more is told below; " in interpreter
    assert also == difference


@pytest.mark.parametrize("path", ["__pycache__/b.cpython-313.pyc", "evil.pyc"])
def test_bytecode_that_only_one_has_is_told_whichever_version_made_it(path: str) -> None:
    content, more = zip_of(a=b"1"), zip_of(**{"a": b"1", path: b"2"})

    assert compare_zips(content, more, bytecode=False) == [f"{path} is new"]


def test_a_module_that_is_bytecode_only_is_compared_whichever_version_built_it() -> None:
    """It comes from its wheel, and isn't made here."""
    [difference] = compare_zips(zip_of(**{"a.pyc": b"1"}), zip_of(**{"a.pyc": b"2"}), bytecode=False)

    assert difference.startswith("a.pyc differs: SHA-256 ")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_told_whichever_version_built_it() -> None:
    content, twice = zip_of(a=b"1"), write_zip([Member("a", b"1", STORED, 1, zlib.crc32(b"1"))] * 2)

    assert compare_zips(content, twice, bytecode=False) == ["a differs: times 1, now 2"]
