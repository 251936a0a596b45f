"""The policies of planner, deployer and publisher, held against the calls that were recorded."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import generate_policies
import pytest

from selador_local.iam_policy.conditions import as_list
from selador_local.iam_policy.policies import AccessRequest, Principal, Verdict, evaluate

ROOT = Path(__file__).parents[2]
RECORDED: Mapping[str, list[dict[str, Any]]] = json.loads((ROOT / generate_policies.RECORDED).read_text())
ACTORS = ("deploy", "plan", "publish")
BOUNDARY = "arn:aws:iam::111122223333:policy/limits"
LONGEST_POLICY = 6_144
"""In characters, without spaces."""

type Documents = list[dict[str, Any]]


def values(environment: str, **others: str) -> dict[str, str]:
    """Return what terraform/bootstrap puts in the place of placeholders."""
    project = others.get("project", "selador")
    return {
        "account": "111122223333",
        "boundary_operator": "StringEquals",
        "environment": environment,
        "kms_key_arn": "arn:aws:kms:eu-central-1:111122223333:key/the-organizations",
        "main": f"{project}-{environment}-main",
        "partition": "aws",
        "permissions_boundary": BOUNDARY,
        "project": project,
        "queue": f"{project}-{environment}-requests",
        "region": "eu-central-1",
        "role_path": "/answers/",
        "stage": environment,
        "websocket_handler": f"{project}-{environment}-websocket-handler",
        **others,
    }


DEV = values("dev")


def filled(text: str, given: Mapping[str, str]) -> str:
    for name, value in given.items():
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text, text
    return text


def documents(actor: str, given: Mapping[str, str] = DEV) -> Documents:
    """Return the policies of an actor's role, as the bootstrap attaches them: whoever deploys also plans."""
    owners = {"plan", "deploy"} if actor == "deploy" else {actor}
    return [
        json.loads(filled((ROOT / generate_policies.FOLDER / f"{name}.json").read_text(), given))
        for name, (owner, _) in generate_policies.POLICIES.items()
        if owner in owners
    ]


def calls(actor: str, given: Mapping[str, str] = DEV) -> Iterator[AccessRequest]:
    """Yield what was recorded of an actor, but for what nobody is given, as calls for an environment."""
    principal = Principal("arn:aws:sts::111122223333:assumed-role/it/session", "111122223333")
    for call in RECORDED[actor]:
        if call["action"] not in generate_policies.REFUSED:
            context = {key: filled(value, given) for key, value in call.get("context", {}).items()}
            if call["action"] in BOUNDED:
                context["iam:permissionsboundary"] = given["permissions_boundary"]
            yield AccessRequest(principal, call["action"], filled(call["resource"], given), context)


