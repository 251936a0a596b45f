"""`make hurt`: who was hurt since when: endings, users, connections, requests."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import sleep

from selador_deploy.deployment import Deployment
from selador_deploy.operations.deployed_service import find_service
from selador_deploy.operations.harm import HANDLER_QUERY, MAIN_QUERY, Harm, Hurt, grouped, harm_of
from selador_deploy.operations.insights import MAX_ROWS, Insights
from selador_deploy.operations.spans import parse_span, span
from selador_deploy.operations.tables import Color, painted, table
from selador_deploy.progress import say

_DEFAULT_SINCE = "1h"
_LISTED = 20
_LONGEST_RUN_SECONDS = 900  # of a Lambda function


def hurt(deployment: Deployment, *, since: str | None, as_json: bool) -> None:
    """Print whose requests failed."""
    reach = parse_span(since or _DEFAULT_SINCE, "SINCE")
    service = find_service(deployment)
    logs, now = deployment.make_client("logs"), deployment.now()
    handler_log, main_log = (Insights(logs, [group], sleep) for group in service.function_groups)
    harm = harm_of(
        handler_log.rows(HANDLER_QUERY, now - reach, now),
        main_log.rows(MAIN_QUERY, now - reach, now),
        now,
        timedelta(seconds=service.max_age_seconds + _LONGEST_RUN_SECONDS),
    )
    if handler_log.is_cut or main_log.is_cut:
        say(f"a second of the log had more than {MAX_ROWS:,} lines: some requests are left out")
    if as_json:
        print(json.dumps(_document(harm, service.environment, now - reach), indent=2))
        return
    for line in report(harm, service.environment, since or _DEFAULT_SINCE, now, colored=deployment.terraform.color):
        print(line)


def report(harm: Harm, environment: str, since: str, now: datetime, *, colored: bool) -> list[str]:
    """Return the lines: by ending, by user, the requests, and how the others ended."""
    place = f"in {environment} in the last {since}"
    if not harm.hurt:
        return [painted(f"nobody was hurt {place}", Color.GREEN, colored=colored), _others(harm)]
    counts = f"{len(harm.hurt):,} request{'s' * (len(harm.hurt) != 1)}"
    lines = [painted(f"{counts} failed {place}", Color.BOLD, colored=colored), ""]
    lines += table(
        ("requests", "users", "connections", "first", "last", "ending"),
        [
            (f"{len(some):,}", _users(some), f"{len({one.connection_id for one in some}):,}", *_ages(some, now), ending)
            for ending, some in grouped(harm.hurt, lambda one: one.ending).items()
        ],
        colored=colored,
    )
    by_user = grouped(harm.hurt, lambda one: (one.principal_id, "" if one.principal_id else one.connection_id))
    lines += [
        "",
        *table(
            ("user", "connections", "requests", "last", "which"),
            [
                (
                    user or f"unknown, on {connection_id}",
                    f"{len({one.connection_id for one in some}):,}",
                    f"{len(some):,}",
                    _ages(some, now)[1],
                    _ids(some),
                )
                for (user, connection_id), some in list(by_user.items())[:_LISTED]
            ],
            colored=colored,
        ),
    ]
    if len(by_user) > _LISTED:
        lines.append(f"  … and {len(by_user) - _LISTED:,} more; JSON=1 lists all")
    return [
        *lines,
        "",
        _others(harm),
        f"one request's life: make trace ENV={environment} REQUEST={harm.hurt[-1].request_id}",
    ]


def _users(some: Sequence[Hurt]) -> str:
    known = {one.principal_id for one in some} - {""}
    return f"{len(known):,}" if known else "unknown"


def _ages(some: Sequence[Hurt], now: datetime) -> tuple[str, str]:
    first, last = min(one.at for one in some), max(one.at for one in some)
    return f"{span((now - first).total_seconds())} ago", f"{span((now - last).total_seconds())} ago"


def _ids(some: Sequence[Hurt]) -> str:
    ids = [one.request_id for one in some]
    return f"{', '.join(ids[:3])}{f' and {len(ids) - 3:,} more' if len(ids) > 3 else ''}"


def _others(harm: Harm) -> str:
    words = [f"{count:,} {outcome.lower()}" for outcome, count in sorted(harm.ended.items(), key=lambda item: -item[1])]
    words += [f"{harm.under_way:,} under way"] if harm.under_way else []
    if harm.answered_after_all:
        words.append(f"{harm.answered_after_all:,} of these answered after all, having failed before")
    return f"the others: {', '.join(words) or 'none'}"


def _document(harm: Harm, environment: str, since: datetime) -> dict[str, object]:
    return {
        "environment": environment,
        "since": since.isoformat(timespec="seconds"),
        "hurt": [
            {
                "requestId": one.request_id,
                "connectionId": one.connection_id,
                "principalId": one.principal_id or None,
                "ending": one.ending,
                "at": one.at.isoformat(timespec="milliseconds"),
            }
            for one in harm.hurt
        ],
        "others": dict(harm.ended),
        "underWay": harm.under_way,
        "answeredAfterAll": harm.answered_after_all,
    }
