"""IAM's wildcards: `*` stands for any characters, `?` for exactly one, and nothing else is special."""

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


def matches(pattern: str, value: str) -> bool:
    """Return whether the whole of `value` matches `pattern`, with regard to case."""
    return _compiled(pattern).fullmatch(value) is not None
