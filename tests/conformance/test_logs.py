"""CloudWatch Logs: the functions' lines in their log groups, and how they are read."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from .deployment import Deployment
from .stack import Stack, eventually

pytestmark = pytest.mark.slow

fact = pytest.mark.fact


@pytest.fixture(scope="module")
def logs(stack: Stack) -> Any:
    return stack.client("logs")


@pytest.fixture(scope="module")
def say(stack: Stack, deployment: Deployment, logs: Any) -> Callable[[str], None]:
    """Let a function print a line."""
    logs.create_log_group(logGroupName="/aws/lambda/speaker")
    deployment.scripted("speaker")

    def invoke(line: str) -> None:
        payload = json.dumps({"script": {"print": line}})
        stack.client("lambda").invoke(FunctionName="speaker", Qualifier="live", Payload=payload)

    return invoke


def found(logs: Any, pattern: str) -> list[str]:
    events = logs.filter_log_events(logGroupName="/aws/lambda/speaker", filterPattern=pattern)["events"]
    return [event["message"].strip() for event in events]


@fact("LAM-32")
def test_a_functions_lines_are_in_its_log_group(logs: Any, say: Callable[[str], None]) -> None:
    word = uuid.uuid4().hex
    say(f"hello {word}")

    assert eventually(lambda: found(logs, word)) == [f"hello {word}"]
    assert found(logs, '"START RequestId"')
    streams = logs.describe_log_streams(logGroupName="/aws/lambda/speaker")["logStreams"]
    assert all("/[1]" in stream["logStreamName"] for stream in streams)


@fact("CW-42")
def test_a_pattern_is_terms_phrases_or_json(logs: Any, say: Callable[[str], None]) -> None:
    word = uuid.uuid4().hex
    say(f"red blue {word}")
    say(f"red green {word}")
    say(json.dumps({"word": word, "size": {"mm": 7}}))
    eventually(lambda: len(found(logs, word)) == 3)

    assert found(logs, f"{word} red blue") == [f"red blue {word}"]
    assert found(logs, f'"red green {word}"') == [f"red green {word}"]
    assert found(logs, f"{word} red -blue") == [f"red green {word}"]
    assert len(found(logs, f'{{ $.word = "{word}" && $.size.mm > 6 }}')) == 1
    assert found(logs, f"RED {word}") == []


@fact("CW-42")
@pytest.mark.xfail(reason="Patterns with a regular expression are refused by name.")
def test_a_pattern_has_a_regular_expression(logs: Any, say: Callable[[str], None]) -> None:
    word = uuid.uuid4().hex
    say(f"green {word}")

    assert eventually(lambda: found(logs, f"%gre+n {word}%"))


@fact("CW-43")
def test_insights_finds_the_fields_of_json_lines(stack: Stack, logs: Any, say: Callable[[str], None]) -> None:
    word = uuid.uuid4().hex
    for number in (1, 2):
        say(json.dumps({"word": word, "size": {"mm": number}}))
    eventually(lambda: len(found(logs, word)) == 2)
    query = logs.start_query(
        logGroupName="/aws/lambda/speaker",
        startTime=int(stack.now()) - 600,
        endTime=int(stack.now()) + 600,
        queryString=f'fields size.mm as mm | filter word = "{word}" and size.mm > 1',
    )["queryId"]

    def results() -> list[Any]:
        answer = logs.get_query_results(queryId=query)
        rows: list[Any] = answer["results"] if answer["status"] == "Complete" else []
        return rows

    (row,) = eventually(results)
    assert {field["field"]: field["value"] for field in row if field["field"] == "mm"} == {"mm": "2"}


@fact("CW-41")
@pytest.mark.parametrize("hours", [-15 * 24, 3])
def test_lines_of_another_time_are_left_out(stack: Stack, logs: Any, hours: int) -> None:
    group = f"group-{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    at = int((stack.now() + hours * 3_600) * 1000)
    answer = logs.put_log_events(
        logGroupName=group, logStreamName="s", logEvents=[{"timestamp": at, "message": "other"}]
    )

    assert "rejectedLogEventsInfo" in answer
