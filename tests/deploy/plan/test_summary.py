"""What a person is told of a plan, and what is held back."""

import json
from typing import Any

import pytest

from selador_deploy.plan.summary import Summary, render, summarize

from ..conftest import resource_change


def summary(*changes: dict[str, Any]) -> Summary:
    return summarize({"resource_changes": list(changes)})


def text(*changes: dict[str, Any]) -> list[str]:
    return list(render(summary(*changes)))


def policy(*actions: str) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": one, "Resource": "*"} for one in actions]})


def test_destroys_and_replacements_come_first_and_are_counted_apart() -> None:
    lines = text(
        resource_change("aws_lambda_alias.a", "create"),
        resource_change("aws_sqs_queue.b", "delete", "create", replace_paths=[["name"]]),
        resource_change("aws_iam_role.c", "delete", reason="delete_because_no_resource_config"),
        resource_change("aws_lambda_function.d", "update", before={"timeout": 1}, after={"timeout": 2}),
    )

    assert lines[0] == "1 to destroy, 1 to replace, 1 to change, 1 to create"
    assert lines[1:5] == [
        "to destroy:",
        "  aws_iam_role.c, because it is no longer in the configuration",
        "to replace:",
        "  STATEFUL aws_sqs_queue.b, because name can't be changed in place",
    ]


def test_attributes_are_named_and_their_values_are_not_shown() -> None:
    lines = text(
        resource_change(
            "aws_lambda_function.a",
            "update",
            before={"environment": [{"variables": {"TOKEN": "secret-1"}}], "timeout": 1},
            after={"environment": [{"variables": {"TOKEN": "secret-2"}}], "timeout": 2},
            after_unknown={"version": True},
        )
    )

    assert "  aws_lambda_function.a: environment, timeout" in lines
    assert "secret" not in "\n".join(lines)


def test_permissions_are_shown_statement_by_statement() -> None:
    lines = text(
        resource_change(
            'aws_iam_role_policy.this["x"]',
            "update",
            before={"policy": policy("sqs:SendMessage", "sqs:ReceiveMessage")},
            after={"policy": policy("sqs:SendMessage", "sqs:PurgeQueue")},
        )
    )

    assert "    - Allow sqs:ReceiveMessage on *" in lines
    assert "    + Allow sqs:PurgeQueue on *" in lines
    assert not any("SendMessage" in line for line in lines)


def test_a_policy_that_is_not_known_yet_is_said_to_be_so() -> None:
    lines = text(resource_change("aws_iam_role_policy.this", "create", after={}, after_unknown={"policy": True}))

    assert "    + policy is known after the apply" in lines


@pytest.mark.parametrize(
    "type_",
    [
        "aws_sqs_queue",
        "aws_kms_key",
        "aws_sns_topic",
        "aws_cloudwatch_log_group",
        "aws_s3_bucket",
        "aws_apigatewayv2_api",
    ],
)
@pytest.mark.parametrize("actions", [("delete",), ("delete", "create"), ("create", "delete")])
def test_what_cannot_be_had_back_is_a_loss_unless_it_is_allowed(type_: str, actions: tuple[str, ...]) -> None:
    plan = summary(resource_change(f"{type_}.this", *actions))

    assert [loss.address for loss in plan.losses()] == [f"{type_}.this"]
    assert plan.losses([f"{type_}.this"]) == []
    assert plan.losses([f"{type_}.other"]) != []


def test_a_change_in_place_and_a_lost_alias_are_no_losses() -> None:
    assert (
        summary(resource_change("aws_sqs_queue.a", "update"), resource_change("aws_lambda_alias.b", "delete")).losses()
        == []
    )


def test_a_large_plan_is_still_one_screen() -> None:
    policies = [
        resource_change(f'aws_iam_role_policy.this["{n}"]', "create", after={"policy": policy(f"sqs:Action{n}")})
        for n in range(100)
    ]
    changed = [resource_change(f"aws_lambda_alias.a{n}", "update", before={"x": 1}, after={"x": 2}) for n in range(100)]

    lines = text(*policies, *changed)

    assert len(lines) <= 50
    assert "  … and 92 more" in lines


def test_a_plan_that_does_nothing_says_so() -> None:
    assert text(resource_change("aws_sqs_queue.a", "no-op")) == ["No changes."]


def test_outputs_that_change_are_named() -> None:
    outputs = {"api_id": {"actions": ["create"]}, "queue_url": {"actions": ["no-op"]}}

    created = {"resource_changes": [resource_change("aws_sqs_queue.a", "create")], "output_changes": outputs}
    assert list(render(summarize(created)))[-1] == "outputs that change: api_id"
    assert list(render(summarize({"output_changes": outputs}))) == ["No changes but of outputs: api_id"]


def test_the_json_form_has_everything_uncut() -> None:
    changes = [resource_change(f"aws_lambda_alias.a{n}", "create") for n in range(20)]

    found = summary(*changes, resource_change("aws_sqs_queue.b", "delete")).to_json()

    assert found["totals"] == {"destroy": 1, "replace": 0, "change": 0, "create": 20, "forget": 0}
    assert found["byType"] == {"destroy": {"aws_sqs_queue": 1}, "create": {"aws_lambda_alias": 20}}
    assert found["statefulLosses"] == ["aws_sqs_queue.b"]
    assert len(found["changes"]) == 21
