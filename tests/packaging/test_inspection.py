"""What is known of a wheel before an artifact is made of it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from selador_packaging.cache import Cache
from selador_packaging.errors import PackagingError
from selador_packaging.inspection import Inspected, inspect_wheel
from selador_packaging.wheels import Wheel, read_wheel

from .conftest import WriteWheel

CODE = b"""import boto3
import needed.part

def send(queue):
    import later
    boto3.client("sqs").send_message(QueueUrl=queue)
"""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", "test")


def inspected(path: Path, cache: Cache, *, is_own: bool = True, read: Callable[[], Wheel] | None = None) -> Inspected:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return inspect_wheel(digest, path.name, read or (lambda: read_wheel(path)), cache, is_own=is_own)


def test_of_an_own_wheel_imports_services_and_names_are_known(write_wheel: WriteWheel, cache: Cache) -> None:
    found = inspected(write_wheel("own", files={"own.py": CODE, "own.txt": b""}, requires=("needed",)), cache)

    assert (found.metadata.name, found.metadata.version) == ("own", "1.0")
    assert set(found.modules) == {"own"}
    assert set(found.modules["own"].at_start) == {"boto3", "needed.part"}
    assert "later" in found.modules["own"].later
    assert found.services == {"sqs"}
    assert "send_message" in found.names


def test_of_another_projects_wheel_the_services_are_not_looked_for(write_wheel: WriteWheel, cache: Cache) -> None:
    found = inspected(write_wheel("other", files={"other.py": CODE}), cache, is_own=False)

    assert set(found.modules["other"].at_start) == {"boto3", "needed.part"}
    assert (found.services, found.names) == (frozenset(), frozenset())


def test_a_wheel_is_read_once(write_wheel: WriteWheel, cache: Cache) -> None:
    def read_again() -> Wheel:
        raise AssertionError("the wheel was read again")

    on_demand = b"def __getattr__(name):\n  return __import__(name)\n"
    files = {"own.py": CODE, "lazy/__init__.py": on_demand, "fast.abi3.so": b"", "own.toml": b"a = 'b.c'"}
    path = write_wheel("own", files=files, requires=("needed>=1",))

    first = inspected(path, cache)

    assert first.modules["lazy"].loads_from == ("lazy",)
    assert first.is_compiled
    assert first.named_in_data == ("b.c",)
    assert {"b.c", "sqs"} <= set(first.words)
    assert first.modules["lazy"].imports_by_name
    assert inspected(path, cache, read=read_again) == first


def test_every_fault_of_an_own_wheel_is_named_with_its_place(write_wheel: WriteWheel, cache: Cache) -> None:
    files = {"broken.py": b"def f(:\n", "own.py": b"import boto3\nname = 'sqs'\nboto3.client(name)\n"}

    with pytest.raises(PackagingError) as caught:
        inspected(write_wheel("own", files=files), cache)

    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["broken.py, line 1", "own.py, line 3"]


@pytest.mark.parametrize("content", [b"no section = a\n", b"[group]\nna\xefve = a\n"])
def test_entry_points_that_cannot_be_read_are_refused(write_wheel: WriteWheel, cache: Cache, content: bytes) -> None:
    path = write_wheel("other", files={"other.py": b"", "other-1.0.dist-info/entry_points.txt": content})

    with pytest.raises(PackagingError, match=r"^other-1\.0-py3-none-any\.whl has entry points that can't be read: "):
        inspected(path, cache, is_own=False)
