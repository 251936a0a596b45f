"""What is published of the protocol is what the models say."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from generate_protocol import __main__ as protocol
from jsonschema import Draft202012Validator

from selador_shared.protocol import (
    Accepted,
    Citation,
    Completed,
    Delta,
    Error,
    ErrorCode,
    Frame,
    GatewayError,
    Heartbeat,
    Pong,
    Retrying,
    Span,
    Started,
    Step,
    Usage,
    Workflow,
    encode_frame,
    parse_message,
)
from selador_shared.workflow_inputs import check_inputs, load_workflows

PROJECT = Path(__file__).parents[2]
FRAMES: list[Frame] = [
    Accepted(request_id="r", message_id="m", deadline_seconds=1),
    Pong(),
    Error(request_id="r", code="unauthorized", message="m", retryable=False),
    Error(request_id="r", code="internal", message="m", field="f", retryable=True, attempt=1, seq=0),
    Started(request_id="r", attempt=1, seq=0),
    Delta(request_id="r", attempt=1, seq=1, text="t"),
    Citation(request_id="r", attempt=1, seq=2, text="t"),
    Citation(request_id="r", attempt=1, seq=2, text="t", source="s", span=Span(start=0, end=1)),
    Step(request_id="r", attempt=1, seq=3, name="n", status="started", index=0, count=1),
    Heartbeat(request_id="r", attempt=1, seq=4),
    Retrying(request_id="r", attempt=1, seq=5, delay_seconds=2, code="throttled"),
    Completed(request_id="r", attempt=2, seq=6),
    Completed(request_id="r", attempt=2, seq=6, session_id="s", usage=Usage(input_tokens=1, output_tokens=2)),
]


@pytest.fixture
def frame_schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads((PROJECT / "docs/schemas/frame.json").read_text()))


@pytest.mark.parametrize("path", protocol.generate(), ids=str)
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    assert (PROJECT / path).read_text() == protocol.generate()[path], "run make protocol"


def test_check_fails_on_a_file_that_is_out_of_date_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = protocol.main([], tmp_path)
    (tmp_path / "docs/asyncapi.yaml").write_text("old")
    found = protocol.main(["--check"], tmp_path)

    assert (written, found) == (0, 1)
    assert (tmp_path / "docs/asyncapi.yaml").read_text() == "old"
    assert "docs/asyncapi.yaml is out of date; run make protocol" in capsys.readouterr().out


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.type)
def test_every_frame_as_it_is_sent_is_valid_by_the_schema(frame_schema: Draft202012Validator, frame: Frame) -> None:
    sent = json.loads(encode_frame(frame))

    frame_schema.validate(sent)
    frame_schema.validate(sent | {"added": "tomorrow"})


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.type)
def test_a_frame_without_one_of_the_members_that_are_always_sent_is_invalid(
    frame_schema: Draft202012Validator, frame: Frame
) -> None:
    sent = json.loads(encode_frame(frame))
    always = {name for name, value in type(frame).model_fields.items() if value.default is not None}

    for member in always:
        name = type(frame).model_fields[member].alias
        assert not frame_schema.is_valid({key: value for key, value in sent.items() if key != name}), name


def test_the_schema_knows_every_frame_type(frame_schema: Draft202012Validator) -> None:
    covered = {frame.type for frame in FRAMES}

    assert set(frame_schema.schema["discriminator"]["mapping"]) == covered


def test_the_asyncapi_document_has_the_examples_valid_by_its_own_schemas() -> None:
    document = yaml.safe_load((PROJECT / "docs/asyncapi.yaml").read_text())

    for name, message in document["components"]["messages"].items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        for example in message.get("examples", []):
            Draft202012Validator(schema).validate(example["payload"])


@pytest.fixture
def asyncapi_document() -> Any:
    return yaml.safe_load((PROJECT / "docs/asyncapi.yaml").read_text())


def test_each_direction_has_a_channel_of_its_own(asyncapi_document: Any) -> None:
    """Modelina names what an operation carries after its channel: of two on one, the second replaced the first."""
    channels = [operation["channel"]["$ref"] for operation in asyncapi_document["operations"].values()]

    assert sorted(channels) == ["#/channels/ClientMessage", "#/channels/ServerFrame"]
    assert set(asyncapi_document["channels"]["ClientMessage"]["messages"]) == {"Ping", "Query", "Workflow"}
    assert len(asyncapi_document["channels"]["ServerFrame"]["messages"]) == len({frame.type for frame in FRAMES}) + 1


def test_every_list_of_words_has_a_name(asyncapi_document: Any, frame_schema: Draft202012Validator) -> None:
    for schemas in (asyncapi_document["components"]["schemas"], frame_schema.schema["$defs"]):
        named = {name for name, schema in schemas.items() if "enum" in schema}
        unnamed = [
            f"{name}.{member}"
            for name, schema in schemas.items()
            for member, of in schema.get("properties", {}).items()
            if "enum" in of
        ]

        assert named == {"ErrorCode", "StepStatus", "WaitingFor"}
        assert unnamed == []


def test_there_is_a_server_on_aws_and_one_on_the_laptop(asyncapi_document: Any) -> None:
    servers = asyncapi_document["servers"]

    assert {name: server["protocol"] for name, server in servers.items()} == {"aws": "wss", "local": "ws"}
    for server in servers.values():
        placeholders = set(re.findall(r"{(\w+)}", server["host"] + server["pathname"]))
        assert placeholders == set(server["variables"])


def test_the_workflow_of_the_example_exists_and_takes_its_inputs(asyncapi_document: Any) -> None:
    (example,) = asyncapi_document["components"]["messages"]["Workflow"]["examples"]
    body = json.dumps(example["payload"])

    message = parse_message(body, query_text_limit=1)

    assert isinstance(message, Workflow)
    check_inputs(load_workflows()[message.workflow], message.inputs)


@pytest.mark.parametrize("reserved", ["Error", "Event", "Map", "Set", "Date", "Object", "Promise"])
def test_no_type_shadows_one_of_javascripts(reserved: str) -> None:
    types = re.findall(r"^export \w+ (\w+)", (PROJECT / "client/typescript/protocol.ts").read_text(), re.MULTILINE)

    assert "ErrorFrame" in types
    assert reserved not in types


def test_an_answer_of_api_gateway_and_a_frame_are_told_apart_by_their_schemas(
    frame_schema: Draft202012Validator,
) -> None:
    gateway_error = Draft202012Validator(json.loads((PROJECT / "docs/schemas/gateway_error.json").read_text()))
    answer = json.loads(GatewayError(message="Forbidden", connection_id="c", request_id="g").model_dump_json())

    assert gateway_error.is_valid(answer)
    assert not frame_schema.is_valid(answer)
    for frame in FRAMES:
        assert not gateway_error.is_valid(json.loads(encode_frame(frame)) | answer)


def test_no_published_file_names_facts_or_fields_of_our_own() -> None:
    for path in protocol.generate():
        text = (PROJECT / path).read_text()

        assert "WS-" not in text
        assert "BR-" not in text
        assert "request_id" not in text
        assert "delay_seconds" not in text


def documented_conversation() -> list[tuple[str, str]]:
    """Every line that docs/protocol.md shows as sent (→) or received (←), but for the ellipsis."""
    text = (PROJECT / "docs/protocol.md").read_text()
    return [(arrow, line) for arrow, line in re.findall(r"^([→←]) (.*)$", text, re.MULTILINE) if line != "…"]


@pytest.mark.parametrize(("arrow", "line"), documented_conversation())
def test_the_documented_conversation_is_valid_by_the_schemas(arrow: str, line: str) -> None:
    schema = "message" if arrow == "→" else "frame"
    validator = Draft202012Validator(json.loads((PROJECT / f"docs/schemas/{schema}.json").read_text()))

    assert validator.is_valid(json.loads(line)) == ("colour" not in line or arrow == "←")


def test_every_frame_type_and_error_code_is_documented() -> None:
    text = (PROJECT / "docs/protocol.md").read_text()

    for word in (*get_args(ErrorCode.__value__), *(frame.type for frame in FRAMES if frame.type != "pong")):
        assert f"\n| `{word}` |" in text, word
