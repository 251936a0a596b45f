"""`make logs`: what functions and API write, as they write it, in one window until Ctrl-C."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from selador_deploy.deployment import Deployment
from selador_deploy.errors import DeployError
from selador_deploy.operations.asking import asking
from selador_deploy.operations.deployed_service import find_service
from selador_deploy.operations.interruption import stopped_by_signals
from selador_deploy.operations.log_line import COLORS, Level, LogLine, read_line
from selador_deploy.operations.spans import from_ms, parse_span
from selador_deploy.operations.tables import Color, painted
from selador_deploy.progress import say

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

_FOLLOWED = ("websocket_handler", "main", "authorizer", "api_access")
_POLL_SECONDS = 2  # five calls of FilterLogEvents a second are allowed to an account in a Region
_LATE = timedelta(seconds=30)
"""How much later than a newer line an older one may come."""

_DEFAULT_SINCE = "1m"
_WRITER_COLORS = {"handler": Color.CYAN, "main": Color.GREEN, "authorizer": Color.YELLOW}


def logs(deployment: Deployment, *, request: str | None, level: str | None, since: str | None) -> None:
    """Follow the logs, of one request if it is named, of this level and above. Ctrl-C ends it."""
    wanted = Wanted(request, _level(level))
    reach = parse_span(since or _DEFAULT_SINCE, "SINCE")
    service = find_service(deployment)
    groups = {
        service.log_groups[name]: service.writer(service.log_groups[name])
        for name in _FOLLOWED
        if name in service.log_groups
    }
    say(f"following {', '.join(groups.values())} in {service.environment}; Ctrl-C ends it")
    tail = Tail(deployment.make_client("logs"), groups, deployment.now() - reach)
    width = max(map(len, groups.values()))
    with stopped_by_signals() as stop, suppress(BrokenPipeError):
        while not stop.is_set():
            for line in wanted.of(tail.news()):
                print(shown(line, width, colored=deployment.terraform.color), flush=True)
            stop.wait(_POLL_SECONDS)
    say("no longer following")


@dataclass
class Tail:
    """The ends of some log groups, each with who writes to it."""

    client: "CloudWatchLogsClient"
    groups: Mapping[str, str]
    since: datetime

    def __post_init__(self) -> None:
        self._newest = dict.fromkeys(self.groups, self.since)
        self._known: dict[str, datetime] = {}

    def news(self) -> list[LogLine]:
        """Return the lines that weren't there before, in order."""
        found = [line for group in self.groups for line in self._of(group)]
        oldest = min(self._newest.values()) - _LATE
        self._known = {event_id: at for event_id, at in self._known.items() if at >= oldest}
        return sorted(found, key=lambda line: line.at)

    def _of(self, group: str) -> Iterator[LogLine]:
        start = max(self.since, self._newest[group] - _LATE)
        with asking("logs:FilterLogEvents", group):
            pages = self.client.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=int(start.timestamp() * 1000)
            )
            events = [event for page in pages for event in page["events"]]
        for event in events:
            if event["eventId"] in self._known:
                continue
            at = from_ms(event["timestamp"])
            self._known[event["eventId"]] = at
            self._newest[group] = max(self._newest[group], at)
            yield read_line(at, self.groups[group], event["message"])


@dataclass
class Wanted:
    """Which lines are shown. Of a request these are also Lambda's own on the invocations that worked on it."""

    request: str | None
    level: Level
    _invocations: set[str] = field(default_factory=set)

    def of(self, lines: Iterable[LogLine]) -> Iterator[LogLine]:
        """Yield the lines that are wanted."""
        for line in lines:
            if self._is_of_the_request(line) and line.level >= self.level:
                yield line

    def _is_of_the_request(self, line: LogLine) -> bool:
        if self.request is None:
            return True
        if line.request_id == self.request:
            if line.invocation:
                self._invocations.add(line.invocation)
            return True
        return line.request_id is None and line.invocation in self._invocations


def shown(line: LogLine, width: int, *, colored: bool) -> str:
    """Return a line for a terminal: time, writer, request, text."""
    clock = painted(f"{line.at:%H:%M:%S}.{line.at.microsecond // 1000:03d}", Color.DIM, colored=colored)
    writer = painted(line.writer.ljust(width), _WRITER_COLORS.get(line.writer, Color.DIM), colored=colored)
    about = f"{painted(line.request_id, Color.BOLD, colored=colored)}  " if line.request_id else ""
    return f"{clock}  {writer}  {about}{painted(line.text, COLORS[line.level], colored=colored)}"


def _level(text: str | None) -> Level:
    if text is None:
        return Level.INFO
    try:
        return Level[text.upper()]
    except KeyError:
        raise DeployError(
            f"LEVEL is {text!r}", f"use {', '.join(level.name.lower() for level in Level)}", status=2
        ) from None
