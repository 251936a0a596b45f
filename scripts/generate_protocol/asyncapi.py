"""Write the AsyncAPI 3 document of the protocol."""

import copy
from typing import Any

import yaml

from selador_shared.protocol import MAX_FRAME_BYTES, SUBPROTOCOL

_HEAD = "# Generated from functions/shared/selador_shared/protocol.py by `make protocol`: change that, not this.\n"

_EXAMPLES: dict[str, dict[str, Any]] = {
    "Ping": {"action": "ping"},
    "Query": {"action": "invoke", "text": "How long is the notice period?", "requestId": "r-1"},
    "Workflow": {"action": "invoke", "type": "workflow", "workflow": "brief", "inputs": {"topic": "deposits"}},
    "Accepted": {"type": "accepted", "requestId": "r-1", "messageId": "5fea7756", "deadlineSeconds": 3960},
    "Pong": {"type": "pong"},
    "Started": {"type": "started", "requestId": "r-1", "attempt": 1, "seq": 0},
    "Delta": {"type": "delta", "requestId": "r-1", "attempt": 1, "seq": 1, "text": "Three months."},
    "Error": {
        "type": "error",
        "requestId": "r-1",
        "code": "invalid_request",
        "message": "text is missing; this message needs it",
        "field": "text",
        "retryable": False,
    },
}


def asyncapi(message: dict[str, Any], frame: dict[str, Any]) -> str:
    """Return the document as YAML: one channel, the WebSocket; one operation a direction."""
    sent, received = list(message["$defs"]), [option["$ref"].rpartition("/")[2] for option in frame["oneOf"]]
    schemas = _moved(message["$defs"] | frame["$defs"])
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Selador",
            "version": "1.0.0",
            "description": (
                "Questions whose answers take longer than API Gateway's 29 seconds, streamed. "
                "docs/protocol.md says how messages and frames play together."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "aws": {
                "host": "{apiId}.execute-api.{region}.amazonaws.com",
                "pathname": "/{stage}",
                "protocol": "wss",
                "description": "The output websocket_url of an environment.",
                "variables": {
                    "apiId": {"description": "The API's id."},
                    "region": {"description": "The AWS Region."},
                    "stage": {"description": "The environment."},
                },
                "security": [{"$ref": "#/components/securitySchemes/bearer"}],
            }
        },
        "channels": {
            "connection": {
                "address": "/",
                "description": (
                    f"One WebSocket with the subprotocol {SUBPROTOCOL}. Every message and frame is one JSON object in "
                    f"one text message of at most {MAX_FRAME_BYTES:,} bytes."
                ),
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (*sent, *received)},
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "headers": {
                            "type": "object",
                            "properties": {
                                "Sec-WebSocket-Protocol": {
                                    "type": "string",
                                    "description": f"{SUBPROTOCOL}, and bearer.<jwt> if the API asks for a token.",
                                }
                            },
                        },
                    }
                },
            }
        },
        "operations": {
            "ask": _operation("receive", "What a client sends.", sent),
            "answer": _operation("send", "What a client receives.", received),
        },
        "components": {
            "messages": {name: _message(name, schemas[name]) for name in (*sent, *received)},
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "httpApiKey",
                    "name": "Sec-WebSocket-Protocol",
                    "in": "header",
                    "description": "bearer.<jwt>, offered beside the protocol's own: browsers can't set other headers.",
                }
            },
        },
    }
    text: str = yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)
    return _HEAD + text


def _operation(action: str, summary: str, names: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/connection"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/connection/messages/{name}"} for name in names],
    }


def _message(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    message = {"summary": schema["description"], "payload": {"$ref": f"#/components/schemas/{name}"}}
    if name in _EXAMPLES:
        message["examples"] = [{"payload": _EXAMPLES[name]}]
    return message


def _moved(schemas: dict[str, Any]) -> dict[str, Any]:
    """Point references at the place in which AsyncAPI keeps schemas."""

    def move(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                value["$ref"] = value["$ref"].replace("#/$defs/", "#/components/schemas/")
            for item in value.values():
                move(item)
        elif isinstance(value, list):
            for item in value:
                move(item)

    moved = copy.deepcopy(schemas)
    move(moved)
    return moved
