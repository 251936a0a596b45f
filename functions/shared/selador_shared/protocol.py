"""Version 1 of Selador's WebSocket protocol: every message a client sends and every frame it receives.

These models are the only definition: the handler validates with them, the main function sends them, the client reads
them and the published schemas are generated from them. The module needs pydantic alone, so that a client can use it.
docs/protocol.md says how messages and frames play together.
"""

import json
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from selador_shared.errors import SeladorSharedError

SUBPROTOCOL = "selador.v1"

MAX_FRAME_BYTES = 32 * 1024
"""API Gateway closes the connection over a larger WebSocket frame (WS-54); browsers send a message as one (WS-55)."""

type ErrorCode = Literal[
    "invalid_request",
    "unknown_action",
    "message_too_large",
    "unauthorized",
    "unavailable",
    "throttled",
    "content_blocked",
    "deadline_exceeded",
    "attempts_exhausted",
    "internal",
]
"""Why a request failed. A client counts one that it doesn't know as `internal`."""

RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
SessionId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._:-]{2,100}$")]  # what Bedrock issues (BR-07)
WorkflowName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]

# A constraint that every text meets makes pydantic look at it: without one it takes half a surrogate pair, which is no
# character, and which no reader of the queue takes.
_Characters = Annotated[str, StringConstraints(min_length=0)]


class _Wire(BaseModel):
    # hide_input_in_errors: a validation error may reach a log, and a log never holds a question (or an answer).
    model_config = ConfigDict(
        alias_generator=to_camel,
        defer_build=True,  # when first used: the handler sends three of these frames, and reads none
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        serialize_by_alias=True,
        strict=True,
    )


class _Frame(_Wire):
    model_config = ConfigDict(validate_by_name=True)  # frames are made in Python, messages only read


# -- client → server


class Ping(_Wire):
    """Keeps an idle connection open (API Gateway closes one after 10 minutes of silence, WS-57)."""

    action: Literal["ping"]


class Query(_Wire):
    """A question to the query agent.

    The handler also refuses a `text` of blanks, and one that is longer than the deployed agent takes (BR-02).
    """

    action: Literal["invoke"]
    type: Literal["query"] = "query"
    text: Annotated[str, StringConstraints(min_length=1)]
    request_id: RequestId | None = None
    session_id: SessionId | None = None


class Workflow(_Wire):
    """A named workflow to run with `inputs`.

    The handler also refuses a workflow that the deployment doesn't have, and inputs that the workflow doesn't take.
    """

    action: Literal["invoke"]
    type: Literal["workflow"]
    workflow: WorkflowName
    inputs: dict[str, _Characters] = {}
    request_id: RequestId | None = None


Invoke = Query | Workflow
Message = Ping | Invoke


# -- server → client


class Accepted(_Frame):
    """The request is durably queued. No terminal frame within `deadline_seconds` means that it was lost.

    It may come after any frame of an attempt. After a terminal frame it means nothing.
    """

    type: Literal["accepted"] = "accepted"
    request_id: str
    message_id: str
    deadline_seconds: int


class Pong(_Frame):
    """Answers `ping`. Of all frames it alone belongs to no request."""

    type: Literal["pong"] = "pong"


class Error(_Frame):
    """Terminal. With an `attempt` the request has failed; without one it answers the message itself.

    `field` names the member of the message that breaks a rule. `retryable`: the same may succeed later, under a new
    `request_id` if there is an `attempt`.
    """

    type: Literal["error"] = "error"
    request_id: str
    code: ErrorCode
    message: str
    field: str | None = None
    retryable: bool
    attempt: int | None = None
    seq: int | None = None


class _AttemptFrame(_Frame):
    """What an attempt of the main function sends: `attempt` from 1, `seq` from 0 without gaps within an attempt."""

    request_id: str
    attempt: Annotated[int, Field(ge=1)]
    seq: Annotated[int, Field(ge=0)]


class Started(_AttemptFrame):
    """An attempt begins. A client discards what an earlier attempt sent."""

    type: Literal["started"] = "started"


class Delta(_AttemptFrame):
    """A part of the answer's text, to be appended in the order of `seq`."""

    type: Literal["delta"] = "delta"
    text: str


class Span(_Frame):
    """Characters `start` to `end` of the whole answer, counted from 0, the last one included.

    A character is a Unicode code point, as far as AWS tells (BR-11).
    """

    start: int
    end: int


class Citation(_AttemptFrame):
    """A source of the text so far: the passage's `text`, its address, and the part of the answer that it supports."""

    type: Literal["citation"] = "citation"
    text: str
    source: str | None = None
    span: Span | None = None


type StepStatus = Literal["started", "completed", "failed"]


class Step(_AttemptFrame):
    """A step of a workflow or of a search starts or ends; `index` counts from 0 to `count` - 1.

    A workflow's `count` is fixed; a search's is the number of steps so far. After `failed` the attempt ends.
    """

    type: Literal["step"] = "step"
    name: str
    status: StepStatus
    index: int
    count: int


