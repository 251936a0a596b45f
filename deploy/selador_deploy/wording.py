"""Counts in sentences."""


def counted(count: int, thing: str) -> str:
    """`1 alarm`, `2 alarms`, `1,024 alarms`: `thing` is one of what is counted."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
