"""Read a wheel and believe nothing it says of itself: every path, CRC and RECORD line is checked.

Members keep the compressed streams they came with; `zip_writer` copies them into the artifacts.
"""

import base64
import csv
import email
import hashlib
import io
import stat
import struct
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from selador_packaging.bytecode import TASK_ROOT
from selador_packaging.closure import Metadata, parse_metadata
from selador_packaging.compression import pack
from selador_packaging.errors import PackagingError, printable
from selador_packaging.wording import counted
from selador_packaging.zip_writer import DEFLATED, STORED, Member

DATA = ".data"  # ends the name of the folder whose folders an installer puts elsewhere
_DIST_INFO = ".dist-info"
_SCHEMES = {"data", "headers", "platlib", "purelib", "scripts"}  # the folders in DATA that the wheel format knows
_ENCRYPTED = 1
_UTF8 = 1 << 11
_LARGEST = 2**30  # bytes of all files: four times what Lambda takes, and less than a builder's memory
_STRONG_HASHES = {"sha256", "sha384", "sha512"}  # the wheel format allows nothing weaker than SHA-256
_LONGEST_NAME = 255  # bytes of a file's or folder's name, on Lambda's file system as on most
_LONGEST_PATH = 4095 - len(f"{TASK_ROOT}/")  # bytes; Linux opens no longer one
_UNRECORDED = {"RECORD", "RECORD.jws", "RECORD.p7s"}  # signatures are made after RECORD


@dataclass(frozen=True)
class Wheel:
    """A wheel that keeps its promises; paths of members are as in the wheel, `dist_info` is a folder of it."""

    filename: str
    metadata: Metadata
    dist_info: str
    members: tuple[Member, ...]

    @property
    def record_sha256(self) -> str:
        """SHA-256 of RECORD: stands for the content, whatever compressed the file that it came in."""
        record = next(member for member in self.members if member.path == f"{self.dist_info}/RECORD")
        return hashlib.sha256(record.content()).hexdigest()

    def repacked(self) -> Self:
        """The same wheel with every member compressed anew: with the same bytes on whatever machine it was built."""
        members = (pack(it.path, it.content(), executable=it.executable) for it in self.members)
        return replace(self, members=tuple(members))


def read_wheel(path: Path) -> Wheel:
    """Read and verify the wheel at `path`; raises PackagingError with all that is wrong with it."""
    try:
        members = _read_members(path.read_bytes())
        contents = _contents(members)
        dist_info = _find_dist_info(contents)
        _check_record(contents, dist_info)
        _check_format(contents[f"{dist_info}/WHEEL"])
        metadata = parse_metadata(contents[f"{dist_info}/METADATA"])
        _check_name(path.name, dist_info, metadata)
    except (zipfile.BadZipFile, struct.error, csv.Error, ValueError) as error:
        raise PackagingError(f"{path.name} is not a valid wheel: {error}") from error
    except PackagingError as error:
        raise PackagingError(*(f"{path.name} is not a valid wheel: {fault}" for fault in error.faults)) from error
    return Wheel(path.name, metadata, dist_info, tuple(members))


def _read_members(archive: bytes) -> list[Member]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        listed = opened.infolist()
    entries = [entry for entry in listed if not entry.orig_filename.endswith("/")]
    faults = [f"{printable(entry.orig_filename)} {fault}" for entry in entries if (fault := _fault(entry))]
    counts = Counter(entry.filename for entry in entries)
    faults += [f"{path} is in it {count} times" for path, count in counts.items() if count > 1]
    for folder in (entry for entry in listed if entry.orig_filename.endswith("/")):
        if folder.orig_filename.removesuffix("/") in counts:
            faults.append(f"{printable(folder.orig_filename)} is a folder, and a file has its name")
        elif folder.file_size or stat.S_IFMT(folder.external_attr >> 16) not in {0, stat.S_IFDIR}:
            faults.append(
                f"{printable(folder.orig_filename)} is no plain folder: it has content, or the mode of something else"
            )
    if (size := sum(entry.file_size for entry in entries)) > _LARGEST:
        faults.append(f"its files have {size:,} bytes, more than the {_LARGEST:,} that are read")
    if faults:
        raise PackagingError(*faults)
    return [
        Member(
            path=entry.filename,
            stream=_stream(archive, entry),
            method=entry.compress_type,
            size=entry.file_size,
            crc=entry.CRC,
            executable=bool(entry.external_attr >> 16 & 0o111),
        )
        for entry in entries
    ]


def _fault(entry: zipfile.ZipInfo) -> str | None:
    if fault := _fault_of_name(entry):
        return fault
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:  # 0: written where files have no Unix mode
        return f"is no plain file (its mode is {stat.filemode(entry.external_attr >> 16)}); a wheel holds nothing else"
    if entry.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in {STORED, DEFLATED}:
        return f"is compressed by method {entry.compress_type}; Lambda reads stored (0) and deflated (8)"
    return None


