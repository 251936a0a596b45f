import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from selador_packaging import tools
from selador_packaging.cache import Cache, open_cache, trim


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", "program 1")


def test_what_was_put_is_found_by_all_that_decides_it(cache: Cache) -> None:
    cache.put(b"content", "part", "a")

    assert cache.get("part", "a") == b"content"
    assert cache.get("part", "b") is None
    assert cache.get("parta") is None


def test_another_program_finds_nothing(cache: Cache, tmp_path: Path) -> None:
    cache.put(b"content", "part")

    assert Cache(tmp_path / "cache", "program 2").get("part") is None


@pytest.mark.parametrize("damage", [b"", b"short", bytes(100)])
def test_a_damaged_entry_is_absent(cache: Cache, tmp_path: Path, damage: bytes) -> None:
    cache.put(b"content", "part")
    [entry] = (tmp_path / "cache").iterdir()
    entry.write_bytes(damage)

    assert cache.get("part") is None


def put_and_get(cache: Cache, content: bytes) -> bytes | None:
    cache.put(content, "part")
    return cache.get("part")


def test_two_at_once_leave_one_whole_entry(cache: Cache, tmp_path: Path) -> None:
    content = bytes(2**20)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(put_and_get, [cache] * 20, [content] * 20))

    assert set(found) == {content}
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_the_least_recently_used_go_first(cache: Cache, tmp_path: Path) -> None:
    for number, name in enumerate("abc"):
        cache.put(bytes(1000), name)
        newest = max((tmp_path / "cache").iterdir(), key=lambda path: path.stat().st_ctime_ns)
        os.utime(newest, (number, number))
    cache.get("a")

    trim(tmp_path / "cache", limit=2100)

    assert [name for name in "abc" if cache.get(name)] == ["a", "c"]


def test_a_folder_that_is_not_there_is_trimmed(tmp_path: Path) -> None:
    trim(tmp_path / "absent")

    assert not (tmp_path / "absent").exists()


def test_what_another_version_of_a_tool_made_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_cache(tmp_path, "CPython 3.13.0").put(b"content", "part")
    assert open_cache(tmp_path, "CPython 3.13.0").get("part") == b"content"

    monkeypatch.setattr(tools, "version", lambda tool: "2.0" if tool == "deflate" else "1.0")

    assert open_cache(tmp_path, "CPython 3.13.0").get("part") is None
