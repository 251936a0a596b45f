"""What exists already though a plan would create it. The whole table is tried on the local control plane, too."""

from typing import Any

import pytest

from selador_deploy.orphans import Orphan, find_orphans

from .conftest import FakeService, client_error, resource_change


def plan(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resource_changes": list(resources)}


QUEUE = resource_change("module.queue.aws_sqs_queue.this", "create", after={"name": "selador-dev-requests"})
THERE = FakeService(get_queue_url={"QueueUrl": "https://sqs/selador-dev-requests"})


def test_what_exists_is_an_orphan_with_its_id_for_an_import() -> None:
    orphans, unknown = find_orphans(plan(QUEUE), lambda service: {"sqs": THERE}[service])

    assert orphans == [Orphan("module.queue.aws_sqs_queue.this", "https://sqs/selador-dev-requests")]
    assert unknown == []


@pytest.mark.parametrize("code", ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"])
def test_what_does_not_exist_is_none(code: str) -> None:
    assert find_orphans(plan(QUEUE), lambda service: FakeService(get_queue_url=client_error(code))) == ([], [])


def test_what_can_not_be_looked_for_is_unknown_and_not_absent() -> None:
    orphans, (unknown,) = find_orphans(plan(QUEUE, QUEUE), lambda service: FakeService())

    assert orphans == []
    assert unknown.subject == "any aws_sqs_queue"


def test_a_name_that_the_plan_does_not_know_yet_is_not_looked_for() -> None:
    route = resource_change("aws_apigatewayv2_route.a", "create", after={"route_key": "ping"})

    assert find_orphans(plan(route), lambda service: FakeService()) == ([], [])


def test_what_the_same_plan_destroys_elsewhere_is_no_orphan() -> None:
    moved = resource_change("aws_sqs_queue.old", "delete", before={"id": "https://sqs/selador-dev-requests"})

    assert find_orphans(plan(QUEUE, moved), lambda service: THERE) == ([], [])


def test_a_change_in_place_is_not_looked_for() -> None:
    changed = resource_change("aws_sqs_queue.a", "update", after={"name": "selador-dev-requests"})

    assert find_orphans(plan(changed), lambda service: THERE) == ([], [])
