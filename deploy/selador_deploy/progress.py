"""Tell a person what a command is doing. Stdout is for the result, so this goes to stderr."""

import sys


def say(line: str) -> None:
    """Write a line to stderr, at once."""
    print(f"deploy: {line}", file=sys.stderr, flush=True)
