import io
import zipfile
import zlib
from itertools import permutations

import pytest

from selador_packaging.errors import PackagingError
from selador_packaging.zip_writer import DEFLATED, STORED, Member, write_zip


def stored(path: str, content: bytes = b"content", *, executable: bool = False) -> Member:
    return Member(path, content, STORED, len(content), zlib.crc32(content), executable)


def deflated(path: str, content: bytes) -> Member:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    stream = compressor.compress(content) + compressor.flush()
    return Member(path, stream, DEFLATED, len(content), zlib.crc32(content))


def read_zip(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def test_members_read_back() -> None:
    text = b"a long text " * 1000

    with read_zip(write_zip([stored("a.py", b"x = 1"), deflated("b/c.txt", text), stored("empty", b"")])) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}

    assert contents == {"a.py": b"x = 1", "b/c.txt": text, "empty": b""}


def test_a_compressed_stream_is_copied_as_it_is() -> None:
    member = deflated("a", b"content " * 100)

    assert member.stream in write_zip([member])


def test_the_order_of_members_does_not_matter() -> None:
    members = [stored("a"), stored("a/b"), stored("B"), stored("é")]

    assert len({write_zip(order) for order in permutations(members)}) == 1


def test_members_are_sorted_by_the_bytes_of_their_names() -> None:
    with read_zip(write_zip(map(stored, ["é", "a/b", "a.b", "Z", "z"]))) as archive:
        assert archive.namelist() == ["Z", "a.b", "a/b", "z", "é"]


def test_nothing_but_the_member_decides_a_header() -> None:
    with read_zip(write_zip([stored("a"), deflated("b", b"x")])) as archive:
        for member in archive.infolist():
            assert member.date_time == (1980, 1, 1, 0, 0, 0)
            assert (member.create_system, member.create_version, member.extract_version) == (3, 20, 20)
            assert (member.flag_bits, member.extra, member.comment, member.internal_attr) == (0, b"", b"", 0)
        assert archive.comment == b""


@pytest.mark.parametrize(("executable", "mode"), [(False, 0o100644), (True, 0o100755)])
def test_a_file_is_0644_or_0755(executable: bool, mode: int) -> None:
    with read_zip(write_zip([stored("a", executable=executable)])) as archive:
        assert archive.getinfo("a").external_attr == mode << 16


def test_the_utf8_flag_stands_only_where_it_is_needed() -> None:
    with read_zip(write_zip([stored("plain"), stored("é")])) as archive:
        assert [member.flag_bits for member in archive.infolist()] == [0, 0x800]


def test_more_members_than_a_plain_zip_holds_are_refused() -> None:
    with pytest.raises(PackagingError, match="at most 65,535 members, not 65,536"):
        write_zip(stored(str(number), b"") for number in range(65536))


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        (Member("a", b"content", STORED, 7, 0), "size or CRC"),
        (Member("a", b"content", STORED, 8, zlib.crc32(b"content")), "size or CRC"),
        (Member("a", deflated("a", bytes(1000)).stream, DEFLATED, 10, 0), "shorter or longer than promised"),
        (Member("a", deflated("a", b"x").stream + b"more", DEFLATED, 1, zlib.crc32(b"x")), "shorter or longer"),
        (Member("a", deflated("a", bytes(1000)).stream[:-2], DEFLATED, 1000, 0), "shorter or longer"),
        (Member("a", b"\xff\xff\xff", DEFLATED, 1, 0), "compressed stream is damaged"),
    ],
    ids=["wrong crc", "wrong size", "bomb", "trailing bytes", "cut", "no deflate"],
)
def test_a_stream_that_breaks_its_promise_has_no_content(member: Member, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        member.content()
