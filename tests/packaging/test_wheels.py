import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from packaging.requirements import Requirement

from selador_packaging.errors import PackagingError
from selador_packaging.wheels import read_wheel

from .conftest import record_line

type WriteWheel = Callable[..., Path]


def faults_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(PackagingError) as refused:
        read_wheel(path)
    assert all(fault.startswith(f"{path.name} is not a valid wheel: ") for fault in refused.value.faults)
    return tuple(fault.partition(" is not a valid wheel: ")[2] for fault in refused.value.faults)


def test_a_wheel_gives_metadata_and_members(write_wheel: WriteWheel) -> None:
    wheel = read_wheel(write_wheel(files={"thing.py": b"x = 1"}, requires=("six>=1",)))

    assert (wheel.metadata.name, wheel.metadata.version) == ("thing", "1.0")
    assert wheel.metadata.requires == (Requirement("six>=1"),)
    assert wheel.dist_info == "thing-1.0.dist-info"
    assert {member.path: member.content() for member in wheel.members}["thing.py"] == b"x = 1"


def test_streams_are_those_of_the_wheel(write_wheel: WriteWheel) -> None:
    path = write_wheel(files={"thing.py": b"x = 1\n" * 1000})

    member = next(member for member in read_wheel(path).members if member.path == "thing.py")

    assert member.method == zipfile.ZIP_DEFLATED
    assert member.stream in path.read_bytes()
    assert len(member.stream) < member.size == 6000


def test_a_local_header_longer_than_the_directory_says_is_skipped_right(
    tmp_path: Path, write_wheel: WriteWheel
) -> None:
    """Real wheels have extra fields in the local header alone, and data descriptors behind the stream."""
    source, path = write_wheel(files={"thing.py": b"x = 1\n" * 1000}), tmp_path / "thing-1.0-py2.py3-none-any.whl"
    with zipfile.ZipFile(source) as original, path.open("wb") as file, zipfile.ZipFile(Unseekable(file), "w") as copy:
        for info in original.infolist():
            with copy.open(info.filename, "w", force_zip64=True) as member:
                member.write(original.read(info))

    contents = {member.path: member.content() for member in read_wheel(path).members}

    assert contents["thing.py"] == b"x = 1\n" * 1000


