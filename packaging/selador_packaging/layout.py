"""Which files of which wheels go into an artifact, and where: at the root of the zip, which is Lambda's import path."""

from collections.abc import Iterable
from dataclasses import replace

from selador_packaging.errors import PackagingError
from selador_packaging.wheels import Wheel
from selador_packaging.zip_writer import Member

# What an installer writes for itself to read later; RECORD would be untrue once files are left out.
_INSTALLERS_OWN = {"DIRECT_URL.JSON", "INSTALLER", "RECORD", "RECORD.JWS", "RECORD.P7S", "REQUESTED"}


def artifact_path(wheel: Wheel, path: str) -> str | None:
    """Where the wheel's file `path` lies in an artifact; None where it stays out (licences never do)."""
    top, _, below = path.partition("/")
    if top == wheel.data:
        scheme, _, below = below.partition("/")
        # The other schemes (scripts, headers, data) lie outside the import path.
        return below or None if scheme in {"purelib", "platlib"} else None
    if top == wheel.dist_info and below.upper() in _INSTALLERS_OWN:
        return None
    return None if top == "bin" else path


def lay_out(wheels: Iterable[Wheel]) -> list[Member]:
    """The members of an artifact, under their paths there; raises PackagingError where two wheels write one path."""
    members: dict[str, Member] = {}
    writers: dict[str, Wheel] = {}
    faults = []
    for wheel in wheels:
        for member in wheel.members:
            path = artifact_path(wheel, member.path)
            if path is None:
                continue
            if path in members:
                faults.append(f"{writers[path].filename} and {wheel.filename} both write {path}")
            members[path], writers[path] = replace(member, path=path), wheel
    if faults:
        raise PackagingError(*faults)
    return list(members.values())
