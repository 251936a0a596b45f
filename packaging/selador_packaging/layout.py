"""Which files of which wheels go into an artifact, and where: at the root of the zip, which is Lambda's import path."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from selador_packaging.compression import pack
from selador_packaging.data_files import find_read
from selador_packaging.errors import PackagingError
from selador_packaging.imports import module_name
from selador_packaging.wheels import DATA, Wheel
from selador_packaging.zip_writer import Member

# What an installer writes for itself to read later; RECORD would be untrue once files are left out.
_INSTALLERS_OWN = {"DIRECT_URL.JSON", "INSTALLER", "RECORD", "RECORD.JWS", "RECORD.P7S", "REQUESTED"}


def artifact_path(wheel: Wheel, path: str) -> str | None:
    """Where the wheel's file `path` lies in an artifact; None where it stays out (licences never do)."""
    top, _, below = path.partition("/")
    if top.endswith(DATA) and below:
        scheme, _, below = below.partition("/")
        # The other schemes (scripts, headers, data) lie outside the import path.
        return below or None if scheme in {"purelib", "platlib"} else None
    if top == wheel.dist_info and below.upper() in _INSTALLERS_OWN:
        return None
    return None if top == "bin" and not _is_package(wheel, top) else path


def _is_package(wheel: Wheel, folder: str) -> bool:
    return any(member.path == f"{folder}/__init__.py" for member in wheel.members)


def choose(wheel: Wheel, reached: Collection[str], *, is_own: bool) -> list[Member]:
    """The members of `wheel` that an artifact needs, under their paths there; `reached`: the modules it may import."""
    placed = [(path, it) for it in wheel.members if (path := artifact_path(wheel, it.path)) is not None]
    data = find_read(dict(placed), reached, is_own=is_own)
    chosen = []
    for path, member in placed:
        if path == f"{wheel.dist_info}/METADATA":
            chosen.append(_without_description(member))
        elif path.startswith(f"{wheel.dist_info}/") or path in data or module_name(path) in reached:
            chosen.append(replace(member, path=path))
    return chosen


def _without_description(metadata: Member) -> Member:
    """Names, version and requirements can be asked for at run time; the README below them is only printed."""
    head, _, _ = metadata.content().partition(b"\n\n")
    return pack(metadata.path, head + b"\n")


def lay_out(parts: Mapping[str, Iterable[Member]]) -> list[Member]:
    """The members of an artifact from those of its wheels, by their filenames.

    Raises PackagingError for a path that is written twice, for paths that are one where case doesn't count, and for a
    file whose name another member has for a folder.
    """
    written = [(filename, member) for filename, chosen in parts.items() for member in chosen]
    writers: dict[str, tuple[str, str]] = {}
    faults = []
    for filename, member in written:
        other, path = writers.get(key := _alike(member.path), (None, member.path))
        if other is None:
            writers[key] = (filename, member.path)
        elif path != member.path:
            faults.append(
                f"{other} writes {path} and {filename} {member.path}; "
                "on macOS or Windows they are one file, since case or the form of accents doesn't count"
            )
        elif other == filename:
            faults.append(f"{filename} writes {path} twice, at its root and below its .data folder")
        else:
            faults.append(f"{other} and {filename} both write {path}")
    for filename, member in written:
        for folder in _folders(_alike(member.path)):
            if folder in writers:
                other, path = writers[folder]
                faults.append(
                    f"{other} writes the file {path}, and {filename} {member.path} into a folder of that name"
                )
    if faults:
        raise PackagingError(*faults)
    return [member for _, member in written]


def _alike(path: str) -> str:
    """What is the same for paths that some systems take for one."""
    return unicodedata.normalize("NFC", path.casefold())


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
