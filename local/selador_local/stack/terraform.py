"""Terraform for the environment `local`, as an engineer runs it for any other one."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selador_local.stack.commands import StackError, run

# With the authorizer goes its log group, which every plan has to be told of. The laptop's has nothing that is needed.
_MAY_GO = "module.authorizer[0].aws_cloudwatch_log_group.this"
_CHANGES = re.compile(r"^(?:local: )?(\d+ to .*|No changes.*)$", re.MULTILINE)  # a line of the plan's summary
_TRIES = 3
_DEPLOY = (sys.executable, "-m", "selador_deploy")


@dataclass(frozen=True)
class LocalTerraform:
    """Calls the project's own commands for the stack of `stack_file`.

    `variables` are those of Terraform that the stack decides.
    """

    stack_file: Path
    log: Path
    variables: Mapping[str, str]
    on_line: Callable[[str], None]

    async def __call__(self, command: str, *options: str, variables: Mapping[str, str] | None = None) -> str:
        """Run `python -m selador_deploy command`; return what it wrote to stdout. Raises StackError.

        `variables` are values of further Terraform variables: strings, or JSON for other types.
        """
        return await self._run([command, "--env", "local", *options], variables or {}, self.log, self.on_line)

    async def planned(self) -> dict[str, Any]:
        """Return the saved plan in Terraform's JSON; it lies in a log of its own, too. Raises StackError."""
        log = self.log.with_name("plan.log")
        log.unlink(missing_ok=True)
        plan: dict[str, Any] = json.loads(
            await self._run(["show", "--env", "local", "--json"], {}, log, lambda _: None)
        )
        return plan

    async def _run(
        self, arguments: list[str], variables: Mapping[str, str], log: Path, on_line: Callable[[str], None]
    ) -> str:
        # Without the user's own credentials: nothing here may reach a real account. The stack's are in its file.
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environ["SELADOR_STACK_FILE"] = str(self.stack_file)
        environ |= {f"TF_VAR_{name}": value for name, value in {**self.variables, **variables}.items()}
        return await run([*_DEPLOY, *arguments], environment=environ, log=log, on_line=on_line)

    async def plan(self) -> str:
        """Plan what differs from the last apply; return in a line what that is. Raises StackError."""
        found = _CHANGES.search(await self("plan", "--allow-destroy", _MAY_GO))
        return found[1] if found else ""

    async def apply(self) -> str:
        """Carry the plan out; return what was done in a line. Raises StackError.

        A file that is saved meanwhile makes the plan stale: then it is made again.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                applied = await self("apply")
            except StackError as error:
                if "nothing was applied" not in str(error) or not tries_left:
                    raise
                await self.plan()
            else:
                break
        return next(line for line in applied.splitlines() if line.startswith("Apply complete!"))
