"""What a person is told while a command works. Stdout is for what was asked for, so this goes to stderr."""

import sys


def say(line: str) -> None:
    """Write a line to stderr, at once."""
    print(f"terraform: {line}", file=sys.stderr, flush=True)