class Unseekable:
    """A pipe, to which zipfile writes sizes behind the member instead of before it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def write(self, content: bytes) -> int:
        return self.file.write(content)

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.file.close()


@pytest.mark.parametrize(
    ("mode", "executable"), [(0o644, False), (0o600, False), (0o775, True), (0o700, True), (0, False)]
)
def test_of_a_mode_only_executable_remains(write_wheel: WriteWheel, mode: int, executable: bool) -> None:
    wheel = read_wheel(write_wheel(mode=mode))

    assert {member.executable for member in wheel.members} == {executable}


def test_repacked_members_are_the_same_however_they_were_compressed(write_wheel: WriteWheel) -> None:
    files = {"thing.py": b"x = 1\n" * 1000}
    deflated = read_wheel(write_wheel(files=files)).repacked()

    stored = read_wheel(write_wheel(files=files, method=zipfile.ZIP_STORED)).repacked()

    assert stored == deflated
    assert {member.path: member.content() for member in stored.members}["thing.py"] == files["thing.py"]


@pytest.mark.parametrize("path", ["../evil.py", "/etc/passwd", "a/../../evil.py", "a//b", "a\\b", "C:/evil.py", "./a"])
def test_a_member_that_escapes_the_root_is_refused(write_wheel: WriteWheel, path: str) -> None:
    faults = faults_of(write_wheel(files={path: b"evil"}))

    assert faults == (f"{path} would be written outside the artifact, or is no plain relative path",)


def test_a_file_changed_after_record_was_written_is_refused(write_wheel: WriteWheel) -> None:
    line = "thing.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0"

    faults = faults_of(write_wheel(files={"thing.py": b"x = 1"}, record={"thing.py": line}))

    assert len(faults) == 1
    assert faults[0].startswith("thing.py has sha256=")
    assert faults[0].endswith("RECORD says sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (None, "thing.py is not in RECORD"),
        ("thing.py,,", "RECORD has no hash of thing.py that is at least SHA-256"),
        ("thing.py,md5=XrY7u-Ae7tCTyyK7j1rNww,5", "RECORD has no hash of thing.py that is at least SHA-256"),
    ],
    ids=["no line", "no hash", "md5"],
)
def test_a_file_that_record_does_not_vouch_for_is_refused(
    write_wheel: WriteWheel, line: str | None, fault: str
) -> None:
    assert faults_of(write_wheel(files={"thing.py": b"x = 1"}, record={"thing.py": line})) == (fault,)


def test_a_file_that_only_record_knows_is_refused(write_wheel: WriteWheel) -> None:
    faults = faults_of(write_wheel(record={"ghost.py": "ghost.py,sha256=abc,1"}))

    assert faults == ("RECORD lists ghost.py, which is not in the wheel",)


@pytest.mark.parametrize(("size", "is_true"), [("5", True), ("", True), ("6", False), ("05", False)])
def test_a_size_in_record_is_true(write_wheel: WriteWheel, size: str, is_true: bool) -> None:
    line = record_line("thing.py", b"x = 1").removesuffix("5") + size
    path = write_wheel(files={"thing.py": b"x = 1"}, record={"thing.py": line})

    if is_true:
        assert read_wheel(path).members
    else:
        assert faults_of(path) == (f"thing.py has 5 bytes, RECORD says {size}",)


def test_two_lines_of_record_for_a_file_say_the_same(write_wheel: WriteWheel) -> None:
    line = record_line("thing.py", b"x = 1")

    same = write_wheel(files={"thing.py": b"x = 1"}, record={"again": line})
    assert read_wheel(same).members

    other = write_wheel(files={"thing.py": b"x = 1"}, record={"again": line.replace(",5", ",6")})
    assert faults_of(other) == ("RECORD lists thing.py twice, with another hash or size",)


def test_empty_lines_of_record_say_nothing(write_wheel: WriteWheel) -> None:
    assert read_wheel(write_wheel(record={"empty": ""})).members


def test_a_line_of_record_with_another_number_of_fields_is_refused(write_wheel: WriteWheel) -> None:
    faults = faults_of(write_wheel(record={"line": "thing.py,sha256=abc"}))

    assert faults == ("RECORD has a line of 2 fields, expected path, hash and size: thing.py",)


def test_a_name_that_is_too_long_for_lambda_is_refused(write_wheel: WriteWheel) -> None:
    longest, longer = f"thing/{'a' * 255}", f"thing/{'ä' * 128}/a"

    assert faults_of(write_wheel(files={longest: b"", longer: b""})) == (
        f"{longer} has a name of more than 255 bytes, which Lambda can't unpack",
    )


def test_a_path_that_is_too_long_for_lambda_is_refused(write_wheel: WriteWheel) -> None:
    longest = "/".join(["a" * 100] * 40) + "/" + "b" * 45
    assert len(f"/var/task/{longest}") == 4095

    assert faults_of(write_wheel(files={longest: b"", f"{longest}b": b""})) == (
        f"{longest}b has a path of more than 4,085 bytes, which Lambda can't unpack",
    )


@pytest.mark.parametrize(
    ("name", "mode", "content", "fault"),
    [
        ("thing/", stat.S_IFDIR | 0o755, b"", "thing/ is a folder, and a file has its name"),
        (
            "more/",
            stat.S_IFDIR | 0o755,
            b"x",
            "more/ is no plain folder: it has content, or the mode of something else",
        ),
        ("more/", stat.S_IFLNK | 0o777, b"", "more/ is no plain folder: it has content, or the mode of something else"),
    ],
)
def test_a_folder_that_is_something_else_as_well_is_refused(
    write_wheel: WriteWheel, name: str, mode: int, content: bytes, fault: str
) -> None:
    path = write_wheel(files={"thing": b""})
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, content)

    assert faults_of(path) == (fault,)


def test_metadata_in_a_folder_for_installers_is_refused(write_wheel: WriteWheel) -> None:
    """At run time it would be found as another distribution's, which no bill of materials lists."""
    path = "thing-1.0.data/purelib/evil-1.0.dist-info/entry_points.txt"

    assert faults_of(write_wheel(files={path: b""})) == (
        f"{path} would be metadata of the wheel beside its .dist-info folder",
    )


