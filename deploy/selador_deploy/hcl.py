"""Read HCL, the language of .tf, .tfvars and .tftest.hcl files, as plain Python values."""

from typing import Any

import hcl2
from hcl2.utils import SerializationOptions

_PLAIN = SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


def read(text: str) -> dict[str, Any]:
    """Return attributes by their name, and blocks as a list under their type.

    Numbers, booleans, null, lists and objects are Python's. An expression is the string "${…}", not evaluated.
    """
    return hcl2.loads(text, serialization_options=_PLAIN)


def labelled(document: dict[str, Any], block_type: str) -> dict[str, Any]:
    """Return the bodies of all blocks of a type by their label, such as the variables of variables.tf by name."""
    return {label: body for block in document.get(block_type, []) for label, body in block.items()}


def local_values(document: dict[str, Any]) -> dict[str, Any]:
    """Return the values of all `locals` blocks by their name."""
    return {name: value for block in document.get("locals", []) for name, value in block.items()}
