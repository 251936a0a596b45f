"""What the generators write: a document's lines between two markers, or a whole file, only if it has changed."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Markers:
    """The lines of a document between which its generated part stands."""

    begin: str
    end: str

    def renewed(self, document: str, part: str) -> str:
        """Return the document with its generated part replaced. Raises ValueError if it lacks a marker."""
        if document.count(self.begin) != 1 or document.count(self.end) != 1:
            raise ValueError(f"it needs the lines {self.begin} and {self.end}, once each")
        before, rest = document.split(self.begin)
        return f"{before}{self.begin}\n{part}\n{self.end}{rest.split(self.end)[1]}"


def write(root: Path, path: Path, text: str) -> None:
    """Write the file at `path` below `root`, and say so, if it holds anything else."""
    file = root / path
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
        print(f"wrote {path}")
