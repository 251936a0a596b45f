"""Data in a wheel that is large, and that nothing in an artifact reads unless certain code is there."""

from collections.abc import Collection, Iterable

from packaging.utils import canonicalize_name

from selador_packaging.inspection import Inspected

_DATEUTIL = canonicalize_name("python-dateutil")
_ZONES = "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz"
# botocore asks dateutil for UTC, for the local time, and to parse times: nothing of these reads the archive.
_READ_NO_ZONES = {_DATEUTIL, canonicalize_name("botocore")}


def find_unread_data(wheels: Iterable[Inspected], kept: Collection[str]) -> frozenset[str]:
    """The paths that stay out of an artifact of `wheels`; `kept` are the modules that functions want kept.

    Whoever else requires or imports dateutil may ask it for a time zone.
    """
    others = [wheel for wheel in wheels if wheel.metadata.name not in _READ_NO_ZONES]
    is_read = "dateutil.zoneinfo" in kept or any(_uses_dateutil(wheel) for wheel in others)
    return frozenset() if is_read else frozenset({_ZONES})


def _uses_dateutil(wheel: Inspected) -> bool:
    required = {canonicalize_name(it.name) for it in wheel.metadata.requires}
    imported = {name for imports in wheel.modules.values() for name in (*imports.at_start, *imports.later)}
    return _DATEUTIL in required or any(name.replace(":", ".").partition(".")[0] == "dateutil" for name in imported)
