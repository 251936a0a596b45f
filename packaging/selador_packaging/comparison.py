"""Compare artifacts: member by member first, so that a difference has a name, and then whole."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from selador_packaging.bytecode import is_bytecode
from selador_packaging.errors import PackagingError
from selador_packaging.manifest import FILENAME


def compare_zips(expected: bytes, found: bytes, *, bytecode: bool = True) -> list[str]:
    """How `found` differs from `expected`: a sentence for each member, or one when only the zips' own bytes differ.

    Without `bytecode` only the other members are compared.
    """
    if expected == found:
        return []
    try:
        old, new = (
            {path: facts for path, facts in _members(content).items() if bytecode or not is_bytecode(path)}
            for content in (expected, found)
        )
    except zipfile.BadZipFile as error:
        return [f"cannot be read as a zip ({error})"]
    differences = [f"{path} is missing" for path in old if path not in new]
    differences += [f"{path} is new" for path in new if path not in old]
    for path in old.keys() & new.keys():
        parts = [
            f"{what} {old[path][what]}, now {new[path][what]}"
            for what in old[path]
            if old[path][what] != new[path][what]
        ]
        if parts:
            differences.append(f"{path} differs: {'; '.join(parts)}")
    if not differences and bytecode:
        differences = ["every member is the same, but the zip's own headers or their order differ"]
    return sorted(differences)


def _members(content: bytes) -> dict[str, dict[str, object]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            info.filename: {
                "size": info.file_size,
                "SHA-256": hashlib.sha256(archive.read(info)).hexdigest()[:12],
                "mode": oct(info.external_attr >> 16),
                "method": info.compress_type,
                "compressed size": info.compress_size,
                "date": info.date_time,
            }
            for info in archive.infolist()
        }


def read_manifest(place: Path) -> tuple[Path, dict[str, Any]]:
    """The path and content of the manifest at `place`, the file itself or its folder. Raises PackagingError."""
    path = place / FILENAME if place.is_dir() else place
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if manifest["schemaVersion"] != 1 or not manifest["artifacts"]:
            raise PackagingError(f"{path} has schema version {manifest['schemaVersion']}, this program reads 1")
    except FileNotFoundError:
        raise PackagingError(f"{path} does not exist; run make artifacts, or name what was handed to you") from None
    except (ValueError, KeyError, TypeError) as error:
        raise PackagingError(f"{path} is no manifest of artifacts: {error!r}") from error
    return path, manifest


def compare_to_manifest(place: Path) -> list[str]:
    """How the files beside the manifest at `place` differ from what it says of them; those that are absent don't."""
    path, manifest = read_manifest(place)
    differences = []
    for artifact in manifest["artifacts"].values():
        for described in (artifact, artifact["sbom"]):
            file = path.parent / described["path"]
            if file.exists() and (sha256 := hashlib.sha256(file.read_bytes()).hexdigest()) != described["sha256"]:
                differences.append(f"{file} has SHA-256 {sha256}, its manifest says {described['sha256']}")
    return differences


def compare_builds(expected: Path, found: Path, *, bytecode: bool = True) -> list[str]:
    """How the build in the folder `found` differs from `expected`, a folder or just its manifest.

    The commit is left aside, and with it the provenance: the same bytes may come from two commits. Bytecode of another
    interpreter is one difference, not one for each module; without `bytecode` it is none.
    """
    old_path, old = read_manifest(expected)
    new_path, new = read_manifest(found)
    differences = []
    if old["interpreter"] != new["interpreter"] and bytecode:
        bytecode = False
        differences.append(
            f"built by {_write(new['interpreter'])}, expected {_write(old['interpreter'])}: each compiles to bytecode "
            "of its own, so that can't be compared; build with that version"
        )
    digests = ("sha256", "contentDigest") if bytecode else ("contentDigestWithoutBytecode",)
    for name, artifact in old["artifacts"].items():
        old_zip, new_zip = old_path.parent / artifact["path"], new_path.parent / artifact["path"]
        if old_zip.exists():
            members = compare_zips(old_zip.read_bytes(), new_zip.read_bytes(), bytecode=bytecode)
            differences += [f"{artifact['path']}: {difference}" for difference in members]
        for field in digests:
            if new["artifacts"][name][field] != artifact[field]:
                differences.append(
                    f"{artifact['path']}: {field} {new['artifacts'][name][field]}, not {artifact[field]}"
                )
        if bytecode and new["artifacts"][name]["sbom"] != artifact["sbom"]:  # which holds the zip's hash
            differences.append(f"{artifact['sbom']['path']} differs")
        if new["artifacts"][name]["wheels"] != artifact["wheels"]:
            differences.append(f"{artifact['path']}: it is made of other wheels")
    for field in ("target", "lock"):
        if old[field] != new[field]:
            differences.append(f"{field}: {new[field]}, not {old[field]}")
    return differences


def _write(interpreter: dict[str, str]) -> str:
    return f"{interpreter['implementation']} {interpreter['version']}"
