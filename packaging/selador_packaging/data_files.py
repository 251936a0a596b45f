"""Which data of a wheel is read at run time: by its name, unless the code says more."""

import re
from collections.abc import Collection, Mapping

from selador_packaging.imports import module_name
from selador_packaging.zip_writer import Member

_TESTS = {"test", "tests"}  # folders, as these are
_FOR_DEVELOPERS = {"doc", "docs", "examples", *_TESTS}
_TYPES = (".pyi", "/py.typed")
_SOURCES = (".c", ".h", ".pxd", ".pyx")  # of extension modules
# For boto3.resource, which the functions don't use (`services` refuses it), and for the making of its documentation.
_NOT_ASKED = ("boto3/data/", "boto3/examples/")
_READS_STUBS = re.compile(rb"attach_stub|\.pyi\b")  # lazy_loader finds in a stub what its package offers


def find_read(files: Mapping[str, Member], reached: Collection[str], *, is_own: bool) -> set[str]:
    """The data among `files`, a wheel's by their paths in an artifact; `reached` are the modules it may import.

    Of a wheel of the project's own that is all but types: somebody put it beside the function's code.
    """
    data = {path for path in files if module_name(path) is None and "/__pycache__/" not in f"/{path}"}
    stubs = {path for path in data if path.endswith(".pyi") and _has_reader(path, files)}
    rest = {path for path in data if not path.endswith(_TYPES)}
    if not is_own:
        rest = {path for path in rest if not path.endswith(_SOURCES) and not path.startswith(_NOT_ASKED)}
        folders = {path: folder for path in rest if (folder := _developers_folder(path))}
        used = _find_used(set(folders.values()), files, reached)
        rest -= {path for path, folder in folders.items() if folder not in used}
    return stubs | rest


def _has_reader(stub: str, files: Mapping[str, Member]) -> bool:
    """Whether the module of a stub speaks of reading it."""
    module = files.get(stub.removesuffix("i"))
    return module is not None and _READS_STUBS.search(module.content()) is not None


def _developers_folder(path: str) -> str | None:
    """The first folder in `path` that is for developers, by its name."""
    parts = path.split("/")
    lengths = (length for length, part in enumerate(parts[:-1], start=1) if part in _FOR_DEVELOPERS)
    return next(("/".join(parts[:length]) for length in lengths), None)


def _find_used(folders: set[str], files: Mapping[str, Member], reached: Collection[str]) -> set[str]:
    """Those of `folders` that hold a reached module, or whose name stands in a string; tests are often named so."""
    packages = {folder: folder.replace("/", ".") + "." for folder in folders}
    used = {it for it, package in packages.items() if any(f"{module}.".startswith(package) for module in reached)}
    if not folders - used:
        return used
    sources = b"\n".join(member.content() for path, member in files.items() if module_name(path) in reached)
    names = {name for it in folders if (name := it.rpartition("/")[2]) not in _TESTS}
    named = {name for name in names if re.search(rb"""["'/]%s["'/]""" % name.encode(), sources)}
    return used | {it for it in folders if it.rpartition("/")[2] in named}
