"""Files that logs are written to. They stay small: a week of use must not fill a disk."""

from pathlib import Path

MAX_BYTES = 10 * 2**20


def rotate(path: Path, max_bytes: int = MAX_BYTES) -> None:
    """Rename a log that is longer than `max_bytes` to `<name>.1`, in place of an older one of that name."""
    if path.exists() and path.stat().st_size > max_bytes:
        path.replace(path.with_name(f"{path.name}.1"))


def append(path: Path, line: str, max_bytes: int = MAX_BYTES) -> None:
    """Append a line as a whole, so that `tail -F` can follow the log."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
        size = file.tell()
    if size > max_bytes:
        rotate(path, max_bytes)
