"""Who reads a queue already that a plan would read."""

from pathlib import Path
from typing import Any

import pytest

from selador_deploy.plan.readers import Reader, find_readers

from ..conftest import FakeAws, FakeService, Run, client_error, plan_of, resource_change
from ..moving_in.test_hand_made import Account

ARN = "arn:aws:lambda:eu-central-1:111122223333:function:"
QUEUE = "arn:aws:sqs:eu-central-1:111122223333:selador-dev-requests"
MAIN = "selador-dev-main"
CREATED: dict[str, Any] = {"event_source_arn": QUEUE, "function_name": f"{ARN}{MAIN}:live"}


def mapping(uuid: str, function: str, state: str = "Enabled") -> dict[str, str]:
    return {"UUID": uuid, "EventSourceArn": QUEUE, "FunctionArn": ARN + function, "State": state}


class Functions(FakeService):
    """Lambda, whose mappings of QUEUE are these, in two pages."""

    def __init__(self, *mappings: dict[str, str]) -> None:
        super().__init__()
        self._mappings = mappings

    def get_paginator(self, operation: str) -> "Functions":
        assert operation == "list_event_source_mappings"
        return self

    def paginate(self, EventSourceArn: str) -> list[dict[str, Any]]:  # noqa: N803 # the client's own name
        assert EventSourceArn == QUEUE
        return [{"EventSourceMappings": self._mappings[:1]}, {"EventSourceMappings": self._mappings[1:]}]

    def list_event_source_mappings(self, EventSourceArn: str) -> dict[str, Any]:  # noqa: N803 # the client's own name
        return {
            "EventSourceMappings": [
                one for page in self.paginate(EventSourceArn) for one in page["EventSourceMappings"]
            ]
        }


def planned(*actions: str, **change: Any) -> dict[str, Any]:
    after = {"after": CREATED} | change
    return {"resource_changes": [resource_change("aws_lambda_event_source_mapping.main", *actions, **after)]}


@pytest.mark.parametrize("function", [MAIN, f"{MAIN}:7", f"{MAIN}:production", "audit"])
def test_a_mapping_that_feeds_anything_but_the_alias_reads_the_queue_already(function: str) -> None:
    readers, unknown = find_readers(planned("create"), lambda _: Functions(mapping("u-1", function)))

    assert readers == [Reader("u-1", QUEUE, ARN + function, adoptable=True)]
    assert readers[0].function_name == function.partition(":")[0]
    assert unknown == []


def test_so_it_does_while_the_plan_does_not_know_the_alias_yet() -> None:
    plan = planned("create", after={"event_source_arn": QUEUE})

    readers, _ = find_readers(plan, lambda _: Functions(mapping("u-1", MAIN)))

    assert [one.mapping_id for one in readers] == ["u-1"]


def test_what_a_killed_apply_made_and_what_is_going_is_no_other_reader() -> None:
    functions = Functions(mapping("u-1", f"{MAIN}:live"), mapping("u-2", "audit", "Deleting"))

    assert find_readers(planned("create"), lambda _: functions) == ([], [])


def test_beside_the_mapping_that_a_plan_adopts_another_one_is_not_adoptable() -> None:
    plan = planned("update", importing={"id": "u-1"})

    readers, _ = find_readers(plan, lambda _: Functions(mapping("u-1", MAIN), mapping("u-2", f"{MAIN}:7")))

    assert readers == [Reader("u-2", QUEUE, f"{ARN}{MAIN}:7", adoptable=False)]


@pytest.mark.parametrize(
    "plan", [planned("update"), planned("no-op"), planned("create", after={"function_name": "arn:f"}), {}]
)
def test_a_mapping_of_the_state_or_of_a_queue_that_is_not_there_yet_is_not_looked_for(plan: dict[str, Any]) -> None:
    assert find_readers(plan, lambda _: FakeService()) == ([], [])


def test_what_may_not_be_listed_is_unknown_and_not_absent() -> None:
    refusing = Account(list_event_source_mappings=client_error("AccessDeniedException"))

    readers, (unknown,) = find_readers(planned("create"), refusing)

    assert readers == []
    assert "AccessDenied" in unknown.detail


@pytest.mark.parametrize(
    ("found", "next_step"),
    [
        ([mapping("u-1", MAIN)], "make import ENV=dev API=<id or name> adopts it, as docs/migrating.md says"),
        ([mapping("u-1", "audit")], "delete what nobody needs, or set names.queue to a queue that nothing else reads"),
        ([mapping("u-1", MAIN), mapping("u-2", "audit")], "delete what nobody needs, or set names.queue"),
    ],
)
@pytest.mark.parametrize("arguments", [(), ("--adopt",)])
def test_a_plan_that_would_be_a_second_reader_is_not_saved(
    root: Path,
    aws: FakeAws,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    found: list[dict[str, str]],
    next_step: str,
    arguments: tuple[str, ...],
) -> None:
    aws.others["lambda"] = Functions(*found)
    (root / "plan.json").write_text(plan_of(*planned("create")["resource_changes"]))
    run("init", "--env", "dev")

    assert run("plan", "--env", "dev", *arguments) == 1

    said = capsys.readouterr()
    assert f"reads the queue already:\n  u-1: feeds {found[0]['FunctionArn']}\n" in said.out
    assert f"no plan was saved: the mapping u-1 feeds {found[0]['FunctionArn']} from {QUEUE}" in said.err
    assert f"beside a second mapping, each would get a part of the requests; {next_step}" in said.err
    assert not (root / "build/dev.plan").exists()
