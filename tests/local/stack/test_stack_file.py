"""What a running stack tells the commands beside it."""

import os
import subprocess
from pathlib import Path

import pytest

from selador_local.control_plane_client.client import ControlPlane
from selador_local.stack import stack_file
from selador_local.stack.commands import StackError

CONTROL_PLANE = ControlPlane("http://127.0.0.1:8788", "us-east-1", "123456789012", "AKIA", "it's a secret")


def variables(path: Path = Path("/work/stack.json")) -> dict[str, str]:
    return stack_file.environment(CONTROL_PLANE, gateway_port=8787, bedrock_endpoint="http://127.0.0.1:8789", path=path)


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    path.write_text("{}")
    path.chmod(0o644)

    stack_file.write(path, {"environment": variables()})

    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_written_is_read_with_the_process_that_wrote_it(tmp_path: Path) -> None:
    stack_file.write(tmp_path / "stack.json", {"dist": "/work/dist"})

    assert stack_file.read(tmp_path / "stack.json") == {"dist": "/work/dist", "pid": os.getpid()}


def test_without_a_stack_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="no stack is running; start one with make local"):
        stack_file.read(tmp_path / "stack.json")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{")

    with pytest.raises(StackError, match=r"stack\.json is damaged; start the stack again with make local"):
        stack_file.read(tmp_path / "stack.json")


def test_each_service_is_at_its_own_part_of_the_stack() -> None:
    found = variables()

    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:8788"
    assert found["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == "http://127.0.0.1:8789"
    assert found["SELADOR_FAULTS"] == "http://127.0.0.1:8787/_control"
    assert found["SELADOR_BEDROCK_FAULTS"] == "http://127.0.0.1:8789/_control"
    assert found["SELADOR_STACK_FILE"] == "/work/stack.json"


def test_a_shell_takes_every_value_as_it_is_and_forgets_a_real_account() -> None:
    shown = 'printf \'%s|%s|%s|%s\' "$AWS_SECRET_ACCESS_KEY" "$AWS_REGION" "$AWS_PROFILE" "$AWS_SESSION_TOKEN"'

    done = subprocess.run(
        ["sh", "-c", f"{stack_file.shell_commands(variables())}{shown}"],
        env={"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "of prod"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "it's a secret|us-east-1||"
