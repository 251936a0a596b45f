"""Every command of the AWS CLI that a document names works against the laptop's control plane, as it stands there.

The CLI itself isn't installed: botocore's models, which it is made of, turn a command into a call.
"""

import re
import shlex
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import Shape

from selador_local.control_plane_client.client import ControlPlane

from .conftest import Terraform

PROJECT = Path(__file__).parents[2]
_COMMAND = re.compile(r"(?:`|^\$ )(?P<command>aws [a-z0-9]+ [a-z-]+\b(?:[^`\n]|\n(?=[^`]*`))*)", re.MULTILINE)
NOT_HERE = {"acm"}
"""The services that documents name and the laptop lacks."""
_SUBSTITUTION = re.compile(r'"\$\(make .*?\)"')


def documented() -> list[str]:
    """Return each command once, on one line. The runbooks' have a shell of their own, in which a test runs them."""
    found: set[str] = set()
    for folder in ("docs", "terraform"):
        for document in (PROJECT / folder).rglob("*.md"):
            if document.parent.name == "runbooks":
                continue
            found.update(" ".join(match["command"].split()) for match in _COMMAND.finditer(document.read_text()))
    return sorted(found)


@pytest.fixture(scope="module")
def placeholders(control_plane: ControlPlane) -> dict[str, str]:
    """Return what stands for what in the documents, after making it."""
    made = Terraform(control_plane)
    role = made.role("documented", {"Action": "sqs:*", "Resource": "*"})
    main = made.function("documented-main", "def handle(event, context):\n    return {}\n", role)
    dead = made.queue("documented-dead")
    source = boto3.client("sqs", **control_plane.client_arguments)
    redrive = f'{{"deadLetterTargetArn": "{dead}", "maxReceiveCount": 5}}'
    source.create_queue(QueueName="documented", Attributes={"RedrivePolicy": redrive})
    made.mapping(made.queue("documented-source"), main)
    made.permission("a1b2c3", "$connect", main)
    logs = boto3.client("logs", **control_plane.client_arguments)
    logs.create_log_group(logGroupName="/aws/lambda/documented-main")
    dead_url = source.get_queue_url(QueueName="documented-dead")["QueueUrl"]
    return {
        "<arn of the dead-letter queue>": dead,
        "<dead_letter_queue_url>": dead_url,
        "<function>": "documented-main",
        "<id>": "r-1",
        "<log group>": "/aws/lambda/documented-main",
        "<main's log group>": "/aws/lambda/documented-main",
        "<main>": "documented-main",
        "<websocket handler>": "documented-main",
        "$(make)": dead_url,
    }


def test_documents_name_commands() -> None:
    assert len(documented()) >= 5


@pytest.mark.parametrize("command", documented())
def test_a_documented_command_works(control_plane: ControlPlane, placeholders: dict[str, str], command: str) -> None:
    command = _SUBSTITUTION.sub("$(make)", command)
    for placeholder, value in placeholders.items():
        command = command.replace(placeholder, value)
    assert "<" not in command, "say what stands for this placeholder"

    _, service, operation, *options = shlex.split(command)
    if service in NOT_HERE:  # its parameters are those of its model, or it would not get as far
        with pytest.raises(ClientError, match=f"does not support the service {service}"):
            call(control_plane, service, operation, options)
        return

    answer = call(control_plane, service, operation, options)

    if operation == "list-event-source-mappings":
        assert answer["EventSourceMappings"]


def call(control_plane: ControlPlane, service: str, operation: str, options: list[str]) -> Any:
    """Do what the CLI does with such words."""
    make: Any = boto3.client  # its 400 overloads name each service
    client = make(service, **control_plane.client_arguments)
    if (service, operation) == ("logs", "tail"):  # a command of the CLI's own
        group, *options = options
        operation, options = "filter-log-events", ["--log-group-name", group, *_since(options)]
    name = next(name for name in client.meta.service_model.operation_names if xform_name(name, "-") == operation)
    model = client.meta.service_model.operation_model(name)
    members = {xform_name(member, "-"): (member, shape) for member, shape in _members(model.input_shape).items()}
    parameters: dict[str, Any] = {}
    while options:
        option, value, *options = options
        if option == "--query":  # what is shown of the answer
            continue
        member, shape = members[option.removeprefix("--")]
        parameters[member] = _typed(shape, value)
    return getattr(client, xform_name(name))(**parameters)


def _members(shape: Any) -> dict[str, Shape]:
    return {} if shape is None else shape.members


def _typed(shape: Shape, value: str) -> Any:
    if shape.type_name == "list":
        return [value]
    return int(value) if shape.type_name in {"integer", "long"} else value


def _since(options: list[str]) -> list[str]:
    """Turn `--since 2h` into the time that the API takes."""
    place = options.index("--since")
    amount, unit = int(options[place + 1][:-1]), options[place + 1][-1]
    seconds = amount * {"m": 60, "h": 3_600}[unit]
    return [*options[:place], *options[place + 2 :], "--start-time", str(int((time.time() - seconds) * 1000))]
