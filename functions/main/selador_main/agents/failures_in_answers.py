"""The ways in which an agent says inside a 200 that it failed, whatever it was built with."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from selador_main.agents import foreign
from selador_main.agents.aws_refusals import says_throttled

_FAILED = re.compile(r"(?:error|exception|failed|failure)$")
_NAMES = ("type", "event", "status")
_FLAGS = ("ok", "success")
_STATUSES = ("status", "statusCode")
_ERRORS = {"error", "errorcode", "errormessage", "errors", "errortype"}
_ERRORS |= {"forcestop", "forcestopreason"}  # Strands' words
_WRAPPERS = ("data", "event", "output", "response", "result")


@dataclass(frozen=True)
class ToldFailure:
    """What was said of it: whether a quota is used up, and a name for the log, if one is given."""

    throttled: bool
    name: str | None = None

    def __str__(self) -> str:
        return f"the agent said that it failed{f': {self.name}' if self.name else ''}"


def told_by_name(name: str, words: str = "") -> ToldFailure | None:
    """Return the failure that an event's `name` tells of; `words` are what it says beside it."""
    if not _says_failed(name):
        return None
    return ToldFailure(says_throttled(f"{name} {words}"), foreign.name(name))


def told_by_members(value: Mapping[str, Any]) -> ToldFailure | None:
    """Return the failure that an object tells of: by a type that ends in error, by any member for an error.

    `{"error": null}` beside an answer tells of none.
    """
    names = [value[name] for name in _NAMES if isinstance(value.get(name), str)]
    errors = {member: error for member, error in value.items() if _is_error(member)}
    failed = (
        any(map(_says_failed, names))
        or any(errors.values())
        or any(value.get(flag) is False for flag in _FLAGS)
        or any((foreign.count(value.get(status)) or 0) >= 400 for status in _STATUSES)
        or ("" in errors.values() and not any(value.get(wrapper) for wrapper in _WRAPPERS))
    )
    if failed:
        said = [*names, *errors, *_texts({**errors, "code": value.get("code"), "message": value.get("message")})]
        kinds = [value.get("error_type"), value.get("errorType"), value.get("code"), *names, *errors]
        return ToldFailure(says_throttled(" ".join(said)), next(filter(None, map(foreign.name, kinds)), None))
    inner = (told_by_members(value[wrapper]) for wrapper in _WRAPPERS if isinstance(value.get(wrapper), dict))
    return next(filter(None, inner), None)


def _says_failed(name: str) -> bool:
    return _FAILED.search(re.sub("[^a-z]", "", name.lower())) is not None


def _is_error(member: str) -> bool:
    plain = re.sub("[^a-z]", "", member.lower())
    return plain in _ERRORS or plain.endswith("exception")


def _texts(values: Mapping[str, Any]) -> Iterator[str]:
    for value in values.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _texts(value)
