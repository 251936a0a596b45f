from collections.abc import Callable
from pathlib import Path

import pytest

from selador_packaging.artifacts import Artifact, Build
from selador_packaging.bytecode import Interpreter
from selador_packaging.errors import PackagingError
from selador_packaging.tables import explain, write_table
from selador_packaging.target import Target

type WriteWheel = Callable[..., Path]
type Make = Callable[..., Artifact]


@pytest.fixture
def build(artifact: Artifact) -> Build:
    return Build((artifact,), Target("arm64"), Interpreter("CPython", "3.13.0"), "ab" * 32)


def test_the_table_has_a_row_for_each_artifact(artifact: Artifact) -> None:
    header, row = write_table([artifact]).splitlines()

    assert header.split() == ["artifact", "size", "unzipped", "members", "largest", "parts", "sha256", "seconds"]
    assert row.startswith("main.zip  0.0 MiB")
    assert "needed 0.0 MiB, own 0.0 MiB" in row
    assert row.endswith(f"{artifact.sha256.hex()[:12]}      1.0")


def test_a_package_is_explained_by_who_requires_it(build: Build) -> None:
    lines = explain(build, "Needed").splitlines()

    assert lines[0] == "main.zip: needed 1.0, from needed-1.0-py3-none-any.whl"
    assert lines[1] == "  why: own requires needed"
    assert lines[3] == "  imported at start: 1 of 2 modules"


def test_what_is_left_out_of_a_package_is_named(make: Make, write_wheel: WriteWheel) -> None:
    own = write_wheel("own", files={"own.py": b"import plain\n"}, requires=("plain",))
    plain = write_wheel("plain", files=dict.fromkeys(("plain/__init__.py", "plain/rare.py", "plain/other.py"), b""))
    build = Build((make(own, plain),), Target("arm64"), Interpreter("CPython", "3.13.0"), "ab" * 32)

    assert explain(build, "plain").splitlines()[-1] == (
        "  left out: 2 of 3 modules, which nothing seems to import: plain.other, plain.rare"
    )


def test_who_may_ask_for_anything_of_a_package_is_named(make: Make, write_wheel: WriteWheel) -> None:
    code = b"import plain\nimport_module(f'{a}.{b}')\nNAMES = ['plain']\n"
    own = write_wheel("own", files={"own.py": code}, requires=("plain",))
    plain = write_wheel("plain", files=dict.fromkeys(("plain/__init__.py", "plain/rare.py"), b""))
    build = Build((make(own, plain),), Target("arm64"), Interpreter("CPython", "3.13.0"), "ab" * 32)

    assert explain(build, "plain").splitlines()[-1] == (
        "  kept whole, or a package of it, since these may import anything of it by name: own"
    )


def test_the_function_itself_needs_no_reason(build: Build) -> None:
    assert "why: it is the function itself" in explain(build, "own")


def test_a_package_that_is_in_no_artifact_is_refused_with_those_that_are(build: Build) -> None:
    with pytest.raises(PackagingError, match=r"^requests is in no artifact; these are: needed, own$"):
        explain(build, "requests")
