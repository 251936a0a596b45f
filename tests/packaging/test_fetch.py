import hashlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from selador_packaging.errors import PackagingError
from selador_packaging.fetch import cache_key, explain_failure, fetch_wheels
from selador_packaging.lock import LockedRelease
from selador_packaging.target import Target

type WriteWheel = Callable[..., Path]
ARM, INTEL = Target("arm64"), Target("x86_64")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all pip knows of."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def locked(*wheels: Path, name: str = "thing") -> dict[NormalizedName, LockedRelease]:
    hashes = frozenset(hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels)
    return {canonicalize_name(name): LockedRelease(canonicalize_name(name), "1.0", hashes)}


def fetch(
    releases: dict[NormalizedName, LockedRelease], tmp_path: Path, target: Target = ARM
) -> tuple[Path, list[str]]:
    said: list[str] = []
    wheels = fetch_wheels(releases, target, tmp_path / "cache", said.append)
    assert list(wheels) == list(releases)
    return next(iter(wheels.values())).path, said


def leftovers(tmp_path: Path) -> Iterable[Path]:
    return (tmp_path / "cache").glob(".fetching-*")


def test_a_wheel_is_fetched_by_its_hash_and_its_progress_told(
    tmp_path: Path, index: Path, write_wheel: WriteWheel
) -> None:
    wheel = write_wheel(folder=index)

    path, said = fetch(locked(wheel), tmp_path)

    assert path.read_bytes() == wheel.read_bytes()
    assert path.parent.parent == tmp_path / "cache"
    assert said == ["fetching 1 of 1 wheel for Python 3.13 on Linux arm64", f"  1/1 {wheel.name}"]
    assert not list(leftovers(tmp_path))


def test_what_is_in_the_cache_is_not_fetched_again(tmp_path: Path, index: Path, write_wheel: WriteWheel) -> None:
    wheel = write_wheel(folder=index)
    releases = locked(wheel)
    first, _ = fetch(releases, tmp_path)
    wheel.unlink()

    second, said = fetch(releases, tmp_path)

    assert second == first
    assert said == [f"nothing to fetch: 1 wheel in {tmp_path / 'cache'}"]


def test_a_wheel_damaged_in_the_cache_is_fetched_again(tmp_path: Path, index: Path, write_wheel: WriteWheel) -> None:
    wheel = write_wheel(folder=index)
    path, _ = fetch(locked(wheel), tmp_path)
    path.write_bytes(b"damaged")

    path, _ = fetch(locked(wheel), tmp_path)

    assert path.read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize(("target", "machine"), [(ARM, "aarch64"), (INTEL, "x86_64")])
def test_the_wheel_of_the_target_is_taken(
    tmp_path: Path, index: Path, write_wheel: WriteWheel, target: Target, machine: str
) -> None:
    tags = [
        "py3-none-any",
        "cp313-cp313-win_amd64",
        "cp313-cp313-macosx_11_0_arm64",
        "cp313-cp313-musllinux_1_2_aarch64",
        "cp313-cp313-manylinux_2_39_aarch64",
        "cp312-cp312-manylinux2014_aarch64",
        "cp313-cp313-manylinux2014_aarch64",
        "cp313-cp313-manylinux2014_x86_64",
    ]
    wheels = [write_wheel(tag=tag, folder=index) for tag in tags]

    path, _ = fetch(locked(*wheels), tmp_path, target)

    assert path.name == f"thing-1.0-cp313-cp313-manylinux2014_{machine}.whl"


@pytest.mark.parametrize(
    "tag", ["cp39-abi3-manylinux_2_28_aarch64", "cp313-cp313-manylinux_2_34_aarch64", "py3-none-any"]
)
def test_whatever_runs_on_the_target_is_taken(tmp_path: Path, index: Path, write_wheel: WriteWheel, tag: str) -> None:
    wheel = write_wheel(tag=tag, folder=index)

    path, _ = fetch(locked(wheel), tmp_path)

    assert path.name == wheel.name


def test_a_release_without_a_wheel_for_the_target_is_refused_by_name(
    tmp_path: Path, index: Path, write_wheel: WriteWheel
) -> None:
    wheel = write_wheel(tag="cp313-cp313-win_amd64", folder=index)

    with pytest.raises(PackagingError) as refused:
        fetch(locked(wheel), tmp_path)

    assert str(refused.value) == (
        "thing==1.0 has no wheel for Python 3.13 on Linux arm64 on the package index (the nearest are "
        "cp313-cp313-win_amd64); choose a version that has one in requirements.in and run make lock"
    )
    assert not list(leftovers(tmp_path))


def test_the_tags_most_like_the_targets_are_named_first(tmp_path: Path, index: Path, write_wheel: WriteWheel) -> None:
    tags = ["cp39-cp39-win32", "cp312-cp312-manylinux2014_aarch64", "cp313-cp313-macosx_11_0_arm64"]
    wheels = [write_wheel(tag=tag, folder=index) for tag in tags]
    write_wheel(version="2.0", tag="cp313-cp313-musllinux_1_2_aarch64", folder=index)

    with pytest.raises(
        PackagingError, match=r"\(the nearest are cp312-cp312-manylinux2014_aarch64, cp313-[^)]*win32\)"
    ):
        fetch(locked(*wheels), tmp_path)


