"""The one base of this distribution's exceptions.

An error holds its facts as attributes and composes its sentence from them: what was found, the cause, the next step.
Only cli.py prints it and ends with its status.
"""


class DeployError(Exception):
    """A command can't go on.

    `problem` says what was found and what was expected, `next_step` what to do about it. The exception that this one is
    raised from, if any, is the cause and stands between them. `status` is the exit status.
    """

    def __init__(self, problem: str, next_step: str, *, status: int = 1) -> None:
        super().__init__(problem, next_step)
        self.problem = problem
        self.next_step = next_step
        self.status = status

    def __str__(self) -> str:
        cause = f": {self.__cause__}" if self.__cause__ else ""
        return f"{self.problem}{cause}; {self.next_step}"


class TerraformFailedError(DeployError):
    """Terraform ended with `status` and has said why, so that nothing is left to be printed."""

    def __init__(self, status: int) -> None:
        super().__init__(f"terraform ended with status {status}", "read what it says above", status=status)
