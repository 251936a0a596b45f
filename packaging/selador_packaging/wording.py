"""Counts in sentences."""


def counted(count: int, thing: str) -> str:
    """`1 wheel`, `2 wheels`, `1,024 wheels`: `thing` is one of what is counted."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
