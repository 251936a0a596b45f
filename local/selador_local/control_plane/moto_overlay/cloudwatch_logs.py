"""CloudWatch Logs: moto keeps groups and streams, `EventStore` their events. Some lines are metrics, too (CW-11)."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogGroup
from moto.logs.models import LogStream as MotoStream
from moto.logs.responses import LogsResponse as MotoResponse

from selador_local.clock import StackClock
from selador_local.cloudwatch.datum import Datum
from selador_local.cloudwatch.embedded_metric_format import embedded_metrics
from selador_local.cloudwatch.metric_store import MetricStore
from selador_local.cloudwatch_logs import filter_pattern, insights_query
from selador_local.cloudwatch_logs.event_store import EventStore, LogEvent, of_streams
from selador_local.cloudwatch_logs.filter_pattern import FilterPatternError
from selador_local.cloudwatch_logs.insights_expressions import MalformedQueryError
from selador_local.control_plane.front_door.refusals import unsupported

_MAX_EVENTS = 10_000  # of a call of PutLogEvents, FilterLogEvents or GetLogEvents (CW-41)
_MAX_QUERIES = 100  # whose results are kept
_DAY_MS = 24 * 60 * 60 * 1000
_OLDEST_MS = 14 * _DAY_MS  # PutLogEvents takes no older events (CW-41)
_NEWEST_MS = 2 * 60 * 60 * 1000  # nor any further in the future (CW-41)


class LogStream(MotoStream):  # type: ignore[misc] # moto is untyped
    """Gap: moto's stream searches all of its events to describe itself."""

    first_timestamp: int | None = None
    last_timestamp: int | None = None
    last_ingested_at: int | None = None

    def took(self, timestamps: Sequence[int], now: int) -> None:
        """Keep the facts of events that came in."""
        self.first_timestamp = min([*timestamps, *([self.first_timestamp] if self.first_timestamp else [])])
        self.last_timestamp = max([*timestamps, self.last_timestamp or 0])
        self.last_ingested_at = now

    def to_describe_dict(self) -> dict[str, Any]:
        described: dict[str, Any] = super().to_describe_dict()
        facts = {
            "firstEventTimestamp": self.first_timestamp,
            "lastEventTimestamp": self.last_timestamp,
            "lastIngestionTime": self.last_ingested_at,
        }
        return described | {name: value for name, value in facts.items() if value is not None}


