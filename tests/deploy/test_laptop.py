"""How ENV=local finds the laptop stack that runs."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.laptop import find_laptop

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:8788",
    "AWS_REGION": "us-east-1",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


def write(file: Path, **facts: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    described = {"pid": os.getpid(), "dist": "/work/dist", "environment": ENVIRONMENT}
    file.write_text(json.dumps({**described, "terraformVariables": {"authorization": "none"}, **facts}))
    return file


def test_the_stack_of_the_checkout_is_found_whatever_account_the_shell_is_signed_in_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / ".local" / "stack.json")
    shell = {"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "of prod", "PATH": "/bin"}
    for name, value in shell.items():
        monkeypatch.setenv(name, value)

    laptop = find_laptop(tmp_path, shell)

    assert laptop is not None
    assert laptop.environ(shell) == {
        **ENVIRONMENT,
        "PATH": "/bin",
        "SELADOR_DIST": "/work/dist",
        "TF_VAR_authorization": "none",
    }
    client = laptop.make_client("sqs")
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:8788", "us-east-1")


def test_a_variable_of_the_shell_counts_more_than_the_stack_s(tmp_path: Path) -> None:
    write(tmp_path / ".local" / "stack.json")
    shell = {"TF_VAR_authorization": "iam", "SELADOR_DIST": "/elsewhere"}

    laptop = find_laptop(tmp_path, shell)

    assert laptop is not None
    assert laptop.environ(shell).items() >= shell.items()


def test_another_stack_is_found_by_its_file(tmp_path: Path) -> None:
    write(tmp_path / ".local" / "stack.json")
    other = write(tmp_path / "other.json", dist="/other/dist")
    shell = {"SELADOR_STACK_FILE": str(other), "AWS_ENDPOINT_URL": "http://outdated"}

    laptop = find_laptop(tmp_path, shell)

    assert laptop is not None
    assert laptop.environ(shell)["SELADOR_DIST"] == "/other/dist"
    assert laptop.environ(shell)["AWS_ENDPOINT_URL"] == "http://127.0.0.1:8788"


def test_a_shell_that_says_where_aws_is_needs_no_stack(tmp_path: Path) -> None:
    assert find_laptop(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}) is None


def test_without_a_stack_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="the laptop stack isn't running; run make local in another terminal"):
        find_laptop(tmp_path, {})


def test_a_stack_that_was_killed_is_not_asked(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    file = write(tmp_path / ".local" / "stack.json", pid=ended.pid)

    with pytest.raises(DeployError, match=f"the laptop stack that wrote {file} has ended; run make local"):
        find_laptop(tmp_path, {})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "1"}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "stack.json"
    file.write_text(text)

    with pytest.raises(DeployError, match=f"{file} is damaged; start the laptop stack again"):
        find_laptop(tmp_path, {"SELADOR_STACK_FILE": str(file)})


def test_a_client_of_another_endpoint_has_the_stack_s_key(tmp_path: Path) -> None:
    write(tmp_path / ".local" / "stack.json")
    laptop = find_laptop(tmp_path, {})

    assert laptop is not None
    client = laptop.make_client("apigatewaymanagementapi", endpoint_url="http://127.0.0.1:8787/api/live")
    assert client.meta.endpoint_url == "http://127.0.0.1:8787/api/live"


def test_the_time_is_that_of_the_stack_s_clock(tmp_path: Path) -> None:
    an_hour_ago = time.time() - 3600
    write(tmp_path / ".local" / "stack.json", clock={"scale": 10, "origin": an_hour_ago})
    laptop = find_laptop(tmp_path, {})

    assert laptop is not None
    assert laptop.now().timestamp() >= an_hour_ago + 36_000
