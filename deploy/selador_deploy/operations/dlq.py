"""`make dlq`: which requests are in the dead-letter queue, why, since when, and whether their clients still wait."""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from typing import Any

from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.operations.asking import DeniedError
from selador_deploy.operations.causes import NOT_IN_THE_LOG, causes
from selador_deploy.operations.dead_letter_queue import DeadLetterQueue
from selador_deploy.operations.deployed_service import DeployedService, find_service
from selador_deploy.operations.insights import Insights
from selador_deploy.operations.letter import DeadLetter
from selador_deploy.operations.presence import Presence, presence
from selador_deploy.operations.spans import span
from selador_deploy.operations.tables import Color, painted, table
from selador_deploy.progress import say

MOST_LETTERS = 10_000
_LISTED = 50
_TOLD_EVERY = 500
_ASKED_AT_ONCE = 8
_UNKNOWN_CAUSE = "unknown, since main's log can't be asked"


@dataclass(frozen=True)
class Diagnosis:
    """A letter, why it died, and whether its client is still there."""

    letter: DeadLetter
    cause: str
    client: Presence


def dlq(deployment: Deployment, *, show_text: bool, as_json: bool) -> None:
    """Print the dead letters, by cause and one by one. `show_text` prints the questions in them, too."""
    service = find_service(deployment)
    queue = DeadLetterQueue(deployment.make_client("sqs"), service.dead_letter_queue_url)
    letters, whole = read_letters(queue, keep_text=show_text)
    found = diagnose(letters, service, deployment)
    if as_json:
        print(json.dumps(_document(found, service, whole=whole, show_text=show_text), indent=2))
        return
    for line in report(
        found, service, deployment.now(), whole=whole, show_text=show_text, colored=deployment.terraform.color
    ):
        print(line)


def read_letters(queue: DeadLetterQueue, *, keep_text: bool) -> tuple[list[DeadLetter], bool]:
    """Return the letters, and whether these are all. Meanwhile tell how far it has come."""
    depth = queue.depth()
    letters: list[DeadLetter] = []

    def seen(letter: DeadLetter) -> None:
        letters.append(letter if keep_text else letter.without_body())
        if len(letters) % _TOLD_EVERY == 0:
            say(f"read {len(letters):,} of about {depth:,} dead letters")

    whole = queue.read(MOST_LETTERS, seen)
    return letters, whole


def diagnose(letters: Sequence[DeadLetter], service: DeployedService, deployment: Deployment) -> list[Diagnosis]:
    """Return what is known of each letter. What can't be asked is unknown, and is said once."""
    why = _causes(letters, service, deployment) if letters else {}
    clients = clients_of(letters, service, deployment)
    return [
        Diagnosis(
            letter,
            (letter.fault and f"no request of ours: {letter.fault}") or _cause(letter, why),
            clients[letter.message_id],
        )
        for letter in letters
    ]


def _cause(letter: DeadLetter, why: Mapping[str, str] | None) -> str:
    return _UNKNOWN_CAUSE if why is None else why.get(letter.message_id, NOT_IN_THE_LOG)


def _causes(
    letters: Sequence[DeadLetter], service: DeployedService, deployment: Deployment
) -> Mapping[str, str] | None:
    insights = Insights(deployment.make_client("logs"), [service.log_groups["main"]], sleep)
    try:
        return causes(insights, min(letter.sent_at for letter in letters), deployment.now())
    except DeployError as error:
        say(f"the causes are unknown: {error}")
        return None


def clients_of(
    letters: Sequence[DeadLetter], service: DeployedService, deployment: Deployment
) -> Mapping[str, Presence]:
    """Return whether each letter's client is connected, by message. What is no request has none that is known."""
    client = deployment.make_client("apigatewaymanagementapi", endpoint_url=service.callback_url)
    ids = sorted({letter.asked.connection_id for letter in letters if letter.asked})
    try:
        with ThreadPoolExecutor(_ASKED_AT_ONCE) as threads:
            found = dict(zip(ids, threads.map(lambda one: presence(client, one), ids), strict=True))
    except DeniedError as error:
        say(f"whether clients are connected is unknown: {error}")
        found = {}
    return {
        letter.message_id: found.get(letter.asked.connection_id, Presence.UNKNOWN) if letter.asked else Presence.UNKNOWN
        for letter in letters
    }


