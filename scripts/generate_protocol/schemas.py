"""Write the JSON Schemas of the protocol: what a client sends, the frames it receives, and API Gateway's own answer."""

import json
import re
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic.alias_generators import to_camel

from selador_shared.protocol import Frame, GatewayError, Message

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)
_FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])

_PUBLISHED_AS = {"Error": "ErrorFrame"}
"""Names that would shadow one of the languages that clients are written in."""

_ENUMERATIONS = {
    "ErrorCode": "Why a request failed. Count one that you don't know as `internal`.",
    "StepStatus": "What became of a workflow's step. Ignore a frame with one that you don't know.",
    "WaitingFor": (
        "`quota`: the model's quota is used up. `service`: the model, or what it reads, isn't ready or can't be "
        "reached. Ignore a frame with one that you don't know."
    ),
}


def message_schema() -> dict[str, Any]:
    """Return the schema of a client's messages. The handler refuses whatever it refuses, and more: it knows limits."""
    return _document(_MESSAGE.json_schema(mode="validation"), "A message of a client")


def frame_schema() -> dict[str, Any]:
    """Return the schema of the server's frames, as they are sent: members without a value are left out.

    Unknown members are allowed: a client of today has to read the frames of tomorrow.
    """
    schema = _FRAME.json_schema(mode="serialization")
    for name, definition in schema["$defs"].items():
        if name in _ENUMERATIONS:
            definition |= {"title": name, "description": _ENUMERATIONS[name]}
        else:
            _open(definition)
    return _document(schema, "A frame of the server")


def gateway_error_schema() -> dict[str, Any]:
    """Return the schema of API Gateway's own answer to a message, which is no frame."""
    schema = GatewayError.model_json_schema(mode="serialization")
    _open(schema)
    del schema["title"]
    return _document(schema | {"not": {"required": ["type"]}}, "An answer of API Gateway itself")


def _open(definition: dict[str, Any]) -> None:
    del definition["additionalProperties"]
    for member in definition["properties"].values():
        _leave_out_null(member)
    definition["required"] = [name for name in definition["properties"] if _is_always_sent(definition, name)]


def _leave_out_null(member: dict[str, Any]) -> None:
    """Turn "this or null" into this: a frame has no null. A client may send null for a member that it leaves out."""
    options = [option for option in member.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        del member["anyOf"]
        member.update(options[0])


def _is_always_sent(definition: dict[str, Any], name: str) -> bool:
    # encode_frame leaves out what is None, and only that.
    return definition["properties"][name].get("default", ...) is not None


def _document(schema: dict[str, Any], title: str) -> dict[str, Any]:
    text = json.dumps(_simplify(schema))
    for name, published in _PUBLISHED_AS.items():
        text = text.replace(f'"{name}"', f'"{published}"').replace(f'"#/$defs/{name}"', f'"#/$defs/{published}"')
    return {"$schema": DIALECT, "title": title, **json.loads(text)}


def _simplify(value: Any) -> Any:
    """Leave out what pydantic adds for forms and for Python: titles, defaults of null, lengths that every text has."""
    if isinstance(value, list):
        return [_simplify(item) for item in value]
    if not isinstance(value, dict):
        return value
    simple: dict[str, Any] = {
        name: {member: _simplify_member(schema) for member, schema in item.items()}
        if name == "properties"
        else _simplify(item)
        for name, item in value.items()
        if (name, item) != ("minLength", 0)
    }
    if "description" in simple:
        simple["description"] = _for_clients(simple["description"])
    return simple


def _for_clients(docstring: str) -> str:
    """Return a docstring as clients read it: fields by their names on the wire, no fact numbers of our own."""
    text = re.sub(r",? ?\b[A-Z]{2,4}-\d{2}\b", "", " ".join(docstring.split())).replace(" ()", "").replace("()", "")
    return re.sub(r"`([a-z]+(?:_[a-z]+)+)`", lambda name: f"`{to_camel(name[1])}`", text)


def _simplify_member(schema: dict[str, Any]) -> dict[str, Any]:
    schema = {name: _simplify(item) for name, item in schema.items() if name != "title"}
    if schema.get("default", ...) is None:
        del schema["default"]
    return schema
