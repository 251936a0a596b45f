"""Compare artifacts: member by member first, so that a difference has a name, and then whole."""

import base64
import hashlib
import io
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from selador_packaging.bytecode import is_bytecode
from selador_packaging.errors import PackagingError
from selador_packaging.manifest import FILENAME
from selador_packaging.provenance import FILENAME as PROVENANCE

_SCHEMA = Path(__file__).with_name("manifest.schema.json")
# Of an artifact: what bytecode decides, and so the micro version that compiled it.
_WITH_BYTECODE = {"contentDigest", "sbom", "sha256", "sha256Base64", "size", "unzippedSize"}
_UNREADABLE_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def compare_zips(expected: bytes, found: bytes, *, bytecode: bool = True) -> list[str]:
    """How `found` differs from `expected`: a sentence for each member, or one when only the zips' own bytes differ.

    Without `bytecode` that is there as well, and only what it holds isn't compared.
    """
    if expected == found:
        return []
    try:
        old, new = _members(expected), _members(found)
    except _UNREADABLE_ZIP as error:
        return [f"cannot be read as a zip ({error})"]
    differences = [f"{path} is missing" for path in old if path not in new]
    differences += [f"{path} is new" for path in new if path not in old]
    for path in old.keys() & new.keys():
        if is_bytecode(path) and not bytecode:
            continue
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
        counts = Counter(archive.namelist())
        return {
            info.filename: {
                "size": info.file_size,
                "SHA-256": hashlib.sha256(archive.read(info)).hexdigest()[:12],
                "mode": oct(info.external_attr >> 16),
                "method": info.compress_type,
                "compressed size": info.compress_size,
                "date": info.date_time,
                "times": counts[info.filename],
            }
            for info in archive.infolist()
        }


def read_manifest(place: Path) -> tuple[Path, dict[str, Any]]:
    """The path and content of the manifest at `place`, the file itself or its folder. Raises PackagingError."""
    path = place / FILENAME if place.is_dir() else place
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PackagingError(f"{path} does not exist; run make artifacts, or name what was handed to you") from None
    except (OSError, RecursionError, ValueError) as error:
        fault = f"{type(error).__name__}: {error}"  # the repr of a UnicodeDecodeError holds the whole file
        raise PackagingError(
            f"{path} is no manifest of artifacts: {fault}; name manifest.json, or its folder"
        ) from error
    if isinstance(manifest, dict) and (version := manifest.get("schemaVersion")) not in {None, 1}:
        raise PackagingError(f"{path} has schema version {version}, this program reads 1")
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    if worst := best_match(Draft202012Validator(schema).iter_errors(manifest)):
        raise PackagingError(f"{path} is no manifest of artifacts: {worst.json_path}: {worst.message[:200]}")
    return path, manifest


def compare_to_manifest(place: Path) -> list[str]:
    """How the files beside the manifest at `place` differ from what it says of them.

    If `place` is a folder, all that a build writes has to be there. If it is the manifest itself, nothing else has.
    """
    path, manifest = read_manifest(place)
    described = [it for artifact in manifest["artifacts"].values() for it in (artifact, artifact["sbom"])]
    differences = []
    for expected in described:
        file = path.parent / expected["path"]
        if file.is_file():
            facts = _describe(file.read_bytes())
            differences += [
                f"{file} has {what} {facts[field]}, its manifest says {expected[field]}"
                for field, what in (("sha256", "SHA-256"), ("sha256Base64", "SHA-256 in base64"), ("size", "size"))
                if field in expected and facts[field] != expected[field]
            ]
    if place.is_dir():
        names = [*(it["path"] for it in described), PROVENANCE]
        missing = [place / name for name in names if not (place / name).is_file()]
        differences += [f"{it} is missing; if you have the manifest alone, name that file" for it in missing]
        differences += _compare_to_provenance(place, [FILENAME, *names[:-1]])
    return differences


def _compare_to_provenance(folder: Path, names: Iterable[str]) -> list[str]:
    """How the files `names` in `folder` differ from what the provenance there, if it is there, says of them."""
    place = folder / PROVENANCE
    try:
        subjects = {it["name"]: it["digest"]["sha256"] for it in json.loads(place.read_bytes())["subject"]}
    except FileNotFoundError:
        return []
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        return [f"{place} is no provenance of artifacts: {error!r}"]
    files = {name: folder / name for name in names}
    found = {name: hashlib.sha256(it.read_bytes()).hexdigest() for name, it in files.items() if it.is_file()}
    return [
        f"{files[name]} has SHA-256 {digest}, its provenance says {subjects.get(name, 'nothing of it')}"
        for name, digest in found.items()
        if subjects.get(name) != digest
    ]


def _describe(content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content)
    return {
        "sha256": digest.hexdigest(),
        "sha256Base64": base64.b64encode(digest.digest()).decode(),
        "size": len(content),
    }


def compare_builds(expected: Path, found: Path, *, bytecode: bool = True) -> list[str]:
    """How the build in the folder `found` differs from `expected`, a folder or just its manifest.

    The commit is left aside, and with it the provenance: the same bytes may come from two commits. Bytecode of another
    interpreter is one difference, not one for each module; without `bytecode` it is none.
    """
    old_path, old = read_manifest(expected)
    new_path, new = read_manifest(found)
    other_interpreter = bytecode and old["interpreter"] != new["interpreter"]
    bytecode = bytecode and not other_interpreter
    old_artifacts, new_artifacts = old["artifacts"], new["artifacts"]
    differences = [f"the artifact {name} is missing" for name in old_artifacts if name not in new_artifacts]
    differences += [f"the artifact {name} is new" for name in new_artifacts if name not in old_artifacts]
    for name in old_artifacts.keys() & new_artifacts.keys():
        artifact = old_artifacts[name]
        zips = old_path.parent / artifact["path"], new_path.parent / artifact["path"]
        if all(it.is_file() for it in zips):
            members = compare_zips(*(it.read_bytes() for it in zips), bytecode=bytecode)
            differences += [f"{artifact['path']}: {difference}" for difference in members]
        facts = _compare_facts(artifact, new_artifacts[name], () if bytecode else _WITH_BYTECODE)
        differences += [f"{artifact['path']}: {difference}" for difference in facts]
    for field in ("target", "lock"):
        if old[field] != new[field]:
            differences.append(f"{field}: {new[field]}, not {old[field]}")
    if other_interpreter:
        rest = "more is told below" if differences else "all else is the same"
        told = (
            f"built by {_write(new['interpreter'])}, expected {_write(old['interpreter'])}: each compiles to bytecode "
            f"of its own, so that can't be compared; {rest}; to compare bytecode, build with that version"
        )
        return [told, *differences]
    return differences


def _compare_facts(old: dict[str, Any], new: dict[str, Any], ignored: Collection[str]) -> Iterator[str]:
    """How what two manifests say of an artifact differs."""
    for field, value in old.items():
        if field in ignored or value == new[field]:
            continue
        match field:
            case "sbom":  # it holds the zip's hash
                yield "its bill of materials differs"
            case "wheels":
                yield "it is made of other wheels"
            case _:
                yield f"{field} {new[field]}, not {value}"


def _write(interpreter: dict[str, str]) -> str:
    return f"{interpreter['implementation']} {interpreter['version']}"
