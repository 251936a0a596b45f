"""Read the one-line values of a .tfvars or .tfbackend file, which are JSON as well: strings, numbers, booleans, lists.

Terraform reads these files itself. This module is for the values that are needed before it runs: account, Region,
buckets.
"""

import json
import re

_ASSIGNMENT = re.compile(r"^([a-z_][a-z0-9_]*)\s*=\s*(.+?)\s*(?:#.*)?$", re.MULTILINE)

type Value = str | int | float | bool | list[str] | None


def read(text: str) -> dict[str, Value]:
    """Return the values by name. A value of several lines, an object or an expression is left out."""
    values: dict[str, Value] = {}
    for name, value in _ASSIGNMENT.findall(text):
        try:
            parsed = json.loads(value)
        except ValueError:
            continue
        if not isinstance(parsed, dict):
            values[name] = parsed
    return values
