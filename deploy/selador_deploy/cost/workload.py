"""What is asked of the service in a month, as a person gives it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from selador_deploy.errors import DeployError

DAYS = 30.4
"""Days in a month."""

MOST_REQUESTS = 100_000_000
_NUMBER = re.compile(r"(\d+|\d{1,3}(,\d{3})+)(\.\d+)?(e\d{1,2})?", re.ASCII)
"""With commas between thousands alone: 2,5 is two and a half to half of the world."""
_TIER = "beyond it AWS's lower tiers count, which this table of prices doesn't have"
ARCHITECTURES = ("arm64", "x86_64")
AUTHORIZATIONS = ("none", "iam", "jwt")


@dataclass(frozen=True)
class Workload:
    """A month's requests. Each has a connection of its own, so that nothing is left out."""

    requests: float
    tokens_in: float = 3_000
    """What the model reads for an answer: the question and the passages that were found."""
    tokens_out: float = 400
    answer_seconds: float = 10
    """How long main works on a request, from its beginning to the last word."""
    first_words_seconds: float = 3
    """How much of that passes before the first word."""
    connection_minutes: float = 5
    memory_mb: float | None = None
    """Main's memory; None for what Terraform gives it."""
    architecture: str = "arm64"
    authorization: str = "iam"
    own_key: bool = False

    @property
    def writing_seconds(self) -> float:
        """How long the answer streams."""
        return self.answer_seconds - self.first_words_seconds


@dataclass(frozen=True)
class Limit:
    """What a number may be, and why."""

    least: float
    most: float
    why: str


LIMITS: Mapping[str, Limit] = {
    "requests": Limit(1, MOST_REQUESTS, _TIER),
    "requests_a_day": Limit(1, MOST_REQUESTS / DAYS, _TIER),
    "tokens_in": Limit(1, 1_000_000, "no model here reads more"),
    "tokens_out": Limit(1, 65_536, "Bedrock generates no more for a question"),
    "answer_seconds": Limit(0.1, 900, "Lambda stops a function after a quarter of an hour"),
    "first_words_seconds": Limit(0, 900, "Lambda stops a function after a quarter of an hour"),
    "connection_minutes": Limit(0.1, 120, "API Gateway closes a connection after two hours"),
    "memory_mb": Limit(128, 10_240, "Lambda gives no other"),
}
"""By the name of the option."""


def read_number(option: str, text: str) -> float:
    """Return the number that an option was given. Raises DeployError, exit status 2, if it is none or out of bounds."""
    limit = LIMITS[option]
    number = float(text.replace(",", "")) if _NUMBER.fullmatch(text) else float("nan")
    if not limit.least <= number <= limit.most:
        raise DeployError(
            f"{option.upper()} is {text!r}; it takes {limit.least:,g} to {limit.most:,.10g}: {limit.why}",
            "give a number of these, such as 1,500 or 2.5",
            status=2,
        )
    return number


def read_choice(option: str, text: str, choices: tuple[str, ...]) -> str:
    """Return what an option was given. Raises DeployError, exit status 2, if it isn't one of the choices."""
    if text not in choices:
        raise DeployError(f"{option.upper()} is {text!r}", f"give one of {', '.join(choices)}", status=2)
    return text
