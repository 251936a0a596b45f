"""What of a wheel goes into an artifact."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from selador_packaging.bytecode import compile_module
from selador_packaging.cache import Cache
from selador_packaging.errors import PackagingError
from selador_packaging.inspection import inspect_wheel
from selador_packaging.parts import Part, content_digest, get_part
from selador_packaging.wheels import Wheel, read_wheel

from .conftest import WriteWheel

FILES = {"own.py": b"import later\n", "later.py": b"x = 1\n", "unreached.py": b"", "own.txt": b"data"}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", "test")


def part_of(
    path: Path,
    cache: Cache,
    *,
    at_start: tuple[str, ...] = ("own",),
    reached: tuple[str, ...] = ("own", "later"),
    unread: tuple[str, ...] = (),
    read: Callable[[], Wheel] | None = None,
    is_own: bool = False,
) -> Part:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    inspected = inspect_wheel(digest, path.name, lambda: read_wheel(path), cache, is_own=is_own)
    return get_part(
        inspected,
        read or (lambda: read_wheel(path)),
        cache,
        at_start=at_start,
        reached=reached,
        unread=unread,
        services=frozenset(),
        names=frozenset(),
    )


def paths(part: Part) -> set[str]:
    return {member.path for member in part.members if ".dist-info/" not in member.path}


def test_modules_that_are_reached_go_in_and_those_of_the_start_have_bytecode(
    write_wheel: WriteWheel, cache: Cache
) -> None:
    part = part_of(write_wheel("own", files=FILES), cache)

    assert paths(part) == {"own.py", "__pycache__/own.cpython-313.pyc", "later.py", "own.txt"}
    assert part.size == sum(len(member.stream) for member in part.members)


def test_what_nothing_reads_stays_out(write_wheel: WriteWheel, cache: Cache) -> None:
    path = write_wheel("own", files=FILES)

    assert paths(part_of(path, cache)) - paths(part_of(path, cache, unread=("own.txt",))) == {"own.txt"}


def test_a_part_is_made_once_and_comes_back_as_it_was(write_wheel: WriteWheel, cache: Cache) -> None:
    def read_again() -> Wheel:
        raise AssertionError("the wheel was read again")

    path = write_wheel("own", files=FILES)

    assert part_of(path, cache) == part_of(path, cache, read=read_again)


def test_an_own_module_that_did_not_change_is_not_compiled_again(
    write_wheel: WriteWheel, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []

    def compile_and_note(source: bytes, path: str) -> bytes:
        compiled.append(path)
        return compile_module(source, path)

    monkeypatch.setattr("selador_packaging.parts.compile_module", compile_and_note)
    both = ("own", "later")
    before = part_of(write_wheel("own", files=FILES), cache, at_start=both, is_own=True)
    changed = FILES | {"own.py": b"import later\nx = 2\n"}

    after = part_of(write_wheel("own", files=changed), cache, at_start=both, is_own=True)

    assert sorted(compiled) == ["later.py", "own.py", "own.py"]
    bytecode = "__pycache__/later.cpython-313.pyc"
    assert [it for it in before.members if it.path == bytecode] == [it for it in after.members if it.path == bytecode]
    assert paths(after) == paths(before) >= {bytecode}


def test_an_own_module_that_cannot_be_compiled_is_named(write_wheel: WriteWheel, cache: Cache) -> None:
    path = write_wheel("own", files={"own.py": b"return 1\n"})

    with pytest.raises(PackagingError, match=r"own\.py"):
        part_of(path, cache, reached=("own",), is_own=True)


def test_anothers_module_for_an_older_python_has_no_bytecode(write_wheel: WriteWheel, cache: Cache) -> None:
    path = write_wheel("aenum", files={"aenum/__init__.py": b"", "aenum/_py2.py": b"raise a, b, c\n"})

    part = part_of(path, cache, at_start=("aenum", "aenum._py2"), reached=("aenum", "aenum._py2"))

    assert paths(part) == {"aenum/__init__.py", "aenum/__pycache__/__init__.cpython-313.pyc", "aenum/_py2.py"}


def test_the_content_digest_is_of_the_members_in_whatever_order(write_wheel: WriteWheel, cache: Cache) -> None:
    part = part_of(write_wheel("own", files=FILES), cache)
    backwards = Part(part.members[::-1], part.sha256s[::-1])
    less = Part(part.members[1:], part.sha256s[1:])

    assert content_digest([part]) == content_digest([backwards])
    assert content_digest([part]) != content_digest([less])


def test_without_bytecode_the_content_digest_is_that_of_the_other_members(
    write_wheel: WriteWheel, cache: Cache
) -> None:
    path = write_wheel("own", files=FILES)
    part, of_sources = part_of(path, cache), part_of(path, cache, at_start=())

    assert content_digest([part]) != content_digest([of_sources])
    assert content_digest([part], bytecode=False) == content_digest([of_sources])
