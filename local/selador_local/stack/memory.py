"""What a stack remembers from start to start: what the control plane held, and which apply made it so.

A stack that starts again begins with the control plane's snapshot. It needs no Terraform if nothing differs from the
last apply. Two things are compared: the apply's inputs, and the state that it left, by lineage and serial. So an apply
or a destroy beside the stack isn't taken for the stack's own.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Applied:
    """An apply: the digest of its inputs, and the state that it left."""

    inputs: str
    lineage: str
    serial: int


@dataclass(frozen=True)
class Memory:
    """A stack's memory, in a folder of its own."""

    folder: Path

    @property
    def snapshot(self) -> Path:
        """What the control plane held."""
        return self.folder / "snapshot"

    def remember(self, applied: Applied) -> None:
        """Write down an apply."""
        self._applied.write_text(json.dumps(asdict(applied)) + "\n", encoding="utf-8")

    def recall(self) -> Applied | None:
        """Return the apply that was written down, None if there is none or if it can't be read."""
        try:
            return Applied(**json.loads(self._applied.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def forget(self) -> None:
        """Begin anew."""
        self.snapshot.unlink(missing_ok=True)
        self._applied.unlink(missing_ok=True)

    @property
    def _applied(self) -> Path:
        return self.folder / "applied.json"


def inputs(terraform: Path, artifacts: Path, variables: Mapping[str, str]) -> str:
    """Return the digest of everything that the environment `local` is planned from."""
    digest = hashlib.sha256()
    files = [*terraform.glob("*.tf"), *terraform.glob("modules/**/*"), *terraform.glob("environments/local.*")]
    for path in sorted([*files, terraform / ".terraform.lock.hcl"]):
        if path.is_file():
            digest.update(f"{path.relative_to(terraform)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    manifest = json.loads((artifacts / "manifest.json").read_text(encoding="utf-8"))
    # Terraform reads the zips by it, and not which commit they come from.
    built = {name: value for name, value in manifest.items() if name != "source"}
    digest.update(json.dumps([built, dict(variables)], sort_keys=True).encode())
    return digest.hexdigest()
