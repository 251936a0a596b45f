"""Which route a message takes: the API's expression (WS-01) gives a text, and the route has that key (WS-03)."""

import json
import re
from collections.abc import Container

DEFAULT = "$default"
CONNECT = "$connect"
DISCONNECT = "$disconnect"

_VARIABLE = re.compile(r"\$\{request\.body\.([^}]+)\}|\$request\.body\.([\w.\[\]-]+)")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def select_route(expression: str, body: str, routes: Container[str]) -> str | None:
    """Return the key of the route that `body` takes: the one it names, else `$default`, else None.

    A body names no route if it isn't JSON or the expression finds nothing in it (WS-04). It can't name a reserved key
    (WS-05).
    """
    key = _evaluate(expression, body)
    if key is not None and not key.startswith("$") and key in routes:
        return key
    return DEFAULT if DEFAULT in routes else None


def _evaluate(expression: str, body: str) -> str | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    alone = _VARIABLE.fullmatch(expression)
    if alone is not None:
        return _find(document, alone[1] or alone[2])
    # Among other text, a path that leads nowhere is the empty string (WS-02).
    text = _VARIABLE.sub(lambda variable: _find(document, variable[1] or variable[2]) or "", expression)
    return text.replace("\\$", "$")


def _find(value: object, path: str) -> str | None:
    for name, index in _STEP.findall(path):
        if name and isinstance(value, dict) and name in value:
            value = value[name]
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            return None
    return None if value is None else _text(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(_text(item) for item in value)}]"  # as AWS writes a list (WS-02)
    return json.dumps(value)