type WaitingFor = Literal["quota", "service"]
"""`quota`: the model's quota is used up. `service`: the model, or what it reads, isn't ready or can't be reached."""


class Heartbeat(_AttemptFrame):
    """Nothing else was sent for 15 s. `waiting_for` says why, if the attempt waits before it asks again."""

    type: Literal["heartbeat"] = "heartbeat"
    waiting_for: WaitingFor | None = None


class Retrying(_AttemptFrame):
    """The attempt failed; another follows in about `delay_seconds`."""

    type: Literal["retrying"] = "retrying"
    delay_seconds: int
    code: ErrorCode


class Usage(_Frame):
    """Tokens, if the agent reports them (a knowledge base doesn't, BR-10), and the service tier of the models.

    If several tiers served one answer, `service_tier` names all of them, separated by commas.
    """

    input_tokens: int
    output_tokens: int
    service_tier: str | None = None


class Completed(_AttemptFrame):
    """Terminal: the whole answer was delivered. `session_id` continues the conversation.

    `session_restarted` is there where it is true: the session that the query named has ended, or never was; the answer
    knows nothing of it, and `session_id` is a new one. `truncated`: the answer is not whole, since the model reached
    its limit of tokens or, if `stop_reason` is `cancelled`, since its user stopped it.
    """

    type: Literal["completed"] = "completed"
    session_id: str | None = None
    session_restarted: bool | None = None
    usage: Usage | None = None
    stop_reason: str | None = None
    truncated: bool = False


Frame = Accepted | Pong | Started | Delta | Citation | Step | Heartbeat | Retrying | Completed | Error

TERMINAL_FRAMES = (Completed, Error)

CANCELLED = "cancelled"
"""The `stop_reason` of an answer that its user stopped; it is `truncated`."""


class GatewayError(_Frame):
    """API Gateway's own answer to a message that it didn't hand on: no frame of the protocol, for it has no `type`.

    `request_id` is API Gateway's, not the client's. `message` is a sentence such as `Forbidden`, `Too Many Requests` or
    `Internal server error` (WS-06, WS-10).
    """

    message: str
    connection_id: str
    request_id: str


class UnknownFrame(_Frame):
    """A frame that only a later version knows: its place in the attempt counts, the rest is ignored."""

    type: str
    request_id: str | None = None
    attempt: int | None = None
    seq: int | None = None


@cache
def _frames() -> TypeAdapter[Frame]:
    return TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def encode_frame(frame: Frame) -> str:
    """Return the frame's JSON text, without members that have no value."""
    return frame.model_dump_json(exclude_none=True)


def parse_frame(text: str | bytes) -> Frame | UnknownFrame:
    """Return the frame in `text`; raise pydantic's ValidationError where it is none.

    A client of today has to read the frames of tomorrow. Members that this version doesn't know are passed over. An
    unknown `code` is `internal`. A frame of an unknown type, or with an unknown word where a member has a list of
    words, is an UnknownFrame.
    """
    try:
        return _frames().validate_json(text, extra="ignore")
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        if any(fault["type"] not in ("union_tag_invalid", "literal_error") for fault in faults):
            raise
    if any(fault["loc"][-1:] == ("code",) for fault in faults):
        return parse_frame(json.dumps(json.loads(text) | {"code": "internal"}))
    return UnknownFrame.model_validate_json(text, extra="ignore")


def parse_gateway_error(text: str | bytes) -> GatewayError | None:
    """Return the answer of API Gateway itself in `text`, None where it is none."""
    try:
        return None if "type" in json.loads(text) else GatewayError.model_validate_json(text, extra="ignore")
    except (ValueError, TypeError, RecursionError):  # pydantic's error is a ValueError
        return None


# -- reading what a client sent


class InvalidMessageError(SeladorSharedError):
    """A client's message that breaks a rule.

    Attributes: `code` and `field` as the error frame has them; `request_id` as the client gave it, if that was valid.
    """

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode = "invalid_request",
        field: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.request_id = request_id


_MESSAGES: dict[tuple[str, str], type[Message]] = {
    ("ping", ""): Ping,
    ("invoke", "query"): Query,
    ("invoke", "workflow"): Workflow,
}
_ACTIONS = ("invoke", "ping")
_TYPES = ("query", "workflow")
_MEMBERS = {to_camel(name) for message in _MESSAGES.values() for name in message.model_fields}
_REQUEST_ID: TypeAdapter[str] = TypeAdapter(Annotated[RequestId, Field(strict=True)])


def parse_message(body: str, *, query_text_limit: int) -> Message:
    """Return the message in the WebSocket text message `body`.

    `query_text_limit` is the query agent's, in characters (Unicode code points). Raises InvalidMessageError, with the
    message's `request_id` wherever that can be read.
    """
    try:
        message = _validated(_json_object(body))
        if isinstance(message, Query):
            _check_text(message.text, query_text_limit)
    except InvalidMessageError as error:
        error.request_id = request_id_of(body)
        raise
    return message


