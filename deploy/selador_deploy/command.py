"""What a command is, and how its flags are read: from the command line, or else from the environment.

`make` passes its variables on through the environment, so that nothing reads them as code: RELEASE=… becomes
SELADOR_RELEASE, which stands for `--release`. A flag on the command line wins. An empty variable is none.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selador_deploy.errors import DeployError

PREFIX = "SELADOR_"
USAGE_STATUS = 2


@dataclass(frozen=True)
class Flag:
    """An option of a command. One with a `placeholder` takes a value; one without is a switch."""

    name: str
    help: str
    placeholder: str = ""
    parameter: str = ""
    """What the function calls it, if not by its name."""
    required: bool = False

    @property
    def variable(self) -> str:
        """How `make` has it: `ALLOW_DESTROY` for `--allow-destroy`."""
        return self.name.upper().replace("-", "_")

    @property
    def keyword(self) -> str:
        """How the function has it: `allow_destroy`."""
        return self.parameter or self.name.replace("-", "_")

    @property
    def example(self) -> str:
        """How a person gives it to `make`."""
        return f"{self.variable}={self.placeholder or 1}"

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Let a parser know the flag."""
        if self.placeholder:
            parser.add_argument(f"--{self.name}", dest=self.keyword, metavar=self.placeholder, help=self.help)
        else:
            parser.add_argument(f"--{self.name}", dest=self.keyword, action="store_const", const="1", help=self.help)

    def value(self, given: str | None, environ: Mapping[str, str]) -> str | bool | None:
        """Return what was `given`, or else the environment's value. Raises DeployError, exit status 2."""
        text = given or environ.get(f"{PREFIX}{self.variable}") or None
        if self.required and text is None:
            raise DeployError(f"{self.variable} is missing", f"give {self.example}", status=USAGE_STATUS)
        if self.placeholder:
            return text
        if text not in {None, "1"}:
            raise DeployError(f"{self.variable} is {text!r}", f"give {self.example}, or none", status=USAGE_STATUS)
        return text is not None


@dataclass(frozen=True)
class Command:
    """A command. `function` gets what it works on and the flags by name; it returns the exit status, or None for 0."""

    name: str
    function: Callable[..., int | None]
    help: str
    flags: tuple[Flag, ...] = ()


def parse(
    commands: Sequence[Command], arguments: Sequence[str], environ: Mapping[str, str], description: str
) -> tuple[Command, dict[str, Any]]:
    """Return the command and its function's arguments by name.

    Usage errors exit with status 2, or raise a DeployError that has it.
    """
    parser = argparse.ArgumentParser(
        prog="python -m selador_deploy", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in commands:
        own = parsers.add_parser(command.name, help=command.help, description=command.help)
        for flag in command.flags:
            flag.add_to(own)
    given = vars(parser.parse_args(arguments))
    chosen = next(command for command in commands if command.name == given["command"])
    return chosen, {flag.keyword: flag.value(given[flag.keyword], environ) for flag in chosen.flags}
