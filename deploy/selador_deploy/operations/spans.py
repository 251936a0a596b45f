"""Spans of time, as people write and read them. Pure."""

import re
from datetime import UTC, datetime, timedelta

from selador_deploy.errors import DeployError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_LONGEST = timedelta(days=3_653)
"""Ten years, the longest that CloudWatch Logs keeps a line; but for ever."""


def parse_span(text: str, variable: str) -> timedelta:
    """Return the span that `90m` and the like are. Raises DeployError, exit status 2."""
    found = _SPAN.fullmatch(text)
    length = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < length <= _LONGEST:
        raise DeployError(
            f"{variable} is {text!r}",
            f"give a number and s, m, h or d, as in {variable}=90m: more than nothing, and at most {_LONGEST.days:,}d",
            status=2,
        )
    return length


def span(seconds: float) -> str:
    """Return a span as a person says it, in its largest unit: `45 s`, `12 min`, `3 h`, `5 d`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def moment(at: datetime) -> str:
    """Return a time to the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def from_ms(epoch_ms: int) -> datetime:
    """Return the time that is `epoch_ms` milliseconds since the epoch."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
