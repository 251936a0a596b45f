"""The runbooks as data: their parts, and the commands in them."""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs/runbooks"
PARTS = ("Is it real", "Who is hurt", "First actions", "Causes", "Escalate", "It is over when", "Drill")

_BLOCK = re.compile(r"^ *```console\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Runbook:
    """A page for an alarm. `parts` are its texts by heading, in their order."""

    key: str
    parts: dict[str, str]

    @property
    def commands(self) -> list[str]:
        """Return every command, in its order; those of the drill are left out, since each starts a stack."""
        return [command for name, text in self.parts.items() if name != "Drill" for command in commands(text)]


def commands(text: str) -> list[str]:
    """Return the commands in the blocks of a text."""
    return [line.strip().removeprefix("$ ") for block in _BLOCK.findall(text) for line in block.splitlines()]


def read_runbooks() -> dict[str, Runbook]:
    """Read all pages but README.md."""
    return {file.stem: _read(file) for file in sorted(FOLDER.glob("*.md")) if file.name != "README.md"}


def shell() -> list[str]:
    """Return the commands that set up the shell."""
    return commands((FOLDER / "README.md").read_text())


def _read(file: Path) -> Runbook:
    _, *pieces = re.split(r"^## (.+)$", file.read_text(), flags=re.MULTILINE)
    return Runbook(file.stem, dict(zip(pieces[::2], pieces[1::2], strict=True)))
