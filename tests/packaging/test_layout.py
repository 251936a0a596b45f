from collections.abc import Callable
from pathlib import Path

import pytest

from selador_packaging.errors import PackagingError
from selador_packaging.layout import artifact_path, lay_out
from selador_packaging.wheels import read_wheel

type WriteWheel = Callable[..., Path]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("thing/__init__.py", "thing/__init__.py"),
        ("thing/bin/tool.py", "thing/bin/tool.py"),
        ("thing-1.0.data/purelib/thing/pure.py", "thing/pure.py"),
        ("thing-1.0.data/platlib/thing/fast.so", "thing/fast.so"),
        ("thing-1.0.data/scripts/thing", None),
        ("thing-1.0.data/headers/thing.h", None),
        ("thing-1.0.data/data/share/man/thing.1", None),
        ("bin/thing", None),
        ("thing-1.0.dist-info/METADATA", "thing-1.0.dist-info/METADATA"),
        ("thing-1.0.dist-info/licenses/LICENSE", "thing-1.0.dist-info/licenses/LICENSE"),
        ("thing-1.0.dist-info/RECORD", None),
        ("thing-1.0.dist-info/INSTALLER", None),
        ("thing-1.0.dist-info/REQUESTED", None),
        ("thing-1.0.dist-info/direct_url.json", None),
    ],
)
def test_a_file_goes_to_the_root_or_stays_out(write_wheel: WriteWheel, path: str, expected: str | None) -> None:
    wheel = read_wheel(write_wheel())

    assert artifact_path(wheel, path) == expected


def test_members_of_all_wheels_lie_in_the_artifact(write_wheel: WriteWheel) -> None:
    wheels = [
        read_wheel(write_wheel("a", files={"a.py": b"a", "a-1.0.data/purelib/sub/x.py": b"x"})),
        read_wheel(write_wheel("b", files={"b.py": b"b", "bin/b": b"#!"})),
    ]

    contents = {member.path: member.content() for member in lay_out(wheels)}

    assert {path: content for path, content in contents.items() if ".dist-info" not in path} == {
        "a.py": b"a",
        "sub/x.py": b"x",
        "b.py": b"b",
    }


def test_two_wheels_that_write_one_path_are_refused(write_wheel: WriteWheel) -> None:
    wheels = [
        read_wheel(write_wheel("a", files={"tests/__init__.py": b""})),
        read_wheel(write_wheel("b", files={"b-1.0.data/purelib/tests/__init__.py": b""})),
    ]

    with pytest.raises(PackagingError) as refused:
        lay_out(wheels)

    assert refused.value.faults == ("a-1.0-py3-none-any.whl and b-1.0-py3-none-any.whl both write tests/__init__.py",)
