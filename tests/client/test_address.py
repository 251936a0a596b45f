import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from selador_client import address
from selador_client.address import find_url, terraform_outputs, without_secrets
from selador_client.errors import NoUrlError

ELSEWHERE = {"SELADOR_URL": "wss://elsewhere/dev"}


def no_outputs(env: str) -> str:
    raise AssertionError(f"nobody asked for the outputs of {env}")


def write_stack_file(folder: Path, text: str = '{"websocketUrl": "ws://127.0.0.1:8000/abc/local"}') -> None:
    (folder / ".local").mkdir()
    (folder / ".local" / "stack.json").write_text(text)


def test_the_running_stack_is_found_from_any_folder_of_the_project(tmp_path: Path) -> None:
    write_stack_file(tmp_path)
    below = tmp_path / "docs" / "decisions"
    below.mkdir(parents=True)

    assert find_url(None, None, below, {}, no_outputs) == "ws://127.0.0.1:8000/abc/local"


def test_what_is_named_goes_before_what_is_found(tmp_path: Path) -> None:
    write_stack_file(tmp_path)

    assert find_url("ws://given", None, tmp_path, ELSEWHERE, no_outputs) == "ws://given"
    assert find_url(None, "local", tmp_path, ELSEWHERE, no_outputs) == "ws://127.0.0.1:8000/abc/local"
    assert find_url(None, None, tmp_path, ELSEWHERE, no_outputs) == "wss://elsewhere/dev"


def test_a_deployments_url_is_among_its_outputs(tmp_path: Path) -> None:
    outputs = {"dev": json.dumps({"websocket_url": {"value": "wss://abc.execute-api.eu-central-1.amazonaws.com/dev"}})}

    found = find_url(None, "dev", tmp_path, ELSEWHERE, outputs.__getitem__)

    assert found == "wss://abc.execute-api.eu-central-1.amazonaws.com/dev"


@pytest.mark.parametrize("outputs", ["{}", "", '{"websocket_url": 1}'])
def test_a_deployment_without_a_url_is_told(tmp_path: Path, outputs: str) -> None:
    with pytest.raises(
        NoUrlError, match="dev has no websocket_url among its outputs; deploy it first: make apply ENV=dev"
    ):
        find_url(None, "dev", tmp_path, {}, lambda _: outputs)


def test_with_nothing_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoUrlError, match="no stack is running; start one with `make local`"):
        find_url(None, None, tmp_path, {"SELADOR_URL": ""}, no_outputs)


def test_a_stack_that_is_still_starting_says_so(tmp_path: Path) -> None:
    write_stack_file(tmp_path, '{"pid": 4711}')

    with pytest.raises(NoUrlError, match="the stack is still starting; try again when `make local` shows its URL"):
        find_url(None, None, tmp_path, {}, no_outputs)


@pytest.mark.parametrize("text", ["", "[]", '{"url": 1}'])
def test_a_damaged_stack_file_is_named(tmp_path: Path, text: str) -> None:
    write_stack_file(tmp_path, text)

    with pytest.raises(NoUrlError, match=re.escape(f"{tmp_path}/.local/stack.json has no websocketUrl")):
        find_url(None, None, tmp_path, {}, no_outputs)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://example.com",
        "ws://",
        "wss:abc",
        "ws://[::1",
        "ws://host:port/",
        "abc",
        "ws://host/a b",
        "ws://host/#dev",
    ],
)
def test_what_is_no_websocket_url_is_quoted(tmp_path: Path, url: str) -> None:
    with pytest.raises(NoUrlError, match=re.escape(f"{url!r} isn't a WebSocket URL such as wss://")):
        find_url(url, None, tmp_path, {}, no_outputs)


def test_spaces_around_a_url_are_not_part_of_it(tmp_path: Path) -> None:
    assert find_url(" wss://host/dev\n", None, tmp_path, {}, no_outputs) == "wss://host/dev"


def test_a_url_is_shown_without_what_may_be_a_password_or_a_token() -> None:
    assert without_secrets("wss://me:secret@[::1]:8443/dev?token=a.b.c") == "wss://[::1]:8443/dev"


class Ran:
    """Stands for subprocess.run: takes note of the command, and ends as it is told."""

    def __init__(self, returncode: int, stdout: str = "", stderr: str = "") -> None:
        self.ended = subprocess.CompletedProcess([], returncode, stdout, stderr)
        self.command: list[str] = []

    def __call__(self, command: list[str], **options: bool) -> subprocess.CompletedProcess[str]:
        self.command = command
        return self.ended


def test_the_deploy_command_tells_the_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = Ran(0, "{}")
    monkeypatch.setattr(address.subprocess, "run", ran)  # type: ignore[attr-defined]  # the module's own import

    assert terraform_outputs("dev") == "{}"
    assert ran.command == [sys.executable, "-m", "selador_deploy", "outputs", "--env=dev", "--json"]


@pytest.mark.parametrize(("stderr", "why"), [("one\nno such environment\n", "no such environment"), ("", "failed")])
def test_its_refusal_is_handed_on(monkeypatch: pytest.MonkeyPatch, stderr: str, why: str) -> None:
    monkeypatch.setattr(address.subprocess, "run", Ran(1, "", stderr))  # type: ignore[attr-defined]

    with pytest.raises(NoUrlError, match=f"the URL of dev can't be had: .*{why}"):
        terraform_outputs("dev")