def test_all_that_cannot_be_fetched_is_told_at_once(tmp_path: Path, index: Path, write_wheel: WriteWheel) -> None:
    wheel = write_wheel("one", tag="cp313-cp313-win_amd64", folder=index)
    releases = locked(wheel, name="one") | locked(write_wheel("other"), name="other")
    write_wheel("other", files={"evil.py": b""}, folder=index)

    with pytest.raises(PackagingError) as refused:
        fetch(releases, tmp_path)

    assert [fault.partition(" ")[0] for fault in refused.value.faults] == ["one==1.0", "other==1.0"]


def test_a_wheel_whose_hash_is_not_locked_is_refused(tmp_path: Path, index: Path, write_wheel: WriteWheel) -> None:
    releases = locked(write_wheel(folder=index))
    changed = write_wheel(folder=index, files={"evil.py": b""})

    with pytest.raises(PackagingError) as refused:
        fetch(releases, tmp_path)

    found = hashlib.sha256(changed.read_bytes()).hexdigest()
    assert str(refused.value) == (
        f"thing==1.0 was fetched with SHA-256 {found}, which is not locked; distrust the index, or run make lock"
    )


def test_an_index_out_of_reach_is_not_taken_for_a_missing_wheel(
    tmp_path: Path, index: Path, write_wheel: WriteWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = locked(write_wheel())
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port: nobody listens
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_RETRIES", "1")

    with pytest.raises(PackagingError, match=r"the package index can't be reached to fetch thing==1\.0"):
        fetch(releases, tmp_path)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("connection error: [Errno 111] Connection refused - skipping", "the package index can't be reached to fetch"),
        (
            "403 Client Error: Forbidden for url: https://a:****@b/",
            r"doesn't give thing==1\.0 \(403 Client Error: Forbidden\)",
        ),
        ("404 Client Error: Not Found for url: https://b/ - skipping", "has no wheel for Python 3"),
    ],
)
def test_an_index_that_fails_without_another_try_is_not_taken_for_a_missing_wheel(said: str, sentence: str) -> None:
    """With PIP_RETRIES=0 pip tells so only as it skips the index."""
    output = f"Could not fetch URL https://b/thing/: {said}\nERROR: No matching distribution found for thing==1.0\n"

    assert re.search(sentence, str(explain_failure(output, ARM)))


def test_a_wheel_for_another_machine_is_refused_whatever_pip_is_told(
    tmp_path: Path, index: Path, write_wheel: WriteWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its hash is locked, and pip prefers it: the platform stands in a variable or in pip's own settings."""
    newer = write_wheel(folder=index, tag="cp313-cp313-manylinux_2_39_aarch64")
    fits = write_wheel(folder=index, tag="cp313-cp313-manylinux_2_17_aarch64")
    monkeypatch.setenv("PIP_PLATFORM", "manylinux_2_39_aarch64")

    with pytest.raises(PackagingError, match=rf"^pip fetched {newer.name}, which doesn't run on Python 3\.13 on Linux"):
        fetch(locked(newer, fits), tmp_path)

    monkeypatch.delenv("PIP_PLATFORM")
    assert fetch(locked(newer, fits), tmp_path)[0].name == fits.name


def test_a_wheel_for_another_machine_in_the_cache_is_not_taken(
    tmp_path: Path, index: Path, write_wheel: WriteWheel
) -> None:
    fits = write_wheel(folder=index, tag="cp313-cp313-manylinux_2_17_aarch64")
    other = write_wheel(tag="cp313-cp313-manylinux_2_17_x86_64")
    releases = locked(fits, other)
    path, _ = fetch(releases, tmp_path)
    path.unlink()
    other.rename(path.with_name(other.name))

    assert fetch(releases, tmp_path)[0].name == fits.name


def test_another_failure_of_pip_is_told_in_its_own_words() -> None:
    error = explain_failure("WARNING: slow\nERROR: Could not install: disk full\n", ARM)

    assert str(error) == "pip download failed: Could not install: disk full"


def test_the_cache_key_covers_all_that_decides_which_file_is_taken(
    write_wheel: WriteWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    [release] = locked(write_wheel()).values()
    [other_hashes] = locked(write_wheel(files={})).values()
    [other_name] = locked(write_wheel(), name="other").values()
    other_version = LockedRelease(release.name, "2.0", release.sha256s)

    keys = {cache_key(it, ARM) for it in (release, other_hashes, other_name, other_version)}
    keys.add(cache_key(release, INTEL))
    monkeypatch.setattr("selador_packaging.target.GLIBC_MINORS", range(28, 16, -1))
    keys.add(cache_key(release, ARM))
    monkeypatch.setattr("selador_packaging.fetch.version", lambda _: "4.7")
    keys.add(cache_key(release, ARM))

    assert len(keys) == 7
