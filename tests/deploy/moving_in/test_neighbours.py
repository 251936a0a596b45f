"""What stays beside an adopted system, and what to do before the apply."""

import pytest

from selador_deploy.moving_in.neighbours import before_the_apply, left_over

from .test_hand_made import QUEUE, mapping, system

EMPTY = {"QueueArn": QUEUE, "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}


def test_a_system_that_stands_still_needs_nothing_before_the_apply() -> None:
    assert list(before_the_apply(system(queue=EMPTY, mappings=(mapping("u1", state="Disabled"),)))) == []
    assert list(before_the_apply(system(queue=None, mappings=()))) == []


@pytest.mark.parametrize("count", ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"])
def test_messages_of_the_old_code_are_to_be_finished_by_it(count: str) -> None:
    (said,) = before_the_apply(system(queue=EMPTY | {count: "3"}, mappings=()))

    assert "3" in said
    assert "let the old code finish them" in said


def test_a_mapping_that_runs_is_to_be_stopped_and_another_one_deleted() -> None:
    running, other = mapping("u1"), mapping("u2", "audit")

    stop, delete = before_the_apply(system(queue=EMPTY, mappings=(running, other)))

    assert "update-event-source-mapping --no-enabled --uuid u1" in stop
    assert "the mapping u2" in delete
    assert delete.endswith("would go on: delete it")


def test_what_no_import_block_names_stays_and_is_named() -> None:
    old = system(
        functions={"backend": {"Role": "arn:role/shared"}, "handler": {"Role": "arn:role/shared"}},
        statements={"handler": ("s1", "s2"), "backend": ()},
        routes=({"RouteKey": "invoke", "RouteId": "r1"}, {"RouteKey": "history", "RouteId": "r2"}),
        stages=("production", "test"),
    )

    lines = list(left_over(old, {"a1/r1", "a1/production"}))

    assert [line.split(":")[0] for line in lines[:1]] == ["the role arn"]
    assert lines[0].endswith("this one was for backend and handler")
    assert [line.split(":")[0] for line in lines[1:]] == [
        "the permission s1 to call handler itself",
        "the permission s2 to call handler itself",
        "the route history",
        "the integration i1",
        "the stage test",
        "the API's earlier deployments",
    ]
