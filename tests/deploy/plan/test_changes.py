"""What is read of a single resource's change."""

import json
from typing import Any

import pytest

from selador_deploy.errors import DeployError
from selador_deploy.plan.changes import STATEFUL_TYPES, destroys_without_reason, is_change, read_change

from ..conftest import resource_change


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (["create"], "create"),
        (["delete"], "destroy"),
        (["update"], "change"),
        (["create", "delete"], "replace"),
        (["delete", "create"], "replace"),
        (["forget"], "forget"),
    ],
)
def test_terraforms_actions_have_a_word_each(actions: list[str], action: str) -> None:
    assert read_change(resource_change("aws_lambda_alias.a", *actions)).action == action


@pytest.mark.parametrize("actions", [["no-op"], ["read"]])
def test_what_changes_nothing_is_no_change(actions: list[str]) -> None:
    assert not is_change(resource_change("aws_lambda_alias.a", *actions))


@pytest.mark.parametrize("actions", [("create", "forget"), ("delete", "forget"), ("an action of a newer Terraform",)])
def test_an_action_that_is_not_known_is_refused_by_name_and_never_passed_over(actions: tuple[str, ...]) -> None:
    resource = resource_change("module.queue.aws_sqs_queue.this", *actions)

    assert is_change(resource)
    with pytest.raises(
        DeployError, match=f"Terraform means to {' and '.join(actions)} module.queue.aws_sqs_queue.this"
    ):
        read_change(resource)


@pytest.mark.parametrize(
    ("resource", "without"),
    [
        (resource_change("aws_sqs_queue.a", "delete"), True),
        (resource_change("aws_sqs_queue.a", "delete", reason="delete_because_no_resource_config"), False),
        (resource_change("aws_sqs_queue.a", "delete", "create", reason="replace_because_tainted"), False),
        ({**resource_change("aws_apigatewayv2_deployment.a", "delete"), "deposed": "0a1b2c3d"}, False),
        (resource_change("aws_sqs_queue.a", "create"), False),
    ],
    ids=["destroy-mode", "no-longer-configured", "tainted", "deposed", "created"],
)
def test_only_what_the_configuration_still_has_goes_without_a_reason(resource: dict[str, Any], without: bool) -> None:
    assert destroys_without_reason(resource) == without


@pytest.mark.parametrize("action", ["delete", "create"])
@pytest.mark.parametrize("type_", sorted(STATEFUL_TYPES))
def test_what_holds_something_is_stateful_and_lost_if_it_goes(type_: str, action: str) -> None:
    change = read_change(resource_change(f"{type_}.this", action))

    assert change.stateful
    assert change.loses == (action == "delete")


def test_terraforms_two_ways_to_write_nothing_are_no_change_of_an_attribute() -> None:
    change = read_change(
        resource_change(
            "aws_sqs_queue.a",
            "update",
            before={"tags": None, "policy": "", "delay_seconds": 0},
            after={"tags": {}, "policy": None, "delay_seconds": 9},
        )
    )

    assert change.attributes == ("delay_seconds",)


def test_what_is_merely_known_again_is_named_only_if_nothing_else_changes() -> None:
    versioned: dict[str, Any] = {"before": {"version": "1", "timeout": 1}, "after_unknown": {"version": True}}

    both = read_change(resource_change("aws_lambda_function.a", "update", after={"timeout": 2}, **versioned))
    alone = read_change(resource_change("aws_lambda_function.a", "update", after={"timeout": 1}, **versioned))

    assert both.attributes == ("timeout",)
    assert alone.attributes == ("version",)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            resource_change("aws_sqs_queue.a", "delete", "create", replace_paths=[["name"], ["tags", "a"]]),
            "name, tags.a can't be changed in place",
        ),
        (
            resource_change("aws_sqs_queue.a", "delete", "create", reason="replace_because_tainted"),
            "it is tainted: making it failed half-way",
        ),
        (resource_change("aws_sqs_queue.a", "delete", reason="a reason of a newer Terraform"), ""),
    ],
    ids=["paths", "tainted", "unknown"],
)
def test_the_reason_is_terraforms_in_words(change: dict[str, object], why: str) -> None:
    assert read_change(change).why == why


def test_statements_that_stay_are_not_shown() -> None:
    def policy(*actions: str) -> str:
        return json.dumps({"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"} for action in actions]})

    change = read_change(
        resource_change(
            "aws_iam_role_policy.a",
            "update",
            before={"policy": policy("sqs:SendMessage", "sqs:ReceiveMessage")},
            after={"policy": policy("sqs:SendMessage", "sqs:PurgeQueue")},
        )
    )

    assert change.removed_statements == ("Allow sqs:ReceiveMessage on *",)
    assert change.added_statements == ("Allow sqs:PurgeQueue on *",)