def test_record_lies_are_told_all_at_once(write_wheel: WriteWheel) -> None:
    faults = faults_of(write_wheel(files={"a.py": b"", "b.py": b""}, record={"a.py": None, "b.py": "b.py,,"}))

    assert len(faults) == 2


def test_a_damaged_stream_is_refused(write_wheel: WriteWheel) -> None:
    path = write_wheel(files={"thing.py": b"content of the file"}, method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"content of the file", b"CONTENT OF THE FILE"))

    assert faults_of(path) == ("thing.py: its size or CRC does not match its content",)


def test_a_directory_that_points_elsewhere_is_refused(write_wheel: WriteWheel) -> None:
    path = write_wheel(files={"thing.py": b""})
    path.write_bytes(path.read_bytes().replace(b"PK\x03\x04", b"PK\x00\x00", 1))

    assert faults_of(path) == ("thing.py has no local header where the directory points",)


def test_another_name_in_the_local_header_is_refused(write_wheel: WriteWheel) -> None:
    """What reads the file from its start finds other.py there."""
    path = write_wheel(files={"thing.py": b""})
    path.write_bytes(path.read_bytes().replace(b"thing.py", b"other.py", 1))

    assert faults_of(path) == ("thing.py has another name in its local header, other.py",)


def test_a_wheel_that_unpacks_to_more_than_memory_holds_is_not_unpacked(write_wheel: WriteWheel) -> None:
    path = write_wheel(files={"thing.py": b""})
    content = path.read_bytes()
    size = content.index(b"PK\x01\x02") + 24  # of the first member in the central directory
    path.write_bytes(content[:size] + struct.pack("<I", 2**31) + content[size + 4 :])

    [fault] = faults_of(path)

    assert fault.startswith("its files have 2,147,48")
    assert fault.endswith(" bytes, more than the 1,073,741,824 that are read")


def test_an_encrypted_member_is_refused(write_wheel: WriteWheel) -> None:
    path = write_wheel(files={"thing.py": b""})
    content = path.read_bytes()
    flags = content.index(b"PK\x01\x02") + 8  # of the first member in the central directory
    path.write_bytes(content[:flags] + b"\x01" + content[flags + 1 :])

    assert faults_of(path) == ("thing.py is encrypted",)


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        (stat.S_IFLNK | 0o777, "lrwxrwxrwx"),
        (stat.S_IFCHR | 0o666, "crw-rw-rw-"),
        (stat.S_IFIFO | 0o644, "prw-r--r--"),
    ],
)
def test_a_link_or_a_device_is_refused(write_wheel: WriteWheel, mode: int, shown: str) -> None:
    faults = faults_of(write_wheel(files={"thing.py": b"/etc/passwd"}, mode=mode))

    assert faults[0] == f"thing.py is no plain file (its mode is {shown}); a wheel holds nothing else"


def test_a_plain_file_may_say_so(write_wheel: WriteWheel) -> None:
    assert read_wheel(write_wheel(mode=stat.S_IFREG | 0o644)).members


@pytest.mark.parametrize("sign", ["\x1b", "\n", "\x7f", "\x9b", "\u202e", "\u2028"])
def test_a_name_that_steers_the_terminal_is_refused_and_not_printed(write_wheel: WriteWheel, sign: str) -> None:
    path = f"thing{sign}.py"

    # A line of its own in RECORD would have to be quoted; the name is refused before RECORD is read.
    faults = faults_of(write_wheel(files={path: b""}))

    assert faults == (f"{path!a} has signs in its name that can't be printed",)


@pytest.mark.parametrize("name", ["../evil.py", "thing/", "other.py"])
def test_a_name_that_an_extra_field_gives_instead_is_refused(write_wheel: WriteWheel, name: str) -> None:
    """zipfile takes that name, other readers the first: RECORD vouches for one of them only."""
    path = write_wheel(files={})
    field = struct.pack("<BL", 1, zlib.crc32(b"thing.py")) + name.encode()
    info = zipfile.ZipInfo("thing.py")
    info.extra = struct.pack("<HH", 0x7075, len(field)) + field
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, b"evil")

    [fault] = faults_of(path)

    assert fault == f"thing.py has another name in an extra field, {name}; which one counts is not known"


