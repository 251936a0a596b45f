"""Tell a person what a command is doing, and the next job of a pipeline what it found.

Stdout is for the result, so what a person is told goes to stderr.
"""

import sys
from pathlib import Path


def say(line: str) -> None:
    """Write a line to stderr, at once."""
    print(f"deploy: {line}", file=sys.stderr, flush=True)


def hand_on(results: str | None, **values: str) -> None:
    """Append each value to the file `results`, if one is named, as NAME=VALUE: that is how GitHub's steps hand on."""
    if results is not None:
        with Path(results).open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in values.items())
