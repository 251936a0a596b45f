"""How flags are read: the command line wins over the environment, and nothing is guessed."""

from collections.abc import Mapping

import pytest

from selador_deploy.command import Command, Flag, parse
from selador_deploy.errors import DeployError

ENV = Flag("env", "the environment", "NAME", required=True)
ALLOW_DESTROY = Flag("allow-destroy", "addresses", "ADDRESSES")
JSON = Flag("json", "print JSON", parameter="as_json")


def plan(env: str) -> None:
    """Stand for a command's function."""


PLAN = Command("plan", plan, "plan ENV", (ENV, ALLOW_DESTROY, JSON))
SHOW = Command("show", plan, "show ENV", (ENV,))


def options(*arguments: str, environ: Mapping[str, str]) -> dict[str, str | bool | None]:
    command, found = parse((PLAN, SHOW), ["plan", *arguments], environ, "a description")
    assert command is PLAN
    return found


def test_flags_reach_the_function_by_its_own_names() -> None:
    found = options("--env", "dev", "--allow-destroy", "a b", "--json", environ={})

    assert found == {"env": "dev", "allow_destroy": "a b", "as_json": True}


def test_what_is_not_given_comes_from_the_environment() -> None:
    environ = {"SELADOR_ENV": "dev", "SELADOR_ALLOW_DESTROY": "a b", "SELADOR_JSON": "1"}

    assert options(environ=environ) == {"env": "dev", "allow_destroy": "a b", "as_json": True}


def test_the_command_line_wins_over_the_environment() -> None:
    assert options("--env", "dev", environ={"SELADOR_ENV": "prod"})["env"] == "dev"


def test_an_empty_variable_is_none() -> None:
    environ = {"SELADOR_ENV": "dev", "SELADOR_ALLOW_DESTROY": "", "SELADOR_JSON": ""}

    assert options(environ=environ) == {"env": "dev", "allow_destroy": None, "as_json": False}


def test_a_variable_without_the_prefix_does_not_count() -> None:
    """The shell's own ENV names a start file, and a pipeline has its own RELEASE."""
    assert options("--env", "dev", environ={"JSON": "1", "ENV": "/etc/profile"})["as_json"] is False


@pytest.mark.parametrize("environ", [{}, {"SELADOR_ENV": ""}], ids=["missing", "empty"])
def test_a_flag_that_is_needed_is_asked_for_by_the_name_that_make_has(environ: dict[str, str]) -> None:
    with pytest.raises(DeployError) as raised:
        options(environ=environ)

    assert str(raised.value) == "ENV is missing; give ENV=NAME"
    assert raised.value.status == 2


@pytest.mark.parametrize("value", ["0", "yes", "1; touch x"])
def test_a_switch_is_1_or_nothing(value: str) -> None:
    with pytest.raises(DeployError) as raised:
        options("--env", "dev", environ={"SELADOR_JSON": value})

    assert str(raised.value) == f"JSON is {value!r}; give JSON=1, or none"
    assert raised.value.status == 2


@pytest.mark.parametrize("arguments", [[], ["no-such-command"], ["show", "--json"]])
def test_what_no_command_has_is_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse((PLAN, SHOW), arguments, {"SELADOR_ENV": "dev"}, "a description")

    assert ended.value.code == 2


def test_a_command_says_what_it_does_and_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse((PLAN, SHOW), ["plan", "--help"], {}, "a description")

    printed = capsys.readouterr().out
    assert "plan ENV" in printed
    assert "--allow-destroy ADDRESSES" in printed
