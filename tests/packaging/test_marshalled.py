import ast
import marshal
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

from selador_packaging.marshalled import dump_code

EVERYTHING = """
from __future__ import annotations
import os.path as path, json
SMALL, NEGATIVE, LARGE, HUGE = 1, -1, 2**31, -(2**100)
FLOATS = (0.0, -0.0, 1.5, float("nan"), 1j, -0.0j)
TEXTS = "", "x", "identifier", "not one", "schön", "long " * 100, "ünïcode " * 100, "\\ud800"
BYTES = b"", b"\\0bytes"
SINGLETONS = None, True, False, ...
NESTED = ((1, True, 1.0), (1, True, 1.0), ("not one", ("not one",)))
class Shape:
    '''A docstring.'''
    def area(self, *sides: int, unit="m", **more):
        return [side * len(sides) for side in sides if side in {1, 2, 3}], lambda: self
    async def wait(self):
        async with self as it:
            yield it
def many(): return (%s)
""" % ", ".join(str(number) for number in range(300))  # noqa: UP031  braces are code here


def code_of(source: str, path: str = "module.py") -> CodeType:
    return compile(source, path, "exec", dont_inherit=True)


def test_the_same_code_is_read_back() -> None:
    code = code_of(EVERYTHING)

    read = marshal.loads(dump_code(code))  # noqa: S302  written right here

    assert read == code
    assert marshal.dumps(read, 2) == marshal.dumps(code, 2)


@pytest.mark.parametrize("module", ["ast.py", "typing.py", "enum.py", "argparse.py", "_pydatetime.py"])
def test_the_standard_library_is_read_back(module: str) -> None:
    code = code_of((Path(ast.__file__).parent / module).read_text(encoding="utf-8"), module)

    content = dump_code(code)

    assert marshal.dumps(marshal.loads(content), 2) == marshal.dumps(code, 2)  # noqa: S302  written right here
    assert len(content) <= len(marshal.dumps(code))


def test_what_lived_before_does_not_matter() -> None:
    """CPython's own writer marks what something else refers to as well."""
    source = "text = 'a constant that is kept', (10**10, 'other')"
    first, second = code_of(source), code_of(source)
    kept = [*second.co_consts, *(it for it in second.co_consts if isinstance(it, tuple) for it in it)]

    assert marshal.dumps(first) != marshal.dumps(second)
    assert dump_code(first) == dump_code(second)
    assert kept


@pytest.mark.parametrize("order", ["", "[::-1]"])
@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_hash_seed_and_order_do_not_matter(seed: str, order: str) -> None:
    script = (
        "import ast, enum, pathlib, hashlib, sys; from selador_packaging.bytecode import compile_module\n"
        f"names = ['ast.py', 'enum.py', 'argparse.py', 'datetime.py']{order}\n"
        "folder = pathlib.Path(ast.__file__).parent\n"
        "pycs = {name: compile_module((folder / name).read_bytes(), name) for name in names * 2}\n"
        "print(hashlib.sha256(b''.join(pycs[name] for name in sorted(pycs))).hexdigest())\n"
    )

    run = subprocess.run([sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)

    assert run.stdout == subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout


def test_equal_looking_values_of_other_types_stay_apart() -> None:
    namespace: dict[str, object] = {}

    exec(marshal.loads(dump_code(code_of("value = ((1, 2), (True, 2), (1.0, 2))"))), namespace)  # noqa: S102, S302

    assert repr(namespace["value"]) == "((1, 2), (True, 2), (1.0, 2))"