class LogsApi(MotoResponse):  # type: ignore[misc] # moto is untyped
    """Gaps: no bound, no retention and no JSON in filter patterns; a key only at a log group's creation."""

    clock = StackClock()
    events = EventStore()
    metrics = MetricStore()
    _results: dict[str, tuple[list[insights_query.Row], int]] = {}  # noqa: RUF012 # of all requests
    """The rows of each query, and the number of events that it scanned."""

    def associate_kms_key(self) -> str:
        return self._set_key(self._get_param("kmsKeyId"))

    def disassociate_kms_key(self) -> str:
        return self._set_key(None)

    def delete_log_group(self) -> str:
        self.events.forget(self._get_param("logGroupName"))
        return str(super().delete_log_group())

    def delete_log_stream(self) -> str:
        self.events.forget(self._get_param("logGroupName"), self._get_param("logStreamName"))
        return str(super().delete_log_stream())

    def put_log_events(self) -> str:
        group, name = self._group(), self._get_param("logStreamName")
        stream = group.streams.get(name)
        if stream is None:
            raise ResourceNotFoundException("The specified log stream does not exist.")
        sent: list[dict[str, Any]] = self._get_param("logEvents")
        timestamps = [event["timestamp"] for event in sent]
        if timestamps != sorted(timestamps):
            raise InvalidParameterException(
                "Log events in a single PutLogEvents request must be in chronological order."
            )
        if len(sent) > _MAX_EVENTS:
            raise InvalidParameterException(f"{len(sent)} log events; the limit is {_MAX_EVENTS}.")
        now = self._now_ms()
        too_old = sum(timestamp < now - _OLDEST_MS for timestamp in timestamps)
        too_new = sum(timestamp > now + _NEWEST_MS for timestamp in timestamps)
        taken = sent[too_old : len(sent) - too_new]
        if taken:
            self.events.put(group.name, name, [(event["timestamp"], event["message"]) for event in taken], now)
            if group.retention_in_days:
                self.events.expire(group.name, before=now - int(group.retention_in_days) * _DAY_MS)
            stream.took([event["timestamp"] for event in taken], now)
            self._extract_metrics(group.name, [event["message"] for event in taken], now / 1000)
        rejected = {}
        if too_old:
            rejected["tooOldLogEventEndIndex"] = too_old
        if too_new:
            rejected["tooNewLogEventStartIndex"] = len(sent) - too_new
        answer = {"nextSequenceToken": str(uuid.uuid4())}
        return json.dumps(answer | ({"rejectedLogEventsInfo": rejected} if rejected else {}))

    def filter_log_events(self) -> str:
        group = self._group()
        try:
            matches = filter_pattern.compiled(self._get_param("filterPattern") or "")
        except FilterPatternError as error:
            raise InvalidParameterException(str(error)) from None
        found = self.events.read(group.name, self._get_param("startTime"), self._get_param("endTime"))
        streams = of_streams(found, self._get_param("logStreamNames") or [], self._get_param("logStreamNamePrefix"))
        after = _position(self._get_param("nextToken"))
        matching = [event for event in streams if _key(event) > after and matches(event.message)]
        limit = self._limit()
        answer: dict[str, Any] = {
            "events": [
                {"logStreamName": event.stream, "eventId": f"{event.number:056d}"} | _told(event)
                for event in matching[:limit]
            ],
            "searchedLogStreams": [],
        }
        if len(matching) > limit:
            answer["nextToken"] = _token(matching[limit - 1])
        return json.dumps(answer)

    def get_log_events(self) -> str:
        group, name = self._group(), self._get_param("logStreamName")
        if name not in group.streams:
            raise ResourceNotFoundException("The specified log stream does not exist.")
        found = self.events.read(group.name, self._get_param("startTime"), self._get_param("endTime"))
        events = [event for event in found if event.stream == name]
        direction, _, position = (self._get_param("nextToken") or "").partition("/")
        limit = self._limit()
        if direction == "f":
            page = [event for event in events if _key(event) > _position(position)][:limit]
        elif direction == "b":
            page = [event for event in events if _key(event) < _position(position)][-limit:]
        else:
            page = events[:limit] if self._get_param("startFromHead") else events[-limit:]
        # At either end the token is the one that was sent: so a reader sees that nothing is left.
        return json.dumps(
            {
                "events": [_told(event) for event in page],
                "nextForwardToken": f"f/{_token(page[-1]) if page else position or '0-0'}",
                "nextBackwardToken": f"b/{_token(page[0]) if page else position or '0-0'}",
            }
        )

    def start_query(self) -> str:
        if self._get_param("queryLanguage") not in {None, "CWLI"}:
            raise unsupported(
                f"queries in {self._get_param('queryLanguage')}; CWLI, Logs Insights' own language, runs here"
            )
        names = self._get_param("logGroupNames") or self._get_param("logGroupIdentifiers") or []
        groups = [self._group(name) for name in names] or [self._group()]
        start, end = self._get_param("startTime") * 1000, self._get_param("endTime") * 1000 + 999
        limit = self._get_param("limit") or insights_query.MAX_RESULTS
        events = [(event, group.name) for group in groups for event in self.events.read(group.name, start, end)]
        try:
            rows = insights_query.run(self._get_param("queryString"), events, limit)
        except MalformedQueryError as error:
            raise JsonRESTError("MalformedQueryException", str(error)) from None
        query_id = str(uuid.uuid4())
        self._results[query_id] = rows, len(events)
        for oldest in list(self._results)[:-_MAX_QUERIES]:
            del self._results[oldest]
        return json.dumps({"queryId": query_id})

    def get_query_results(self) -> str:
        query_id = self._get_param("queryId")
        if query_id not in self._results:
            raise ResourceNotFoundException(f"The query {query_id} does not exist.")
        rows, scanned = self._results[query_id]
        results = [[{"field": name, "value": value} for name, value in row.items()] for row in rows]
        statistics = {"recordsMatched": len(rows), "recordsScanned": scanned, "bytesScanned": 0}
        return json.dumps({"results": results, "statistics": statistics, "status": "Complete"})

    def describe_queries(self) -> str:
        raise unsupported("DescribeQueries: a query is complete when StartQuery returns")

    def start_live_tail(self) -> str:
        raise unsupported("StartLiveTail; FilterLogEvents and `aws logs tail` run here")

    def _set_key(self, key_arn: str | None) -> str:
        self._group().kms_key_id = key_arn
        return ""

    def _group(self, name_or_arn: str | None = None) -> LogGroup:
        wanted = name_or_arn or self._get_param("logGroupName") or self._get_param("logGroupIdentifier") or ""
        name = wanted.split(":log-group:")[-1].removesuffix(":*")
        group = self.logs_backend.groups.get(name)
        if group is None:
            raise ResourceNotFoundException
        return group

    def _limit(self) -> int:
        limit = int(self._get_param("limit") or _MAX_EVENTS)
        if not 1 <= limit <= _MAX_EVENTS:
            raise InvalidParameterException(f"limit is {limit}; it must be between 1 and {_MAX_EVENTS}.")
        return limit

    def _extract_metrics(self, group: str, messages: list[str], now: float) -> None:
        for message in messages:
            found = embedded_metrics(message)
            self.metrics.put(found.data)
            if found.invalid:
                dimensions = (("LogGroupName", group),)
                errors = Datum(
                    "AWS/Logs", "EMFValidationErrors", dimensions, now, "Count", (float(found.invalid),), (1,)
                )
                self.metrics.put([errors])  # the line stays, its metric is dropped (CW-16)

    def _now_ms(self) -> int:
        return int(self.clock.time() * 1000)


def _told(event: LogEvent) -> dict[str, Any]:
    return {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested_at}


def _key(event: LogEvent) -> tuple[int, int]:
    return event.timestamp, event.number


def _token(event: LogEvent) -> str:
    return f"{event.timestamp}-{event.number}"


def _position(token: str | None) -> tuple[int, int]:
    """Return the place in a group's order that a token names; without one, the place before all events."""
    if not token:
        return (0, 0)
    timestamp, _, number = token.partition("-")
    try:
        return int(timestamp), int(number)
    except ValueError:
        raise InvalidParameterException("The specified nextToken is invalid.") from None
