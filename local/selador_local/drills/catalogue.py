"""The drills' data: which fault proves which alarm."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selador_local.errors import SeladorLocalError

FILE = Path(__file__).with_name("drills.toml")


class UnknownDrillError(SeladorLocalError):
    """A drill was asked for that doesn't exist."""


@dataclass(frozen=True)
class Drill:
    """The fault of an alarm. `also` are alarms that it may raise beside; `ends` says whether its end is waited for."""

    alarm: str
    breaks: str
    fault: Mapping[str, Any]
    also: frozenset[str]
    ends: bool = True


@dataclass(frozen=True)
class Catalogue:
    """All drills, in their order, and why some alarms have none."""

    drills: tuple[Drill, ...]
    not_drilled: Mapping[str, str]

    def only(self, wanted: str | None) -> tuple[Drill, ...]:
        """Return the drills of the alarms in `wanted`, separated by blanks or commas; all of them if it is empty."""
        names = (wanted or "").replace(",", " ").split()
        known = {drill.alarm for drill in self.drills}
        for name in names:
            if name not in known:
                why = self.not_drilled.get(name)
                because = f"the laptop can't provoke {name}: {why}" if why else f"there is no alarm {name}"
                raise UnknownDrillError(f"{because}; ONLY takes {', '.join(sorted(known))}")
        return tuple(drill for drill in self.drills if not names or drill.alarm in names)


def read_catalogue(file: Path = FILE) -> Catalogue:
    """Read the file of drills."""
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    drills = tuple(
        Drill(alarm, drill["breaks"], drill["fault"], frozenset(drill["also"]), drill.get("ends", True))
        for alarm, drill in data["drills"].items()
    )
    return Catalogue(drills, data["not_drilled"])
