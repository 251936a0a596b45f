"""Functions' own policies, by function and qualifier: who may invoke an alias.

moto keeps a policy with a version, and an alias's with the version that it points at: it is gone once the alias moves.
On AWS it is the alias's own.
"""

from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.awslambda.policy import Policy


class FunctionPolicies:
    """The policies of one account and region. An empty qualifier stands for the function itself."""

    def __init__(self) -> None:
        self._policies: dict[tuple[str, str], Policy] = {}

    def of(self, function: LambdaFunction, qualifier: str) -> Policy:
        """Return the policy, an empty one at first."""
        key = (function.function_name, qualifier)
        if key not in self._policies:
            self._policies[key] = Policy(function)
        return self._policies[key]

    def forget(self, function_name: str, qualifier: str | None = None) -> None:
        """Remove a qualifier's policy, or all of a function that is gone."""
        for name, one in list(self._policies):
            if name == function_name and qualifier in {None, one}:
                del self._policies[name, one]


def split(name_or_arn: str, qualifier: str | None) -> tuple[str, str]:
    """Return the name and the qualifier of `main`, `main:live` or an ARN of either."""
    parts: list[Any] = name_or_arn.split(":")
    if name_or_arn.startswith("arn:"):
        parts = parts[6:]
    return parts[0], qualifier or (parts[1] if len(parts) > 1 else "")