def report(
    found: Sequence[Diagnosis],
    service: DeployedService,
    now: datetime,
    *,
    whole: bool,
    show_text: bool,
    colored: bool,
) -> list[str]:
    """Return the lines: a table by cause, the letters, and what can be done about them."""
    name = service.environment
    if not found:
        return [f"the dead-letter queue of {name} is empty"]
    by_cause = _by_cause(found)
    numbers = {cause: number for number, cause in enumerate(by_cause, start=1)}
    shown = "" if whole else f", the first {MOST_LETTERS:,} of more"
    lines = [
        painted(f"{len(found):,} dead letter{'s' * (len(found) != 1)} in {name}{shown}", Color.BOLD, colored=colored),
        "",
    ]
    lines += table(
        ("#", "letters", "connected", "gone", "unknown", "oldest", "newest", "cause"),
        [_cause_row(numbers[cause], cause, some, now) for cause, some in by_cause.items()],
        colored=colored,
    )
    listed = sorted(found, key=lambda one: one.letter.asked_at)[:_LISTED]
    lines += ["", *_letters(listed, numbers, service, now, show_text=show_text, colored=colored)]
    if len(found) > len(listed):
        lines.append(f"  … and {len(found) - len(listed):,} newer ones; JSON=1 lists all")
    return [*lines, "", *_advice(found, name)]


def _by_cause(found: Iterable[Diagnosis]) -> dict[str, list[Diagnosis]]:
    groups: dict[str, list[Diagnosis]] = {}
    for one in found:
        groups.setdefault(one.cause, []).append(one)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def _cause_row(number: int, cause: str, some: Sequence[Diagnosis], now: datetime) -> tuple[str, ...]:
    ages = [(now - one.letter.asked_at).total_seconds() for one in some]
    counts = (f"{sum(one.client is presence for one in some):,}" for presence in Presence)
    return (str(number), f"{len(some):,}", *counts, span(max(ages)), span(min(ages)), cause)


def _letters(
    listed: Sequence[Diagnosis],
    numbers: Mapping[str, int],
    service: DeployedService,
    now: datetime,
    *,
    show_text: bool,
    colored: bool,
) -> list[str]:
    rows = [
        (
            one.letter.asked.request_id if one.letter.asked else "?",
            (one.letter.asked and one.letter.asked.principal_id) or "",
            f"{span((now - one.letter.asked_at).total_seconds())} ago",
            str(min(one.letter.receives, service.max_attempts)) if one.letter.asked else "",
            _useful(one.letter, service, now),
            one.client.value if one.letter.asked else "",
            str(numbers[one.cause]),
            one.letter.message_id,
        )
        for one in listed
    ]
    head, *lines = table(
        ("request", "user", "asked", "attempts", "useful life", "client", "cause", "message"), rows, colored=colored
    )
    if show_text:
        lines = [
            text for line, one in zip(lines, listed, strict=True) for text in (line, f"      {one.letter.question}")
        ]
    return [head, *lines]


def _useful(letter: DeadLetter, service: DeployedService, now: datetime) -> str:
    if letter.asked is None:
        return ""
    left = (letter.life_ended_at(service.max_age_seconds) - now).total_seconds()
    return f"{span(left)} left" if left > 0 else f"over for {span(-left)}"


def _advice(found: Sequence[Diagnosis], name: str) -> list[str]:
    counts = {state: sum(one.client is state and one.letter.asked is not None for one in found) for state in Presence}
    malformed = sum(one.letter.asked is None for one in found)
    lines = []
    if counts[Presence.CONNECTED]:
        lines.append(f"{counts[Presence.CONNECTED]:,} still waited for: remove the cause, then make redrive ENV={name}")
    if counts[Presence.GONE]:
        lines.append(f"{counts[Presence.GONE]:,} without a client: nobody would hear an answer")
    if malformed:
        lines.append(
            f"{malformed:,} that {'is' if malformed == 1 else 'are'} no request: another program wrote to the queue"
        )
    return lines


def _document(
    found: Sequence[Diagnosis], service: DeployedService, *, whole: bool, show_text: bool
) -> Mapping[str, Any]:
    letters = [
        {
            "messageId": one.letter.message_id,
            "requestId": one.letter.asked and one.letter.asked.request_id,
            "connectionId": one.letter.asked and one.letter.asked.connection_id,
            "principalId": one.letter.asked and one.letter.asked.principal_id,
            "askedAt": one.letter.asked_at.isoformat(timespec="milliseconds"),
            "usefulUntil": one.letter.life_ended_at(service.max_age_seconds).isoformat(timespec="milliseconds"),
            "receives": one.letter.receives,
            "client": one.client.value,
            "cause": one.cause,
            **({"question": one.letter.question} if show_text else {}),
        }
        for one in found
    ]
    return {"environment": service.environment, "whole": whole, "letters": letters}
