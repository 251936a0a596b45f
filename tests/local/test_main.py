"""The laptop stack's command line, as far as it starts nothing."""

import contextlib
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest

from selador_local import __main__ as command_line
from selador_local.control_plane_client.client import ControlPlaneError
from selador_local.stack import stack_file
from selador_local.stack.authorization import Authorization, terraform_variables

COMMAND = [sys.executable, "-m", "selador_local"]


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


def test_help_names_the_commands_and_what_they_do() -> None:
    shown = ran("--help")

    assert shown.returncode == 0
    assert "demo" in shown.stdout
    assert "until Ctrl-C" in shown.stdout


def test_help_says_what_each_exit_status_means() -> None:
    shown = ran("--help").stdout

    assert shown.index("exit status:") > shown.index("until Ctrl-C")
    assert {"0", "1", "2", "129, 130, 143"} <= set(re.findall(r"^  ([\d, ]*\d)  ", shown, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "the following arguments are required: command"),
        (("down",), "invalid choice: 'down'"),
        (("up", "--question", "Pets?"), "unrecognized arguments: --question"),
        (("up", "--time-scale", "21"), "argument --time-scale: 21 is not from 1 to 20"),
        (("up", "--port", "-1"), "argument --port: '-1' is no whole number from 1 to 65,532: the stack takes four"),
        (("up", "--port", "65533"), "'65533' is no whole number from 1 to 65,532"),
        (("up", "--auth", "oidc"), "argument --auth: invalid choice: 'oidc' (choose from 'none', 'jwt', 'iam')"),
    ],
    ids=[
        "no command",
        "unknown command",
        "question without demo",
        "time too fast",
        "negative port",
        "huge port",
        "auth",
    ],
)
def test_wrong_usage_exits_2(arguments: tuple[str, ...], complaint: str) -> None:
    ended = ran(*arguments)

    assert ended.returncode == 2
    assert complaint in ended.stderr


def test_env_prints_what_the_running_stack_says_of_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "WORK_DIR", tmp_path)
    stack_file.write(tmp_path / "stack.json", {"environment": {"AWS_REGION": "us-east-1"}})

    assert command_line.main(["env"]) == 0

    assert capsys.readouterr().out == "unset AWS_PROFILE AWS_SESSION_TOKEN\nexport AWS_REGION=us-east-1\n"


@pytest.mark.parametrize(
    ("authorization", "told"),
    [
        (Authorization.NONE, ["make chat   (in another terminal)"]),
        (Authorization.JWT, ["a token in its settings", "SELADOR_TOKEN=$(make -s token SUB=alice) make chat"]),
        (Authorization.IAM, ["a signed URL in its settings", 'make chat URL="<signed>"']),
    ],
)
def test_whoever_starts_a_stack_is_told_how_to_ask_it(authorization: Authorization, told: list[str]) -> None:
    welcome = command_line.welcome("ws://127.0.0.1:9000/abc/local", authorization, Path("logs"))

    assert "http://127.0.0.1:9000/ " in welcome
    assert [words for words in told if words not in welcome] == []


def test_a_demo_names_the_page_of_make_local_and_not_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A demo takes another port if somebody else has 8787, and it has ended when its last line is read."""

    class Process:
        @contextlib.asynccontextmanager
        async def while_running(self) -> AsyncIterator[None]:
            yield

    class Running:
        websocket_url = "ws://127.0.0.1:8791/abc/local"
        control_plane_process = Process()

    @contextlib.asynccontextmanager
    async def running(*_: object, **__: object) -> AsyncIterator[Running]:
        yield Running()

    async def ask(*_: object) -> bool:
        return True

    monkeypatch.setattr(command_line, "running", running)
    monkeypatch.setattr("selador_client.demo.ask", ask)

    assert command_line.main(["demo"]) == 0

    assert capsys.readouterr().out.endswith("a page to ask from: http://127.0.0.1:8787/\n")


def test_without_a_stack_env_fails_and_prints_nothing_to_evaluate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "WORK_DIR", tmp_path)

    assert command_line.main(["env"]) == 1

    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "\nno stack is running; start one with make local\n")


def test_a_token_is_the_running_stacks_issuers_and_for_whom_one_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "WORK_DIR", tmp_path)
    variables = dict(terraform_variables(Authorization.JWT, 8790))
    stack_file.write(tmp_path / "stack.json", {"terraformVariables": variables})

    assert command_line.main(["token", "--subject", "alice"]) == 0

    claims = jwt.decode(capsys.readouterr().out.strip(), options={"verify_signature": False})
    assert (claims["sub"], claims["iss"]) == ("alice", "https://127.0.0.1:8790")


def test_a_token_for_nobody_is_not_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "WORK_DIR", tmp_path)
    stack_file.write(tmp_path / "stack.json", {"terraformVariables": {"authorization": "jwt"}})

    assert command_line.main(["token", "--subject", ""]) == 1

    assert capsys.readouterr().err == "\nSUB is missing; give SUB=<whom the token is for>\n"


def test_a_stack_that_takes_no_tokens_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "WORK_DIR", tmp_path)
    stack_file.write(tmp_path / "stack.json", {"terraformVariables": {"authorization": "none"}})

    assert command_line.main(["token", "--subject", "alice"]) == 1

    assert "takes no tokens; start it with make local AUTH=jwt" in capsys.readouterr().err


def test_an_error_of_the_stack_is_a_sentence_and_exits_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextlib.asynccontextmanager
    async def running(*_: object, **__: object) -> AsyncIterator[None]:
        raise ControlPlaneError("the control plane answered 403 to authorize")
        yield

    monkeypatch.setattr(command_line, "running", running)

    assert command_line.main(["up"]) == 1

    assert capsys.readouterr().err == "\nthe control plane answered 403 to authorize\n"


def test_a_work_folder_of_ones_own_is_used_whatever_the_current_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    used: list[object] = []

    @contextlib.asynccontextmanager
    async def running(*_: object, work_dir: Path, **__: object) -> AsyncIterator[None]:
        used.append(work_dir)
        raise ControlPlaneError("enough seen")
        yield

    monkeypatch.setattr(command_line, "running", running)
    monkeypatch.chdir(tmp_path)

    command_line.main(["up", "--work-dir", "mine"])

    assert used == [tmp_path / "mine"]
