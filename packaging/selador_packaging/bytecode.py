"""Compile modules ahead: Lambda's code folder is read-only, so each cold start would compile them anew.

The bytecode is found where Python looks for it and used without a look at the source (PEP 552, unchecked hash). It
names its path under /var/task, so a traceback says where the code runs, not where it was built. Docstrings and asserts
stay: numpy takes its own docstrings apart while it is imported, and tools for models are described by theirs.
"""

import importlib.util
import platform
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import NamedTuple

from selador_packaging.errors import PackagingError
from selador_packaging.marshalled import dump_code
from selador_packaging.target import PYTHON_VERSION, Target

TASK_ROOT = "/var/task"  # where Lambda puts the artifact
_UNCHECKED_HASH = (1).to_bytes(4, "little")  # PEP 552: hash-based, and not compared with the source


class Interpreter(NamedTuple):
    """Who compiles: each micro version may compile the same source to other bytecode, and 3.13.5 does."""

    implementation: str
    version: str

    def __str__(self) -> str:
        return f"{self.implementation} {self.version}"


def this_interpreter(target: Target) -> Interpreter:
    """The running one. Raises PackagingError if its bytecode is none that `target` can run, or lacks a part."""
    running = Interpreter(platform.python_implementation(), platform.python_version())
    tag = f"cpython-{PYTHON_VERSION.replace('.', '')}"
    if sys.implementation.cache_tag != tag:
        raise PackagingError(
            f"this is {running}, and bytecode for {target} is made by CPython {PYTHON_VERSION}; run make setup"
        )
    if all(position[2:] == (None, None) for position in compile("a", "", "eval").co_positions()):
        raise PackagingError(
            "this Python leaves columns out of bytecode, so its artifacts would be others; "
            "unset PYTHONNODEBUGRANGES, or run it without -X no_debug_ranges"
        )
    return running


def bytecode_path(path: str) -> str:
    """Where Python looks for the bytecode of the module at `path`."""
    folder, _, filename = path.rpartition("/")
    cached = f"__pycache__/{filename.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"
    return f"{folder}/{cached}" if folder else cached


def is_bytecode(path: str) -> bool:
    """Whether the file at `path` is bytecode of a source, and not a module that a wheel has as bytecode alone."""
    return path.endswith(".pyc") and "/__pycache__/" in f"/{path}"


@cache  # artifacts share most modules
def compile_module(source: bytes, path: str) -> bytes:
    """The .pyc of the module at `path` in an artifact. Raises ValueError where the source is no Python 3.13."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes of others' code are theirs to mend
        try:
            code = compile(source, f"{TASK_ROOT}/{path}", "exec", dont_inherit=True, optimize=0)
        except (MemoryError, RecursionError, SyntaxError, ValueError) as error:  # the first two: nested too deeply
            raise ValueError(f"{path} can't be compiled: {error}") from error
    return importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source) + dump_code(code)


def refuse_unpinned(pin: Path) -> None:
    """Raise PackagingError unless the running Python is the one that the file `pin` names, for releases."""
    pinned = pin.read_text(encoding="utf-8").strip()
    if platform.python_version() != pinned:
        raise PackagingError(
            f"a release is built by Python {pinned} ({pin.name} in {pin.parent.name}), this is "
            f"{platform.python_version()}; run make setup with that one, or build without --release"
        )
