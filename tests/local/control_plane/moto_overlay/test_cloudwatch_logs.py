"""Log groups, streams and events through boto3, against the running server."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

KEY = "arn:aws:kms:us-east-1:123456789012:key/a-key"
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def logs(server: Any) -> Any:
    return server.client("logs")


@pytest.fixture
def now() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def group(logs: Any, name: str) -> str:
    """A group with the streams `one` and `two`."""
    logs.create_log_group(logGroupName=name)
    for stream in ("one", "two"):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
    return name


def put(logs: Any, group: str, stream: str, *events: tuple[int, Any]) -> Any:
    entries = [
        {"timestamp": timestamp, "message": message if isinstance(message, str) else json.dumps(message)}
        for timestamp, message in events
    ]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=entries)


def messages(answer: Any) -> list[str]:
    return [event["message"] for event in answer["events"]]


def key_of(logs: Any, name: str) -> str | None:
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    key: str | None = group.get("kmsKeyId")
    return key


def test_a_key_is_given_to_a_log_group_that_exists_and_taken_away_again(logs: Any, name: str) -> None:
    logs.create_log_group(logGroupName=name)

    logs.associate_kms_key(logGroupName=name, kmsKeyId=KEY)
    assert key_of(logs, name) == KEY

    logs.disassociate_kms_key(logGroupName=name)
    assert key_of(logs, name) is None


def test_a_log_group_that_does_not_exist_has_no_key(logs: Any) -> None:
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.associate_kms_key(logGroupName="none", kmsKeyId=KEY)


def test_events_of_all_streams_are_found_by_pattern_and_time(logs: Any, group: str, now: int) -> None:
    put(logs, group, "one", (now - 30, {"requestId": "r-1"}), (now - 10, {"requestId": "r-2"}))
    put(logs, group, "two", (now - 20, {"requestId": "r-1", "level": "error"}))

    found = logs.filter_log_events(logGroupName=group, filterPattern='{ $.requestId = "r-1" }', startTime=now - 30)

    assert [json.loads(message) for message in messages(found)] == [
        {"requestId": "r-1"},
        {"requestId": "r-1", "level": "error"},
    ]
    assert [event["logStreamName"] for event in found["events"]] == ["one", "two"]
    assert messages(logs.filter_log_events(logGroupName=group, endTime=now - 30)) == ['{"requestId": "r-1"}']
    assert len(messages(logs.filter_log_events(logGroupName=group, logStreamNames=["two"]))) == 1
    assert len(messages(logs.filter_log_events(logGroupName=group, logStreamNamePrefix="o"))) == 2


def test_events_come_in_pages(logs: Any, group: str, now: int) -> None:
    put(logs, group, "one", *((now, str(number)) for number in range(5)))

    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 2})

    assert [messages(page) for page in pages] == [["0", "1"], ["2", "3"], ["4"]]


def test_a_stream_is_read_forwards_and_backwards(logs: Any, group: str, now: int) -> None:
    put(logs, group, "one", *((now, str(number)) for number in range(5)))
    stream = {"logGroupName": group, "logStreamName": "one", "limit": 2}

    newest = logs.get_log_events(**stream)
    older = logs.get_log_events(**stream, nextToken=newest["nextBackwardToken"])
    first = logs.get_log_events(**stream, startFromHead=True)
    second = logs.get_log_events(**stream, nextToken=first["nextForwardToken"])
    third = logs.get_log_events(**stream, nextToken=second["nextForwardToken"])
    end = logs.get_log_events(**stream, nextToken=third["nextForwardToken"])

    assert (messages(newest), messages(older)) == (["3", "4"], ["1", "2"])
    assert [messages(page) for page in (first, second, third, end)] == [["0", "1"], ["2", "3"], ["4"], []]
    assert end["nextForwardToken"] == third["nextForwardToken"]


def test_a_stream_knows_when_it_began_and_what_came_last(logs: Any, group: str, now: int) -> None:
    put(logs, group, "one", (now - 20, "a"), (now - 10, "b"))
    put(logs, group, "two", (now - 5, "c"))

    one, two = logs.describe_log_streams(logGroupName=group)["logStreams"]
    newest = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)["logStreams"]

    assert (one["firstEventTimestamp"], one["lastEventTimestamp"]) == (now - 20, now - 10)
    assert one["lastIngestionTime"] >= now
    assert [stream["logStreamName"] for stream in newest] == [two["logStreamName"], one["logStreamName"]]


def test_a_deleted_group_takes_its_events_along(logs: Any, group: str, now: int) -> None:
    put(logs, group, "one", (now, "gone"))

    logs.delete_log_group(logGroupName=group)
    logs.create_log_group(logGroupName=group)

    assert messages(logs.filter_log_events(logGroupName=group)) == []


def test_events_outlive_their_retention_only_until_the_next_come(logs: Any, group: str, now: int) -> None:
    put(logs, group, "one", (now - 2 * DAY_MS, "old"))
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)

    put(logs, group, "one", (now, "new"))

    assert messages(logs.filter_log_events(logGroupName=group)) == ["new"]


def test_events_too_old_or_too_new_are_rejected_by_their_place(logs: Any, group: str, now: int) -> None:
    """PutLogEvents takes the others (CW-41)."""
    answer = put(logs, group, "one", (now - 15 * DAY_MS, "old"), (now, "taken"), (now + DAY_MS, "new"))

    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert messages(logs.filter_log_events(logGroupName=group)) == ["taken"]


def test_what_can_not_be_taken_is_refused(logs: Any, group: str, now: int) -> None:
    with pytest.raises(logs.exceptions.InvalidParameterException, match="chronological"):
        put(logs, group, "one", (now, "b"), (now - 1, "a"))
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="stream"):
        put(logs, group, "three", (now, "a"))
    with pytest.raises(logs.exceptions.InvalidParameterException, match="columns"):
        logs.filter_log_events(logGroupName=group, filterPattern="[a, b]")
    with pytest.raises(ClientError, match="DescribeQueries"):
        logs.describe_queries(logGroupName=group)


def test_a_query_gives_rows_of_named_fields(logs: Any, group: str, now: int) -> None:
    put(logs, group, "one", (now, {"requestId": "r-1", "attempt": 1}), (now, {"requestId": "r-2"}))
    period = {"startTime": now // 1000 - 1, "endTime": now // 1000 + 1}

    query = 'fields requestId, attempt | filter requestId = "r-1"'
    query_id = logs.start_query(logGroupName=group, queryString=query, **period)["queryId"]
    answer = logs.get_query_results(queryId=query_id)

    assert answer["status"] == "Complete"
    ((requested, attempt, pointer),) = answer["results"]
    assert requested == {"field": "requestId", "value": "r-1"}
    assert attempt == {"field": "attempt", "value": "1"}
    assert pointer["field"] == "@ptr"
    assert (answer["statistics"]["recordsMatched"], answer["statistics"]["recordsScanned"]) == (1, 2)
    with pytest.raises(logs.exceptions.MalformedQueryException, match="parse doesn't run here"):
        logs.start_query(logGroupNames=[group], queryString='parse @message "*" as a', **period)
