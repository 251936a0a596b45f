"""Which data of a wheel is read at run time: by its name, unless the code says more."""

import re
from collections.abc import Collection, Mapping, Set

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
        rest = {path for path in rest if not path.startswith(_NOT_ASKED)}
        packages = {path.rpartition("/")[0] for path in files if module_name(path) is not None}
        folders = {path: folder for path in rest if (folder := _developers_folder(path, packages))}
        sources = [path for path in rest if path.endswith(_SOURCES)]
        if folders or sources:
            code = b"\n".join(member.content() for path, member in files.items() if module_name(path) in reached)
            used = _find_used(set(folders.values()), code, reached)
            rest -= {path for path, folder in folders.items() if folder not in used}
            rest -= {path for path in sources if not _is_named(path, code)}
    return stubs | rest


def _has_reader(stub: str, files: Mapping[str, Member]) -> bool:
    """Whether the module of a stub speaks of reading it."""
    module = files.get(stub.removesuffix("i"))
    return module is not None and _READS_STUBS.search(module.content()) is not None


def _developers_folder(path: str, packages: Set[str]) -> str | None:
    """The first folder in `path` that is for developers, by its name.

    Among a package's data, as `data/examples`, it is none: who reads the data may read all of it.
    """
    parts = path.split("/")
    folders = ["/".join(parts[:length]) for length in range(1, len(parts))]
    for number, (folder, part) in enumerate(zip(folders, parts, strict=False)):
        above = folders[:number]
        is_among_data = bool(above) and above[-1] not in packages and not packages.isdisjoint(above)
        if part in _FOR_DEVELOPERS and not is_among_data:
            return folder
    return None


def _find_used(folders: set[str], code: bytes, reached: Collection[str]) -> set[str]:
    """Those of `folders` that hold a reached module, or whose name stands in a string of the reached `code`.

    The name of tests counts only with what lies in there: the word alone is often said of other things.
    """
    packages = {folder: folder.replace("/", ".") + "." for folder in folders}
    used = {it for it, package in packages.items() if any(f"{module}.".startswith(package) for module in reached)}
    named = {name for it in folders - used if _is_folder_named(name := it.rpartition("/")[2], code)}
    return used | {it for it in folders if it.rpartition("/")[2] in named}


def _is_folder_named(name: str, code: bytes) -> bool:
    if name in _TESTS:
        return re.search(rb"""["'/]%s(?:/\w|["'] */|["'], *["'][\w-]+\.\w)""" % name.encode(), code) is not None
    return re.search(rb"""["'/]%s["'/]""" % name.encode(), code) is not None


def _is_named(path: str, code: bytes) -> bool:
    """Whether a file's name stands in a string, or a glob of its ending: cffi reads declarations at run time."""
    stem, _, ending = path.rpartition("/")[2].rpartition(".")
    return re.search(rb"""["'/](?:%s|\*)\.%s["']""" % (re.escape(stem.encode()), ending.encode()), code) is not None
