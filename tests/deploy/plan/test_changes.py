"""What is read of a single resource's change."""

import json
from typing import Any

import pytest

from selador_deploy.plan.changes import STATEFUL_TYPES, is_change, read_change

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
