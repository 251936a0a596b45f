from collections.abc import Callable
from pathlib import Path

import pytest

from selador_packaging.errors import PackagingError
from selador_packaging.layout import artifact_path, choose, lay_out
from selador_packaging.wheels import read_wheel

type WriteWheel = Callable[..., Path]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("thing/__init__.py", "thing/__init__.py"),
        ("thing/bin/tool.py", "thing/bin/tool.py"),
        ("thing-1.0.data/purelib/thing/pure.py", "thing/pure.py"),
        ("thing-1.0.data/platlib/thing/fast.so", "thing/fast.so"),
        ("Thing-1.0.data/purelib/thing/pure.py", "thing/pure.py"),
        ("points.data", "points.data"),
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


def test_a_package_called_bin_is_no_folder_of_programs(write_wheel: WriteWheel) -> None:
    wheel = read_wheel(write_wheel(files={"bin/__init__.py": b"", "bin/x.py": b""}))

    assert artifact_path(wheel, "bin/x.py") == "bin/x.py"


@pytest.mark.parametrize(
    ("path", "is_chosen"),
    [
        ("thing/__init__.py", True),
        ("thing/unreached.py", False),
        ("thing/fast.cpython-313-aarch64-linux-gnu.so", True),
        ("thing/data.json", True),
        ("thing/docs/__init__.py", True),
        ("thing/docs/index.rst", True),
        ("thing/doc/index.rst", False),
        ("thing/tests/test_thing.py", False),
        ("thing/tests/data.json", False),
        ("thing/examples/one.txt", False),
        ("thing/__init__.pyi", False),
        ("thing/py.typed", False),
        ("thing/fast.pyx", False),
        ("boto3/data/s3/resources-1.json", False),
        ("thing-1.0.dist-info/licenses/docs/LICENSE", True),
        ("thing-1.0.data/purelib/thing/sub.py", True),
    ],
)
def test_what_nothing_reads_at_run_time_stays_out(write_wheel: WriteWheel, path: str, is_chosen: bool) -> None:
    wheel = read_wheel(write_wheel(files={path: b"content"}))

    chosen = choose(wheel, {"thing", "thing.fast", "thing.docs", "thing.sub"}, is_own=False)

    assert (artifact_path(wheel, path) in {member.path for member in chosen}) is is_chosen


def test_metadata_goes_without_its_description(write_wheel: WriteWheel) -> None:
    wheel = read_wheel(write_wheel(requires=("six",)))
    [before] = [member.content() for member in wheel.members if member.path.endswith("METADATA")]

    [after] = [member.content() for member in choose(wheel, set(), is_own=False) if member.path.endswith("METADATA")]

    assert b"Requires-Dist: six" in after
    assert before == after + b"\n# A thing\n"


def test_members_of_all_parts_lie_in_the_artifact(write_wheel: WriteWheel) -> None:
    parts = {name: read_wheel(write_wheel(name, files={f"{name}.py": b""})).members for name in ("a", "b")}

    members = lay_out(parts)

    assert {"a.py", "b.py"} <= {member.path for member in members}


def test_two_wheels_that_write_one_path_are_refused(write_wheel: WriteWheel) -> None:
    wheels = {name: read_wheel(write_wheel(name, files={"same.py": name.encode()})).members for name in ("a", "b")}

    with pytest.raises(PackagingError) as refused:
        lay_out(wheels)

    assert refused.value.faults == ("a and b both write same.py",)


@pytest.mark.parametrize(("one", "other"), [("Thing.py", "thing.py"), ("th\u00eeng.py", "thi\u0302ng.py")])
def test_paths_that_are_one_on_other_systems_are_refused(write_wheel: WriteWheel, one: str, other: str) -> None:
    wheel = read_wheel(write_wheel("a", files={one: b"", other: b""}))

    with pytest.raises(PackagingError, match=rf"^a\.whl writes {one} and a\.whl {other}; on macOS or Windows"):
        lay_out({"a.whl": wheel.members})


def test_a_path_that_one_wheel_writes_twice_is_refused(write_wheel: WriteWheel) -> None:
    """An installer would write one over the other, in an order of its own."""
    files = {"thing/a.py": b"1", "thing-1.0.data/purelib/thing/a.py": b"2"}
    wheel = read_wheel(write_wheel(files=files))

    with pytest.raises(PackagingError) as refused:
        lay_out({"thing.whl": choose(wheel, {"thing.a"}, is_own=False)})

    assert refused.value.faults == ("thing.whl writes thing/a.py twice, at its root and below its .data folder",)


def test_a_file_that_has_the_name_of_a_folder_is_refused(write_wheel: WriteWheel) -> None:
    files = {"a": {"same": b""}, "b": {"Same/data.json": b"{}"}}
    wheels = {name: read_wheel(write_wheel(name, files=content)).members for name, content in files.items()}

    with pytest.raises(PackagingError) as refused:
        lay_out(wheels)

    assert refused.value.faults == ("a writes the file same, and b Same/data.json into a folder of that name",)
