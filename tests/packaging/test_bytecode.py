import importlib.util
import marshal
import platform
import subprocess
import sys
from pathlib import Path
from types import CodeType, SimpleNamespace

import pytest

from selador_packaging.bytecode import bytecode_path, compile_module, refuse_unpinned, this_interpreter
from selador_packaging.errors import PackagingError
from selador_packaging.target import Target

SOURCE = b'''"""Module."""
class Thing:
    """Class."""
    def method(self):
        """Method."""
    async def wait(self):
        """Async."""
        assert self, "kept"
        if self:
            def inner():
                """Inner."""
                return "not a docstring"
            return inner
'''


def code_in(pyc: bytes) -> CodeType:
    code: CodeType = marshal.loads(pyc[16:])  # noqa: S302  compiled right here
    return code


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a/b.py", "a/__pycache__/b.cpython-313.pyc"), ("six.py", "__pycache__/six.cpython-313.pyc")],
)
def test_bytecode_lies_where_python_looks_for_it(path: str, expected: str) -> None:
    assert bytecode_path(path) == expected == importlib.util.cache_from_source(path)


def test_it_is_used_although_the_source_is_another(tmp_path: Path) -> None:
    """Unchecked: the source is not even read. That no time stands in it keeps the bytes the same."""
    (tmp_path / "thing.py").write_text("print('source')")
    place = tmp_path / bytecode_path("thing.py")
    place.parent.mkdir()
    place.write_bytes(compile_module(b"print('bytecode')", "thing.py"))

    run = subprocess.run([sys.executable, "-c", "import thing"], cwd=tmp_path, capture_output=True, check=True)

    assert run.stdout == b"bytecode\n"


def test_it_holds_the_hash_of_its_source() -> None:
    pyc = compile_module(SOURCE, "thing.py")

    assert pyc[:4] == importlib.util.MAGIC_NUMBER
    assert pyc[4:8] == b"\1\0\0\0"
    assert pyc[8:16] == importlib.util.source_hash(SOURCE)


def test_every_code_object_names_its_path_under_var_task() -> None:
    pending, paths = [code_in(compile_module(SOURCE, "a/thing.py"))], set()
    while pending:
        code = pending.pop()
        paths.add(code.co_filename)
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]

    assert paths == {"/var/task/a/thing.py"}


def test_docstrings_and_asserts_stay() -> None:
    """Some packages take docstrings apart while they are imported."""
    pyc = compile_module(SOURCE, "thing.py")

    assert [it for it in (b"Module.", b"Class.", b"Method.", b"Async.", b"Inner.", b"kept") if it not in pyc] == []


@pytest.mark.filterwarnings("error")
def test_warnings_about_others_code_are_not_ours() -> None:
    assert compile_module(rb'x = "\d"', "thing.py")


@pytest.mark.parametrize("source", [b"print 'python 2'", b"\0", b"\xff", b"-" * 100_000 + b"1"])
def test_what_is_no_python_is_named(source: bytes) -> None:
    with pytest.raises(ValueError, match=r"^a/thing\.py can't be compiled"):
        compile_module(source, "a/thing.py")


def test_another_python_than_the_targets_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "implementation", SimpleNamespace(cache_tag="cpython-312"))

    with pytest.raises(PackagingError, match=r"bytecode for Python 3\.13 on Linux arm64 is made by CPython 3\.13"):
        this_interpreter(Target("arm64"))


def test_a_python_that_leaves_columns_out_of_bytecode_is_refused(project_folder: Path) -> None:
    """Its bytes would differ from those of every other machine."""
    script = (
        "from selador_packaging.bytecode import this_interpreter; from selador_packaging.target import Target\n"
        "this_interpreter(Target('arm64'))"
    )
    environment = {"PYTHONPATH": str(project_folder / "packaging")}

    runs = [
        subprocess.run(
            [sys.executable, *options, "-c", script], env=environment, capture_output=True, text=True, check=False
        )
        for options in ((), ("-X", "no_debug_ranges"))
    ]

    assert [run.returncode for run in runs] == [0, 1]
    assert "this Python leaves columns out of bytecode" in runs[1].stderr


def test_a_release_wants_the_pinned_version(tmp_path: Path) -> None:
    pin = tmp_path / ".python-version"
    pin.write_text("3.13.999\n")

    with pytest.raises(PackagingError, match=rf"built by Python 3\.13\.999 .*, this is {platform.python_version()};"):
        refuse_unpinned(pin)

    pin.write_text(f"{platform.python_version()}\n")
    refuse_unpinned(pin)
