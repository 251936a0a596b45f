"""Whose fault a refusal of AWS's is, and what it has cost: values in, an error in the agents' terms out."""

import json
import re
from collections.abc import Sequence
from typing import Literal

from botocore.exceptions import ClientError, EventStreamError

from selador_main.agents.agent import AgentFailedError, DeploymentFaultError, NotReadyError

Verdict = Literal["throttled", "unready", "failed", "deployment"]

# The exceptions that Bedrock (BR-12, BR-21) and AgentCore model, without the "Exception" that ends each name. Inside a
# stream names begin with a lower-case letter (BR-25), so all are compared in lower case.
_VERDICTS: dict[str, Verdict] = {
    "limitexceeded": "throttled",
    "servicequotaexceeded": "throttled",
    "throttling": "throttled",
    "toomanyrequests": "throttled",
    "badgateway": "unready",
    "internalserver": "unready",
    "modelnotready": "unready",
    "retryableconflict": "unready",
    "serviceunavailable": "unready",
    "accessdenied": "deployment",
    "resourcenotfound": "deployment",
    "validation": "deployment",  # what a client can get wrong was judged at the door
    "conflict": "failed",
    "dependencyfailed": "failed",
    "modelerror": "failed",
    "modelstreamerror": "failed",
    "modeltimeout": "failed",  # the model has worked on it, so it may be paid
    "runtimeclienterror": "failed",
}
_FAILED_STATUSES = {408, 409, 424}

# A knowledge base tells by a ValidationException that its Aurora cluster wakes up, and others' throttles by names that
# say nothing of one: only the message tells.
_RESUMING = re.compile(r"\bresum(?:e|es|ing)\b|\bauto-?paused\b", re.IGNORECASE)
_THROTTLED = re.compile(
    r"throttl|too ?many ?requests|too many tokens, please wait|service ?quota ?exceeded|rate (?:exceeded|is too high)"
    r"|status code:? 429",
    re.IGNORECASE,
)

_REPEATED_CHARACTERS = 12
"""A message that has so many characters in a row in common with what was asked may quote it."""

_MESSAGE_CHARACTERS = 300


def failure_of(error: ClientError, asked: str, texts: Sequence[str], *, begun: bool) -> AgentFailedError:
    """Return the agents' error for AWS's. `asked` names who refused; `begun`: an event of its answer has arrived.

    `texts` were asked and may not be logged.
    """
    message = unquoted(error.response["Error"].get("Message", ""), texts)
    request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
    name = f"{error.response['Error']['Code']} {request_id}".rstrip()
    reason = f"{asked}: {name}: {message}".rstrip(": ")
    verdict = _verdict(error, message)
    if verdict == "deployment":
        return DeploymentFaultError(reason=reason)
    failure = AgentFailedError if begun or verdict == "failed" else NotReadyError
    return failure("throttled" if verdict == "throttled" else "unavailable", reason=reason)


def error_kind(error: ClientError) -> str:
    """Return the error's code as it can be compared: `ThrottlingException`, `throttlingException` → `throttling`."""
    return error.response["Error"]["Code"].lower().removesuffix("exception")


def says_throttled(words: str) -> bool:
    """Whether `words`, an error's name or message, tell of a quota that is used up."""
    return _THROTTLED.search(words) is not None


def unquoted(message: str, texts: Sequence[str]) -> str:
    """Return `message` as far as it repeats nothing of `texts`, in one line and not too long.

    AWS puts what it refuses behind a fixed beginning, and escapes it as JSON now and then.
    """
    words = " ".join(message.split())
    shown = words[:_MESSAGE_CHARACTERS]
    forms = [" ".join(form.split()).casefold() for text in texts for form in (text, json.dumps(text)[1:-1])]
    for start in range(len(shown)):
        run = words[start : start + _REPEATED_CHARACTERS].casefold()
        if any(_repeats(run, form) for form in forms):
            return f"{words[:start]}…"
    return words if shown == words else f"{shown}…"


def _repeats(run: str, form: str) -> bool:
    if len(form) < _REPEATED_CHARACTERS:
        return form != "" and run.startswith(form)
    return len(run) >= _REPEATED_CHARACTERS and run in form


def _verdict(error: ClientError, message: str) -> Verdict:
    known = _VERDICTS.get(error_kind(error)) or _verdict_on_unknown(error)
    if known in {"failed", "deployment"}:
        if _RESUMING.search(message):
            return "unready"
        if says_throttled(message):
            return "throttled"
    return known


def _verdict_on_unknown(error: ClientError) -> Verdict:
    if isinstance(error, EventStreamError):
        return "failed"  # to botocore, every exception inside a stream has status 400
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if status == 429:
        return "throttled"
    if status >= 500:
        return "unready"
    return "failed" if status in _FAILED_STATUSES else "deployment"
