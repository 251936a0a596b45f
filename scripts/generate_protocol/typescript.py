"""Write TypeScript types of the protocol, from its JSON Schemas."""

from typing import Any

from selador_shared.protocol import MAX_FRAME_BYTES, SUBPROTOCOL

_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript(message: dict[str, Any], frame: dict[str, Any], gateway_error: dict[str, Any]) -> str:
    """Return a module with a type per message, frame and list of words, and a union of messages and of frames."""
    parts = [
        "// Generated from functions/shared/selador_shared/protocol.py by `make protocol`: change that, not this.",
        f'export const SUBPROTOCOL = "{SUBPROTOCOL}";',
        f"/** Bytes; API Gateway takes no larger one. */\nexport const MAX_FRAME_BYTES = {MAX_FRAME_BYTES};",
        *(_declaration(name, schema) for name, schema in message["$defs"].items()),
        f"export type Message = {_union(message['anyOf'])};",
        *(_declaration(name, schema) for name, schema in frame["$defs"].items()),
        f"export type Frame = {_union(frame['oneOf'])};",
        "/** What ends a request. */\nexport type TerminalFrame = Completed | ErrorFrame;",
        # `type` tells a frame from this, so that a client's `switch` over it covers both.
        _declaration("GatewayError", gateway_error, "  type?: undefined;"),
        "/** All that a client may receive. */\nexport type Received = Frame | GatewayError;",
    ]
    return "\n\n".join(parts) + "\n"


def _declaration(name: str, schema: dict[str, Any], *more: str) -> str:
    if "enum" in schema:
        return f"/** {schema['description']} */\nexport type {name} = {_type(schema)};"
    required = schema.get("required", ())
    members = [
        *more,
        *(
            f"  {member}{'' if member in required else '?'}: {_type(of)};"
            for member, of in schema["properties"].items()
        ),
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
