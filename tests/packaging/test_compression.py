"""libdeflate's bytes, which must be the same wherever this runs."""

import hashlib
import zipfile

from selador_packaging.compression import pack

SAMPLE = b"".join(b"%d %d\n" % (number, number * number % 997) for number in range(20_000))
# As on x86_64 and on arm64, with deflate 0.8.0, 0.8.1 and 0.9.0.
SHA256 = "c19e8c14fce177919626846b6a1296218802e9473167976beded99a1eb44fff7"


def test_the_compressed_bytes_are_those_of_every_machine() -> None:
    member = pack("numbers.txt", SAMPLE)

    assert member.method == zipfile.ZIP_DEFLATED
    assert hashlib.sha256(member.stream).hexdigest() == SHA256


def test_what_was_packed_is_read_again() -> None:
    member = pack("numbers.txt", SAMPLE, executable=True)

    assert (member.content(), member.executable) == (SAMPLE, True)


def test_what_does_not_shrink_is_stored() -> None:
    member = pack("empty", b"")

    assert (member.method, member.stream) == (zipfile.ZIP_STORED, b"")
