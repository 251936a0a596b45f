"""The table of commands, and the one way out."""

import inspect
import os
import sys

import pytest

from selador_deploy import cli
from selador_deploy.cli import COMMANDS, ENV
from selador_deploy.command import Command

from .conftest import Run


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_function_of_a_row_takes_what_the_row_gives(command: Command) -> None:
    what, *parameters = inspect.signature(command.function).parameters.values()

    assert what.name == ("deployment" if ENV in command.flags else "terraform")
    assert {parameter.name for parameter in parameters} == {flag.keyword for flag in command.flags if flag != ENV}


def test_a_row_is_called_as_no_other() -> None:
    names = [command.name for command in COMMANDS]

    assert sorted(set(names)) == sorted(names)


def test_help_lists_every_command_with_its_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("--help")

    printed = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    assert all(f"{command.name} {command.help}" in printed for command in COMMANDS)


def test_an_unknown_environment_is_a_usage_error(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", "--env", "qa") == 2

    assert capsys.readouterr().err == "deploy: there is no environment 'qa'; use one of terraform/environments: dev\n"


def test_an_environment_is_needed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan") == 2

    assert capsys.readouterr().err == "deploy: ENV is missing; give ENV=NAME\n"


def test_a_reader_that_has_ended_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `make dlq | head`."""
    read_end, write_end = os.pipe()
    os.close(read_end)

    with os.fdopen(write_end, "w") as nobody_reads:
        monkeypatch.setattr(sys, "stdout", nobody_reads)
        assert run("doctor", "--env", "dev") == 1


def test_control_c_is_no_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "execute", interrupted)

    assert run("drift", "--env", "dev") == 130
    assert capsys.readouterr().err == "deploy: Ctrl-C ended it\n"
