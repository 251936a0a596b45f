"""What a person is told of a plan, and what is held back."""

import json
from dataclasses import replace
from typing import Any

import pytest

from selador_deploy.findings import Finding, Verdict
from selador_deploy.plan.summary import Summary, render, summarize

from ..conftest import resource_change


def summary(*changes: dict[str, Any]) -> Summary:
    return summarize({"resource_changes": list(changes)})


def text(*changes: dict[str, Any]) -> list[str]:
    return list(render(summary(*changes), "dev"))


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
    assert lines[:2] == ["WIDENS:", '  aws_iam_role_policy.this["x"]: Allow sqs:PurgeQueue on *']
    assert not any("SendMessage" in line for line in lines)


def test_a_policy_that_is_not_known_yet_is_said_to_be_so() -> None:
    lines = text(resource_change("aws_iam_role_policy.this", "create", after={}, after_unknown={"policy": True}))

    assert "    ? policy is known after the apply" in lines


def test_a_policy_that_becomes_unknown_takes_nothing_away() -> None:
    """A change of the API's tags makes its ARN unknown to the plan, and each policy that names it."""
    before = {"policy": policy("execute-api:ManageConnections")}

    lines = text(resource_change("aws_iam_role_policy.this", "update", before=before, after_unknown={"policy": True}))

    assert not any("ManageConnections" in line for line in lines)
    assert "    ? policy is known after the apply" in lines


def test_what_a_first_apply_permits_is_listed_and_widens_nothing() -> None:
    lines = text(resource_change("aws_iam_role_policy.this", "create", after={"policy": policy("sqs:SendMessage")}))

    assert "    + Allow sqs:SendMessage on *" in lines
    assert "WIDENS:" not in lines


def connect_route(before: str | None, after: str) -> dict[str, Any]:
    values = {} if before is None else {"route_key": "$connect", "authorization_type": before}
    return resource_change(
        'aws_apigatewayv2_route.this["$connect"]',
        "create" if before is None else "update",
        before=values,
        after={"route_key": "$connect", "authorization_type": after},
    )


@pytest.mark.parametrize(
    ("before", "after", "opens"),
    [("CUSTOM", "NONE", True), (None, "NONE", True), ("NONE", "NONE", False), ("NONE", "AWS_IAM", False)],
)
def test_a_plan_that_opens_the_api_says_so_on_its_first_line(before: str | None, after: str, opens: bool) -> None:
    lines = text(connect_route(before, after), resource_change("aws_lambda_function.a", "update"))

    assert lines[0].startswith("OPENS THE API to anybody who learns its URL: ") == opens
    if opens:
        assert lines[0].endswith(f"authorization_type {before or '(no route)'} → NONE")


def test_warnings_and_failed_checks_come_first_each_once() -> None:
    def check(name: str, status: str, *problems: str) -> dict[str, Any]:
        return {
            "address": {"kind": "check", "to_display": f"check.{name}"},
            "status": status,
            "instances": [{"problems": [{"message": problem} for problem in problems]}],
        }

    plan = {
        "checks": [
            check("passes", "pass"),
            check("authorization", "fail", "ANYONE may connect"),
            check("later", "unknown"),
            {"address": {"kind": "resource", "to_display": "aws_sqs_queue.a"}, "status": "unknown"},
        ]
    }

    lines = list(render(summarize(plan, ["an argument is deprecated", "ANYONE may connect"]), "dev"))

    assert lines == [
        "WARNING an argument is deprecated",
        "WARNING ANYONE may connect",
        "WARNING check.later can't be told before the apply",
        "No changes.",
    ]


def test_what_has_vanished_is_named_before_all_changes_and_is_a_loss_if_it_held_something() -> None:
    plan = summarize(
        {
            "resource_changes": [
                resource_change("aws_sqs_queue.a", "create"),
                resource_change("aws_lambda_alias.b", "create"),
            ],
            "resource_drift": [
                resource_change("aws_sqs_queue.a", "delete"),
                resource_change("aws_lambda_alias.b", "delete"),
                resource_change("aws_sns_topic.c", "update"),
            ],
        }
    )

    lines = list(render(plan, "dev"))

    assert lines[:3] == ["gone since the last apply:", "  STATEFUL aws_sqs_queue.a", "  aws_lambda_alias.b"]
    assert [loss.address for loss in plan.losses()] == ["aws_sqs_queue.a"]
    assert plan.losses(["aws_sqs_queue.a"]) == []
    assert plan.to_json()["vanished"] == ["aws_sqs_queue.a", "aws_lambda_alias.b"]