@pytest.mark.parametrize("folder", ["pure", "thing", "PURELIB"])
def test_a_folder_for_installers_that_none_knows_is_refused(write_wheel: WriteWheel, folder: str) -> None:
    path = f"thing-1.0.data/{folder}/thing.py"

    [fault] = faults_of(write_wheel(files={path: b""}))

    assert fault == (
        f"{path} lies in no folder of thing-1.0.data that an installer knows; "
        "these are data, headers, platlib, purelib, scripts"
    )


def test_folders_are_no_members(write_wheel: WriteWheel) -> None:
    path = write_wheel(files={"thing.py": b""})
    with zipfile.ZipFile(path, "a") as archive:
        archive.mkdir("thing")

    assert not [member for member in read_wheel(path).members if member.path.startswith("thing/")]


def test_another_compression_than_lambda_reads_is_refused(write_wheel: WriteWheel) -> None:
    faults = faults_of(write_wheel(files={}, method=zipfile.ZIP_BZIP2))

    assert faults[0].endswith("is compressed by method 12; Lambda reads stored (0) and deflated (8)")


def test_a_path_that_is_there_twice_is_refused(write_wheel: WriteWheel) -> None:
    path = write_wheel(files={"thing.py": b"1"})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("thing.py", b"2")

    assert faults_of(path) == ("thing.py is in it 2 times",)


@pytest.mark.parametrize("filename", ["other-1.0-py3-none-any.whl", "thing-2.0-py3-none-any.whl"])
def test_metadata_of_another_distribution_is_refused(write_wheel: WriteWheel, filename: str) -> None:
    path = write_wheel("thing", "1.0")

    renamed = path.rename(path.with_name(filename))

    assert faults_of(renamed) == ("METADATA says thing 1.0",)


@pytest.mark.parametrize("folder", ["other-1.0.dist-info", "thing-2.0.dist-info"])
def test_metadata_in_a_folder_of_another_name_is_refused(tmp_path: Path, write_wheel: WriteWheel, folder: str) -> None:
    """importlib.metadata looks for a distribution by the name of that folder."""
    source, path, before = write_wheel(), tmp_path / "thing-1.0-py2.py3-none-any.whl", "thing-1.0.dist-info"
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(path, "w") as copy:
        for member in whole.namelist():
            copy.writestr(member.replace(before, folder), whole.read(member).replace(before.encode(), folder.encode()))

    [fault] = faults_of(path)

    assert fault == f"its metadata lies in {folder}, which is another release's"


@pytest.mark.parametrize(
    ("line", "shown"),
    [(b"Wheel-Version: 2.0", "2.0"), (b"Generator: some", "unknown"), (b"Wheel-Version: \xff", "\ufffd")],
)
def test_a_later_format_is_refused(write_wheel: WriteWheel, line: bytes, shown: str) -> None:
    path = write_wheel(wheel=line)

    assert faults_of(path) == (f"its format has version {shown}, and 1 is known here",)


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"other-1.0.dist-info/METADATA": b""}, "it has 2 .dist-info folders, expected one"),
        ({"a.py": b"", "b.py": b""}, None),
    ],
)
def test_there_is_one_dist_info_folder(write_wheel: WriteWheel, files: dict[str, bytes], fault: str | None) -> None:
    path = write_wheel(files=files)

    if fault:
        assert faults_of(path) == (fault,)
    else:
        assert read_wheel(path).dist_info == "thing-1.0.dist-info"


@pytest.mark.parametrize("name", ["METADATA", "RECORD", "WHEEL"])
def test_a_wheel_without_metadata_or_record_is_refused(tmp_path: Path, write_wheel: WriteWheel, name: str) -> None:
    source, path = write_wheel(), tmp_path / "thing-1.0-py2.py3-none-any.whl"
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(path, "w") as part:
        for member in whole.namelist():
            if not member.endswith(name):
                part.writestr(member, whole.read(member))

    assert faults_of(path) == (f"it has no thing-1.0.dist-info/{name}",)


@pytest.mark.parametrize(
    "content", [b"", b"no zip at all", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "no member"]
)
def test_what_is_no_wheel_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thing-1.0-py3-none-any.whl"
    path.write_bytes(content)

    assert len(faults_of(path)) == 1
