"""Write TypeScript types of the protocol, from its JSON Schemas."""

from typing import Any

from selador_shared.protocol import MAX_FRAME_BYTES, SUBPROTOCOL, TERMINAL_FRAMES

_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript(message: dict[str, Any], frame: dict[str, Any]) -> str:
    """Return a module with an interface per message and frame, and a union of each."""
    terminal = " | ".join(model.__name__ for model in TERMINAL_FRAMES)
    parts = [
        "// Generated from functions/shared/selador_shared/protocol.py by `make protocol`: change that, not this.",
        f'export const SUBPROTOCOL = "{SUBPROTOCOL}";',
        f"/** Bytes; API Gateway takes no larger one. */\nexport const MAX_FRAME_BYTES = {MAX_FRAME_BYTES};",
        *(_interface(name, schema) for name, schema in message["$defs"].items()),
        f"export type Message = {_union(message['anyOf'])};",
        *(_interface(name, schema) for name, schema in frame["$defs"].items()),
        f"export type Frame = {_union(frame['oneOf'])};",
        f"/** What ends a request. */\nexport type TerminalFrame = {terminal};",
    ]
    return "\n\n".join(parts) + "\n"


def _interface(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    members = [
        f"  {member}{'' if member in required else '?'}: {_type(of)};" for member, of in schema["properties"].items()
    ]
    return "\n".join([f"/** {schema['description']} */", f"export interface {name} {{", *members, "}"])


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return _union(schema["anyOf"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if schema["type"] == "object":
        return f"Record<string, {_type(schema['additionalProperties'])}>"
    return _SCALARS[schema["type"]]


def _union(options: list[dict[str, Any]]) -> str:
    return " | ".join(_type(option) for option in options)