def test_what_a_plan_rests_on_is_named_and_a_near_end_is_a_warning() -> None:
    rests_on = (
        Finding("knowledge base", Verdict.OK, "KB (docs), kind VECTOR, is ACTIVE"),
        Finding("certificate", Verdict.WARNING, "ends on 2026-02-01"),
        Finding("model quota", Verdict.UNKNOWN, "can't be asked"),
    )

    lines = list(render(replace(summary(), rests_on=rests_on), "dev"))

    assert lines == [
        "WARNING certificate: ends on 2026-02-01",
        "No changes.",
        "rests on knowledge base: KB (docs), kind VECTOR, is ACTIVE",
        "not known: model quota; make doctor ENV=dev says why",
    ]


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

    assert len(lines) <= 60
    assert "  … and 92 more lines; make plan ENV=dev JSON=1 lists all" in lines
    assert "  … and 70 more lines; make plan ENV=dev JSON=1 lists all" in lines, (
        "no list of permissions ends without a way on"
    )


def test_a_plan_that_does_nothing_says_so() -> None:
    assert text(resource_change("aws_sqs_queue.a", "no-op")) == ["No changes."]


def test_outputs_that_change_are_named() -> None:
    outputs = {"api_id": {"actions": ["create"]}, "queue_url": {"actions": ["no-op"]}}

    created = {"resource_changes": [resource_change("aws_sqs_queue.a", "create")], "output_changes": outputs}
    assert list(render(summarize(created), "dev"))[-1] == "outputs that change: api_id"
    assert list(render(summarize({"output_changes": outputs}), "dev")) == ["No changes but of outputs: api_id"]


def test_the_json_form_has_everything_uncut() -> None:
    changes = [resource_change(f"aws_lambda_alias.a{n}", "create") for n in range(20)]

    found = summary(*changes, resource_change("aws_sqs_queue.b", "delete")).to_json()

    assert found["totals"] == {"destroy": 1, "replace": 0, "change": 0, "create": 20, "forget": 0}
    assert found["byType"] == {"destroy": {"aws_sqs_queue": 1}, "create": {"aws_lambda_alias": 20}}
    assert found["statefulLosses"] == ["aws_sqs_queue.b"]
    assert len(found["changes"]) == 21


def test_a_denial_that_is_taken_back_widens_and_one_that_comes_does_not() -> None:
    def denial(action: str) -> dict[str, Any]:
        return {"policy": json.dumps({"Statement": {"Effect": "Deny", "Action": action, "Resource": "*"}})}

    change = resource_change("aws_sqs_queue.a", "update", before=denial("sqs:Old"), after=denial("sqs:New"))
    gone = resource_change("aws_sqs_queue.b", "delete", before=denial("sqs:Old"))

    assert summary(change, gone).widens == ["aws_sqs_queue.a: no longer Deny sqs:Old on *"]


def test_what_holds_something_is_named_first_and_never_cut() -> None:
    queues = [resource_change(f"aws_sqs_queue.q{n}", "delete") for n in range(12)]
    aliases = [resource_change(f"aws_lambda_alias.a{n}", "delete") for n in range(12)]

    lines = text(*aliases, *queues)

    assert lines[2:14] == [f"  STATEFUL aws_sqs_queue.q{n}" for n in range(12)]
    assert lines[14] == "  … and 12 more lines; make plan ENV=dev JSON=1 lists all"


def test_a_plan_to_destroy_warns_of_no_check_since_it_evaluates_none() -> None:
    check = {"address": {"kind": "check", "to_display": "check.authorization"}, "status": "unknown"}

    found = summarize({"resource_changes": [resource_change("aws_sqs_queue.a", "delete")], "checks": [check]})

    assert found.warnings == ()
