"""Encoding of `application/vnd.amazon.eventstream` messages, the framing of Bedrock's streamed answers."""

import json
import struct
from collections.abc import Mapping
from typing import Any
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_STRING = 7  # the type of a header's value, with its length in two bytes (BR-23)
_PRELUDE_AND_CRC_BYTES = 12
_CRC_BYTES = 4
# Some exceptions tell more than a message (BR-37).
_FURTHER_MEMBERS: Mapping[str, Mapping[str, Any]] = {
    "badGatewayException": {"resourceName": "local-retrieval"},
    "dependencyFailedException": {"resourceName": "local-retrieval"},
    "modelStreamErrorException": {"originalStatusCode": 500, "originalMessage": "failed on demand"},
}


def encode_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return one message: prelude, its CRC, `headers`, `payload`, CRC of all of it; big-endian (BR-22).

    Raises struct.error for a header name over 255 bytes or a value over 65,535.
    """
    encoded_headers = b"".join(_encode_header(name, value) for name, value in headers.items())
    total_length = _PRELUDE_AND_CRC_BYTES + len(encoded_headers) + len(payload) + _CRC_BYTES
    prelude = struct.pack("!II", total_length, len(encoded_headers))
    message = prelude + struct.pack("!I", crc32(prelude)) + encoded_headers + payload
    return message + struct.pack("!I", crc32(message))


def encode_event(event_type: str, members: Mapping[str, Any]) -> bytes:
    """Return an event of a response stream; `event_type` is the name of the stream's member (BR-24)."""
    return _encode_json("event", {":event-type": event_type}, members)


def encode_exception(exception_type: str, message: str) -> bytes:
    """Return a modelled failure in mid-stream; `exception_type` is the member's name, in lower camel case (BR-25)."""
    further = _FURTHER_MEMBERS.get(exception_type, {})
    return _encode_json("exception", {":exception-type": exception_type}, {"message": message, **further})


def _encode_json(message_type: str, kind: Mapping[str, str], members: Mapping[str, Any]) -> bytes:
    headers = {":message-type": message_type, **kind, ":content-type": "application/json"}
    return encode_message(headers, json.dumps(members, ensure_ascii=False).encode())


def _encode_header(name: str, value: str) -> bytes:
    encoded_name, encoded_value = name.encode(), value.encode()
    return b"".join(
        (
            struct.pack("!B", len(encoded_name)),
            encoded_name,
            struct.pack("!BH", _STRING, len(encoded_value)),
            encoded_value,
        )
    )
