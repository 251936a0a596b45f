"""Each fault that is put in by AWS's APIs changes what it says, and leaves nothing behind."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from selador_local.clock import StackClock
from selador_local.control_plane_client.client import ControlPlane
from selador_local.drills.faults import injected
from selador_local.drills.site import Site

from ..conftest import Terraform

OUTPUTS = {
    "main_function_name": "main",
    "alarms": {"answers-are-not-coming": {"name": "selador-local-answers-are-not-coming"}},
}


@pytest.fixture(scope="module")
def site(control_plane: ControlPlane) -> Site:
    """A deployment of one function, whose route is invoke, and its queue."""
    made = Terraform(control_plane)
    role = made.role("main-role", {"Action": "sqs:*", "Resource": "*"})
    source = "def handle(event, context):\n    return {}\n"
    main = made.function("main", source, role, Environment={"Variables": {"MODEL": "good", "OTHER": "same"}})
    made.mapping(made.queue("requests"), main, ScalingConfig={"MaximumConcurrency": 10})
    for route in ("$connect", "invoke"):
        made.permission("a1b2c3", route, main)
    url = made.sqs.get_queue_url(QueueName="requests")["QueueUrl"]
    clock = StackClock(20, 0)
    return Site(control_plane, {**OUTPUTS, "queue_url": url}, "http://127.0.0.1:9", "http://127.0.0.1:9", clock)


def variable(site: Site) -> Any:
    functions = site.client("lambda")
    return functions.get_function_configuration(FunctionName="main", Qualifier="live")["Environment"]["Variables"]


def concurrency(site: Site) -> Any:
    return site.client("lambda").get_function_concurrency(FunctionName="main").get("ReservedConcurrentExecutions")


def policies(site: Site) -> Any:
    return sorted(site.client("iam").list_role_policies(RoleName="main-role")["PolicyNames"])


def permissions(site: Site) -> Any:
    policy = json.loads(site.client("lambda").get_policy(FunctionName="main", Qualifier="live")["Policy"])
    return sorted(one["Condition"]["ArnLike"]["AWS:SourceArn"].rpartition("/")[2] for one in policy["Statement"])


def mapping(site: Site) -> Any:
    (found,) = site.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return found["ScalingConfig"]["MaximumConcurrency"]


@pytest.mark.parametrize(
    ("fault", "look", "meanwhile"),
    [
        (
            {"kind": "variable", "function": "main", "name": "MODEL", "value": "none"},
            variable,
            {"MODEL": "none", "OTHER": "same"},
        ),
        ({"kind": "concurrency", "function": "main", "most": 0}, concurrency, 0),
        ({"kind": "deny", "function": "main", "action": "sqs:SendMessage"}, policies, ["drill", "use"]),
        ({"kind": "no-permission", "function": "main", "route": "invoke"}, permissions, ["$connect"]),
        ({"kind": "mapping", "ScalingConfig": {"MaximumConcurrency": 2}}, mapping, 2),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) and "kind" in value else "",
)
def test_a_fault_is_there_in_its_block_and_gone_after_it(
    site: Site, fault: dict[str, Any], look: Callable[[Site], Any], meanwhile: Any
) -> None:
    before = look(site)

    with injected(fault, site):
        seen = look(site)

    assert seen == meanwhile
    assert look(site) == before != meanwhile


def test_messages_that_nobody_can_read_are_sent(site: Site) -> None:
    with injected({"kind": "unreadable", "messages": 3}, site):
        attributes = site.client("sqs").get_queue_attributes(
            QueueUrl=site.outputs["queue_url"], AttributeNames=["ApproximateNumberOfMessages"]
        )

    assert attributes["Attributes"]["ApproximateNumberOfMessages"] == "3"


def test_what_clients_do_is_asked_of_them_and_no_more_afterwards(site: Site) -> None:
    for fault in (
        {"kind": "posts", "status": 410, "error": "GoneException"},
        {"kind": "workers", "do": "kill"},
        {"kind": "no-heartbeat"},
    ):
        with injected(fault, site):
            asked = site.hooks.before is not None or site.hooks.started is not None or not site.hooks.heartbeats

        assert asked
        assert (site.hooks.before, site.hooks.started, site.hooks.heartbeats) == (None, None, True)
