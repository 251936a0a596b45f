from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from selador_packaging.errors import PackagingError
from selador_packaging.lock import LockedRelease, read_lock
from selador_packaging.target import Target

A, B = "a" * 64, "b" * 64


def read(text: str) -> Mapping[NormalizedName, LockedRelease]:
    return read_lock(text.encode(), Target("arm64").marker_environment, place="requirements.txt")


def test_a_release_has_all_its_hashes_over_continued_lines() -> None:
    releases = read(
        f"# made by a tool\nsix==1.17.0 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\n    # via boto3\n"
    )

    assert list(releases.values()) == [LockedRelease(NormalizedName("six"), "1.17.0", frozenset({A, B}))]


def test_names_are_normalised() -> None:
    assert list(read(f"Typing_Extensions==4.0 --hash=sha256:{A}")) == ["typing-extensions"]


def test_a_line_whose_marker_does_not_hold_on_the_target_is_left_out() -> None:
    text = (
        f"colorama==1.0 ; sys_platform == 'win32' --hash=sha256:{A}\n"
        f"six==1.0 ; platform_machine == 'aarch64' --hash=sha256:{B}\n"
    )

    assert list(read(text)) == ["six"]


def test_the_same_name_under_exclusive_markers_is_one_release() -> None:
    text = (
        f"six==1.0 ; platform_machine == 'x86_64' --hash=sha256:{A}\n"
        f"six==2.0 ; platform_machine == 'aarch64' --hash=sha256:{B}\n"
    )

    assert read(text)[NormalizedName("six")].version == "2.0"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("six==1.0", "requirements.txt, line 1: six==1.0 has no --hash; run make lock"),
        (f"six>=1.0 --hash=sha256:{A}", "six is not pinned to one version with =="),
        (f"six==1.* --hash=sha256:{A}", "six is not pinned to one version with =="),
        (f"six --hash=sha256:{A}", "six is not pinned"),
        (f"six @ https://example.org/six.whl --hash=sha256:{A}", "six is not pinned"),
        ("six==1.0 --hash=md5:abc", "six==1.0 has the hash md5:abc…, expected sha256: and 64 hexadecimal digits"),
        ("six==1.0 --hash=sha256:abc", "has the hash sha256:abc…, expected"),
        ("--index-url https://example.org", "--index-url is an option; a lock holds pinned releases only"),
        ("six=!1.0", "six=!1.0 is not a requirement"),
        (f"six==1.0 ; {'(' * 5000}os_name == 'a'{')' * 5000}", "line 1: six==1.0 is not a requirement"),
        (f"six==1.0 ; os_name ~= 'nt' --hash=sha256:{A}", "line 1: Undefined <Op('~=')> on 'posix' and 'nt'"),
        (f"six==1.0 --hash=sha256:{A}\nSIX==1.1 --hash=sha256:{B}", "line 2: six is locked twice"),
    ],
    ids=[
        "no hash",
        "range",
        "wildcard",
        "no version",
        "url",
        "md5",
        "short",
        "option",
        "nonsense",
        "deep",
        "marker",
        "twice",
    ],
)
def test_a_line_that_pins_nothing_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(PackagingError) as refused:
        read(line)

    assert sentence in str(refused.value)


def test_all_faulty_lines_are_told_at_once() -> None:
    with pytest.raises(PackagingError) as refused:
        read("six==1.0\n\nboto3>=1\n")

    assert [fault.partition(":")[0] for fault in refused.value.faults] == [
        "requirements.txt, line 1",
        "requirements.txt, line 3",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xef\xbb\xbfsix==1.0\n", "requirements.txt begins with a byte order mark; save it as UTF-8 without one"),
        ("six==1.0\n".encode("utf-16"), "requirements.txt is no UTF-8: byte 1 is 0xff; save it as UTF-8"),
        (b"six==1.0  # d\xe9j\xe0 vu\n", "requirements.txt is no UTF-8: byte 14 is 0xe9; save it as UTF-8"),
    ],
    ids=["byte order mark", "UTF-16", "Latin-1"],
)
def test_a_lock_in_another_encoding_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(PackagingError) as refused:
        read_lock(content, Target("arm64").marker_environment, place="requirements.txt")

    assert str(refused.value).startswith(sentence)


def test_the_projects_own_lock_is_read_whole(project_folder: Path) -> None:
    text = (project_folder / "requirements.txt").read_text()

    releases = read(text)

    assert {"boto3", "botocore", "pydantic-core"} <= set(releases)
    assert sum(len(release.sha256s) for release in releases.values()) == text.count("--hash=")