def _fault_of_name(entry: zipfile.ZipInfo) -> str | None:
    # zipfile cuts a name at a NUL, turns the separator of the system into "/", and takes the name that an extra field
    # gives instead; what the archive says first counts.
    path = entry.orig_filename
    if any(part in {"", ".", ".."} for part in path.split("/")) or any(sign in path for sign in "\\:\0"):
        return "would be written outside the artifact, or is no plain relative path"
    if path != printable(path):
        return "has signs in its name that can't be printed"
    if path != entry.filename:
        return f"has another name in an extra field, {printable(entry.filename)}; which one counts is not known"
    if any(len(part.encode()) > _LONGEST_NAME for part in path.split("/")):
        return f"has a name of more than {_LONGEST_NAME} bytes, which Lambda can't unpack"
    if len(path.encode()) > _LONGEST_PATH:
        return f"has a path of more than {_LONGEST_PATH:,} bytes, which Lambda can't unpack"
    return _fault_for_installers(path)


def _fault_for_installers(path: str) -> str | None:
    top, _, below = path.partition("/")
    if top.endswith(DATA) and below.count("/") > 1 and below.split("/")[1].endswith(_DIST_INFO):
        return f"would be metadata of the wheel beside its {_DIST_INFO} folder"
    if top.endswith(DATA) and below and below.partition("/")[0] not in _SCHEMES:
        return f"lies in no folder of {top} that an installer knows; these are {', '.join(sorted(_SCHEMES))}"
    return None


def _stream(archive: bytes, entry: zipfile.ZipInfo) -> bytes:
    """The bytes behind the member's local header, whose name and extra field may be longer than the directory's."""
    if not archive.startswith(b"PK\x03\x04", entry.header_offset):
        raise PackagingError(f"{entry.filename} has no local header where the directory points")
    name_length, extra_length = struct.unpack_from("<HH", archive, entry.header_offset + 26)
    begin = entry.header_offset + 30
    name = archive[begin : begin + name_length].decode("utf-8" if entry.flag_bits & _UTF8 else "cp437", "replace")
    if name != entry.orig_filename:
        raise PackagingError(f"{entry.filename} has another name in its local header, {printable(name)}")
    start = begin + name_length + extra_length
    return archive[start : start + entry.compress_size]


def _contents(members: list[Member]) -> dict[str, bytes]:
    contents, faults = {}, []
    for member in members:
        try:
            contents[member.path] = member.content()
        except ValueError as error:
            faults.append(f"{member.path}: {error}")
    if faults:
        raise PackagingError(*faults)
    return contents


def _find_dist_info(contents: Mapping[str, bytes]) -> str:
    folders = {path.partition("/")[0] for path in contents}
    found = sorted(folder for folder in folders if folder.endswith(_DIST_INFO))
    if len(found) != 1:
        raise PackagingError(f"it has {len(found)} {_DIST_INFO} folders, expected one")
    missing = [name for name in ("METADATA", "RECORD", "WHEEL") if f"{found[0]}/{name}" not in contents]
    if missing:
        raise PackagingError(*(f"it has no {found[0]}/{name}" for name in missing))
    return found[0]


def _check_record(contents: Mapping[str, bytes], dist_info: str) -> None:
    recorded: dict[str, tuple[str, str]] = {}
    faults = []
    for row in filter(None, csv.reader(io.StringIO(contents[f"{dist_info}/RECORD"].decode()))):
        if len(row) != 3:
            raise ValueError(
                f"RECORD has a line of {counted(len(row), 'field')}, expected path, hash and size: {row[0]}"
            )
        path, digest, size = row
        if recorded.setdefault(path, (digest, size)) != (digest, size):
            faults.append(f"RECORD lists {path} twice, with another hash or size")
    unrecorded = {f"{dist_info}/{name}" for name in _UNRECORDED}
    faults += [f"RECORD lists {path}, which is not in the wheel" for path in recorded if path not in contents]
    for path, content in contents.items():
        if path in unrecorded:
            continue
        if path not in recorded:
            faults.append(f"{path} is not in RECORD")
            continue
        digest, size = recorded[path]
        algorithm, _, expected = digest.partition("=")
        if algorithm not in _STRONG_HASHES:
            faults.append(f"RECORD has no hash of {path} that is at least SHA-256")
            continue
        found = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).rstrip(b"=").decode()
        if found != expected.rstrip("="):
            faults.append(f"{path} has {algorithm}={found}, RECORD says {digest}")
        elif size not in {"", str(len(content))}:  # it may be left out
            faults.append(f"{path} has {counted(len(content), 'byte')}, RECORD says {size}")
    if faults:
        raise PackagingError(*faults)


def _check_format(content: bytes) -> None:
    version = str(email.message_from_bytes(content).get("Wheel-Version", ""))  # a header object if it is no ASCII
    if version.partition(".")[0] != "1":
        raise ValueError(f"its format has version {version or 'unknown'}, and 1 is known here")


def _check_name(filename: str, dist_info: str, metadata: Metadata) -> None:
    """Raise ValueError unless all three speak of one release: at run time it is found by its folder's name."""
    try:
        name, version, _, _ = parse_wheel_filename(filename)
        folder, _, folder_version = dist_info.removesuffix(_DIST_INFO).partition("-")
        is_its_own = (canonicalize_name(folder), Version(folder_version)) == (name, version)
    except InvalidWheelFilename as error:
        raise ValueError(str(error)) from error
    if name != metadata.name or version != Version(metadata.version):
        raise ValueError(f"METADATA says {metadata.name} {metadata.version}")
    if not is_its_own:
        raise ValueError(f"its metadata lies in {dist_info}, which is another release's")