def request_id_of(body: str) -> str | None:
    """Return the valid `requestId` of a message that may break any other rule; None if there is none to be read."""
    try:
        return _REQUEST_ID.validate_python(json.loads(body)["requestId"])
    except (ValueError, LookupError, TypeError, RecursionError):  # ValueError: pydantic's is one, too
        return None


def known_member(field: str | None) -> str | None:
    """Return the member of a message that `field` is or lies in; None for a name that only the client knows.

    A log may hold the names of the protocol, but no word of a client.
    """
    member = (field or "").partition(".")[0]
    return member if member in _MEMBERS else None


def _check_text(text: str, limit: int) -> None:
    if not text.strip():
        raise InvalidMessageError("text is blank; the query agent needs a character that shows", field="text")
    if len(text) > limit:
        raise InvalidMessageError(
            f"text is {len(text):,} characters; the query agent's limit is {limit:,}", field="text"
        )


def _json_object(body: str) -> dict[str, Any]:
    size = len(body.encode(errors="surrogatepass"))
    if size > MAX_FRAME_BYTES:
        raise InvalidMessageError(
            f"the message is {size:,} bytes; API Gateway's limit for a frame is {MAX_FRAME_BYTES:,}",
            code="message_too_large",
        )
    try:
        members = json.loads(body, object_pairs_hook=_members, parse_constant=_no_constant)
    except RecursionError:
        raise InvalidMessageError("the message is nested too deeply; the protocol's messages have two levels") from None
    except json.JSONDecodeError as error:
        raise InvalidMessageError(f"the message is not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:  # Python's own limit for integers, which no field of a message needs
        raise InvalidMessageError(
            "the message holds a number of more than 4,300 digits, Python's limit; no field of the protocol is a number"
        ) from None
    if not isinstance(members, dict):
        raise InvalidMessageError(f"the message is a JSON {_json_type(members)}; the protocol's are objects")
    return members


def _members(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if not name.isprintable() and any("\ud800" <= character <= "\udfff" for character in name):
            # pydantic sees these in values, not in names; main couldn't read the envelope.
            raise InvalidMessageError(
                f"{_quoted(name)} holds half a surrogate pair, which is no character", field=_quoted(name)
            )
        if name in members:
            raise InvalidMessageError(f"{_quoted(name)} is given twice; once is the limit", field=_quoted(name))
        members[name] = value
    return members


def _no_constant(name: str) -> NoReturn:
    raise InvalidMessageError(f"the message is not JSON: {name} is no JSON value")


def _validated(members: dict[str, Any]) -> Message:
    action = members.get("action")
    if action not in _ACTIONS:
        found = f"action is {_quoted(action)}" if "action" in members else "action is missing"
        raise InvalidMessageError(
            f"{found}; known actions are {_listed(_ACTIONS)}", code="unknown_action", field="action"
        )
    kind = "" if action == "ping" else members.get("type", "query")
    if action == "invoke" and kind not in _TYPES:
        raise InvalidMessageError(f"type is {_quoted(kind)}; known types are {_listed(_TYPES)}", field="type")
    try:
        return _MESSAGES[action, kind].model_validate(members)
    except ValidationError as error:
        raise _from_pydantic(error.errors(include_url=False, include_input=False)[0], members) from None


def _from_pydantic(fault: ErrorDetails, members: dict[str, Any]) -> InvalidMessageError:
    """Say pydantic's `fault` in the protocol's words."""
    value: Any = members
    for part in fault["loc"]:
        value = value.get(part) if isinstance(value, dict) else None
    field = ".".join(_quoted(part) for part in fault["loc"]) or None
    context = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            problem = "is missing; this message needs it"
        case "extra_forbidden":
            problem = "is not a field of this message"
        case "string_too_short":
            problem = f"is empty; the protocol's least is {context['min_length']} character"
        case "string_pattern_mismatch":
            problem = f"is {_quoted(value)}; the protocol's form for it is {context['pattern']}"
        case "string_type":
            problem = f"is {_quoted(value)}, a JSON {_json_type(value)}; it has to be a string"
        case "dict_type":
            problem = f"is {_quoted(value)}, a JSON {_json_type(value)}; it has to be an object"
        case "string_unicode":
            problem = "holds half a surrogate pair, which is no character"
        case _:
            problem = f"is invalid: {fault['msg']}"
    return InvalidMessageError(f"{field or 'a field name'} {problem}", field=field)


def _json_type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _quoted(value: Any) -> str:
    """Name a value from outside: short, printable, and JSON where it is no plain word."""
    if isinstance(value, str) and value.isascii() and value.isidentifier() and len(value) <= 64:
        return value
    text = json.dumps(value)
    return text if len(text) <= 64 else text[:61] + "..."


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)