BOUNDED = {"iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}


def refused(policies: Documents, asked: Iterator[AccessRequest]) -> set[tuple[str, str]]:
    found = (call for call in asked if evaluate(policies, call) is not Verdict.ALLOWED)
    return {(call.action, call.resource) for call in found}


def actions(policies: Documents) -> set[str]:
    return {
        action
        for document in policies
        for statement in document["Statement"]
        for action in as_list(statement["Action"])
    }


def less(policies: Documents, action: str) -> Documents:
    """Return the policies without an action."""
    return [
        {
            "Statement": [
                {**one, "Action": [name for name in as_list(one["Action"]) if name != action]}
                for one in document["Statement"]
            ]
        }
        for document in policies
    ]


@pytest.mark.parametrize("path", generate_policies.files(ROOT), ids=str)
def test_what_is_published_is_made_from_what_was_recorded(path: Path) -> None:
    assert (ROOT / path).read_text() == generate_policies.files(ROOT)[path], "run make policies"


def test_there_is_no_policy_that_nothing_writes() -> None:
    published = {file.stem for file in (ROOT / generate_policies.FOLDER).glob("*.json")}

    assert published == {*generate_policies.POLICIES, generate_policies.RECORDED.stem}


@pytest.mark.parametrize("actor", ACTORS)
def test_everything_that_was_recorded_is_allowed(actor: str) -> None:
    assert len(list(calls(actor))) >= 4

    assert refused(documents(actor), calls(actor)) == set()


@pytest.mark.parametrize("actor", ACTORS)
def test_without_any_one_action_something_is_refused_and_it_is_that(actor: str) -> None:
    policies = documents(actor)
    unseen = {call.action for one in ("plan", actor) for call in generate_policies.UNSEEN[one]}
    seen = {call.action for call in calls(actor)}

    assert actions(policies) <= seen | unseen
    for action in actions(policies) & seen:
        assert {name for name, _ in refused(less(policies, action), calls(actor))} == {action}


@pytest.mark.parametrize("actor", ACTORS)
def test_another_environment_is_out_of_reach(actor: str) -> None:
    """But for ids that AWS chooses, such as an API's, and for what all environments of the account share."""
    own = {"${environment}", "${main}", "${queue}", "${stage}", "${websocket_handler}"}
    named = {
        (call["action"], filled(call["resource"], values("other")))
        for call in RECORDED[actor]
        if any(name in call["resource"] for name in own) and ":apigateway:" not in call["resource"]
        if call["action"] not in generate_policies.REFUSED
    }

    assert refused(documents(actor), calls(actor, values("other"))) >= named


def test_the_planner_only_reads_but_for_the_states_lock() -> None:
    verbs = ("Decrypt", "Describe", "GET", "Get", "List")
    writes = {
        (action, resource)
        for document in documents("plan")
        for statement in document["Statement"]
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if not action.partition(":")[2].startswith(verbs)
    }

    lock = "arn:aws:s3:::selador-terraform-state-111122223333-eu-central-1/env:/dev/selador.tfstate.tflock"
    assert writes == {("s3:DeleteObject", lock), ("s3:PutObject", lock)}


def test_the_publisher_reaches_the_bucket_of_artifacts_alone() -> None:
    resources = {
        resource
        for document in documents("publish")
        for statement in document["Statement"]
        for resource in as_list(statement["Resource"])
    }

    bucket = "arn:aws:s3:::selador-artifacts-111122223333-eu-central-1"
    assert resources == {f"{bucket}/artifacts/*", f"{bucket}/manifests/*"}


def test_a_role_is_passed_to_lambda_alone() -> None:
    (passing,) = (
        statement
        for document in documents("deploy")
        for statement in document["Statement"]
        if "iam:PassRole" in as_list(statement["Action"])
    )

    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    assert as_list(passing["Action"]) == ["iam:PassRole"]
    assert all(resource.endswith("-eu-central-1") for resource in as_list(passing["Resource"]))


@pytest.mark.parametrize("action", sorted(BOUNDED))
def test_with_a_boundary_demanded_nothing_is_done_without_it(action: str) -> None:
    (call, *_) = (call for call in calls("deploy") if call.action == action)
    unbounded = AccessRequest(call.principal, call.action, call.resource)
    undemanding = documents("deploy", values("dev", boundary_operator="StringLikeIfExists", permissions_boundary="*"))

    assert evaluate(documents("deploy"), unbounded) is Verdict.SILENT
    assert evaluate(undemanding, unbounded) is Verdict.ALLOWED


@pytest.mark.parametrize("action", generate_policies.REFUSED)
def test_what_nobody_is_given_was_asked_for_and_is_given_to_nobody(action: str) -> None:
    assert action in {call["action"] for call in RECORDED["deploy"]}

    assert action not in actions(documents("deploy"))


def test_an_action_on_everything_is_one_for_which_aws_has_no_resource() -> None:
    """By the Service Authorization Reference."""
    everything = {
        action
        for actor in ACTORS
        for document in documents(actor)
        for statement in document["Statement"]
        for action in as_list(statement["Action"])
        if "*" in as_list(statement["Resource"])
    }

    assert everything == {
        "bedrock:GetFoundationModelAvailability",
        "kms:CreateKey",
        "kms:ListAliases",
        "kms:ListKeys",
        "lambda:CreateEventSourceMapping",
        "lambda:GetAccountSettings",
        "lambda:ListEventSourceMappings",
        "logs:DescribeLogGroups",
        "servicequotas:ListServiceQuotas",
        "sns:GetSubscriptionAttributes",
        "sns:ListSubscriptions",
        "sns:ListTopics",
        "sns:Unsubscribe",
    }


@pytest.mark.parametrize("actor", ACTORS)
def test_policies_are_short_enough_for_the_longest_names(actor: str) -> None:
    longest = values("e" * 16, project="p" * 20, region="ap-southeast-1", role_path=f"/{'r' * 30}/", main="m" * 50)

    lengths = [len(json.dumps(document, separators=(",", ":"))) for document in documents(actor, longest)]

    assert max(lengths) <= LONGEST_POLICY, lengths
