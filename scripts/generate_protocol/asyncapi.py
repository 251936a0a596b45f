"""Write the AsyncAPI 3 document of the protocol."""

import copy
from typing import Any

import yaml

from selador_shared.protocol import MAX_FRAME_BYTES, SUBPROTOCOL

_HEAD = "# Generated from functions/shared/selador_shared/protocol.py by `make protocol`: change that, not this.\n"

_EXAMPLES: dict[str, dict[str, Any]] = {
    "Ping": {"action": "ping"},
    "Query": {"action": "invoke", "text": "How long is the notice period?", "requestId": "r-1"},
    "Workflow": {
        "action": "invoke",
        "type": "workflow",
        "workflow": "compare_listings",
        "inputs": {"first": "Pier Street 14", "second": "Park Row 9"},
    },
    "Accepted": {"type": "accepted", "requestId": "r-1", "messageId": "5fea7756", "deadlineSeconds": 3960},
    "Pong": {"type": "pong"},
    "Started": {"type": "started", "requestId": "r-1", "attempt": 1, "seq": 0},
    "Delta": {"type": "delta", "requestId": "r-1", "attempt": 1, "seq": 1, "text": "Three months."},
    "Completed": {
        "type": "completed",
        "requestId": "r-1",
        "attempt": 1,
        "seq": 2,
        "sessionId": "0b6e4c1a",
        "truncated": False,
    },
    "ErrorFrame": {
        "type": "error",
        "requestId": "r-1",
        "code": "invalid_request",
        "message": "text is missing; this message needs it",
        "field": "text",
        "retryable": False,
    },
    "GatewayError": {
        "message": "Too Many Requests",
        "connectionId": "S3Y7fd1cDoECJKQ=",
        "requestId": "S3Y8ZEp0joEFVeg=",
    },
}


def asyncapi(message: dict[str, Any], frame: dict[str, Any], gateway_error: dict[str, Any]) -> str:
    """Return the document as YAML: one WebSocket; a channel and an operation for each direction.

    Two channels, since generators of code name what an operation carries after its channel.
    """
    sent = list(message["$defs"])
    received = [*(option["$ref"].rpartition("/")[2] for option in frame["oneOf"]), "GatewayError"]
    gateway_error = {name: value for name, value in gateway_error.items() if name != "$schema"}
    schemas = _moved(message["$defs"] | frame["$defs"] | {"GatewayError": gateway_error | {"title": "GatewayError"}})
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
            },
            "local": {
                "host": "127.0.0.1:{port}",
                "pathname": "/{apiId}/local",
                "protocol": "ws",
                "description": "The laptop stack, whose whole address `make local` prints.",
                "variables": {"apiId": {"description": "The API's id."}, "port": {"description": "The stack's port."}},
                "security": [{"$ref": "#/components/securitySchemes/bearer"}],
            },
        },
        "channels": {
            "ClientMessage": _channel("What a client sends", sent),
            "ServerFrame": _channel("What a client receives", received),
        },
        "operations": {
            "sendMessage": _operation("receive", "ClientMessage", "A client sends a message.", sent),
            "receiveFrame": _operation("send", "ServerFrame", "A client receives a frame.", received),
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


def _channel(title: str, names: list[str]) -> dict[str, Any]:
    protocol = {"type": "string", "description": f"{SUBPROTOCOL}, and bearer.<jwt> if the API asks for a token."}
    return {
        "address": "/",
        "title": title,
        "description": (
            f"One direction of the one WebSocket, which has the subprotocol {SUBPROTOCOL}. Everything on it is one "
            f"JSON object in one text message of at most {MAX_FRAME_BYTES:,} bytes."
        ),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {"type": "object", "properties": {"Sec-WebSocket-Protocol": protocol}},
            }
        },
    }


def _operation(action: str, channel: str, summary: str, names: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }


def _message(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    message = {"name": name, "summary": schema["description"], "payload": {"$ref": f"#/components/schemas/{name}"}}
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
