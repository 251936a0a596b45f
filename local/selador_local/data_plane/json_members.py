"""Reading a JSON object out of a body that anybody may have written. Pure."""

import json
from typing import Any


def members_of(text: str | bytes) -> dict[str, Any]:
    """Return the members of the JSON object; none if the text is no JSON, or JSON of another kind."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
