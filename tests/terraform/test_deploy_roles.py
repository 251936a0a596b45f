"""The roles that `make bootstrap` makes: an environment lives by them alone, and each right is missed if it goes."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from selador_local.iam_policy.conditions import as_list

from .conftest import Local, local
from .life import ACTORS, ENVIRONMENT, PROJECT, ROLE_PATH, Organization, as_role, lead, stands

pytestmark = pytest.mark.slow

TRUST = 'trusted_arns = ["arn:aws:iam::123456789012:root"]'


@dataclass(frozen=True)
class Bootstrapped:
    """An account with the roles, each as the account looks to whoever has taken it."""

    account: Local
    organization: Organization
    roles: Mapping[str, Local]


@pytest.fixture(scope="module")
def bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bootstrapped]:
    """An account whose administrator has run the bootstrap, and does nothing more."""
    with local(tmp_path_factory.mktemp("roles")) as account:
        organization = Organization.of(account)
        values = account.root / "terraform/bootstrap/accounts/123456789012-us-east-1.tfvars"
        values.parent.mkdir()
        of_the_environment = f'{{ kms_key_arn = "{organization.key_arn}" }}'
        values.write_text(f"deploy_roles = {{ {ENVIRONMENT} = {of_the_environment} }}\n{TRUST}\n")
        account.set(f'permissions_boundary = "{organization.boundary_arn}"', f'role_path = "{ROLE_PATH}"')
        account.run("bootstrap", "--yes")
        names = {actor: f"{PROJECT}-{ENVIRONMENT}-{actor}-us-east-1" for actor in ACTORS}
        names["publish"] = f"{PROJECT}-publish-us-east-1"
        arns = {actor: f"arn:aws:iam::123456789012:role{ROLE_PATH}{name}" for actor, name in names.items()}
        yield Bootstrapped(account, organization, {actor: as_role(account, arn) for actor, arn in arns.items()})


@contextmanager
def without(account: Local, action: str) -> Iterator[None]:
    """Take an action away from the policies that the roles have, inside the block."""
    iam = account.client("iam")
    changed = []
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        document = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        document = document["PolicyVersion"]["Document"]
        statements = [
            {**one, "Action": [name for name in as_list(one["Action"]) if name != action]}
            for one in as_list(document["Statement"])
        ]
        if [as_list(one["Action"]) for one in as_list(document["Statement"])] != [one["Action"] for one in statements]:
            rest = json.dumps({**document, "Statement": [one for one in statements if one["Action"]]})
            made = iam.create_policy_version(PolicyArn=policy["Arn"], PolicyDocument=rest, SetAsDefault=True)
            changed.append((policy, made["PolicyVersion"]["VersionId"]))
    assert changed, f"no policy allows {action}"
    try:
        yield
    finally:
        for policy, version in changed:
            iam.set_default_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
            iam.delete_policy_version(PolicyArn=policy["Arn"], VersionId=version)


def refusal(role: Local, *arguments: str) -> str:
    """Run a command that has to fail; return all that it said."""
    done = role.ended(*arguments, status=1)
    return done.stdout + done.stderr


def test_an_environment_is_born_by_these_roles(bootstrapped: Bootstrapped) -> None:
    bootstrapped.roles["deploy"].run("init")

    lead(bootstrapped.account, bootstrapped.roles, stands(bootstrapped.organization)[0])


@pytest.mark.parametrize(
    "action",
    ["apigateway:GET", "cloudwatch:DescribeAlarms", "iam:GetRole", "lambda:GetFunction", "sqs:GetQueueAttributes"],
)
def test_a_plan_without_one_right_names_it(bootstrapped: Bootstrapped, action: str) -> None:
    with without(bootstrapped.account, action):
        said = refusal(bootstrapped.roles["plan"], "plan")

    assert f"is not authorized to perform: {action} on resource" in " ".join(said.split())


def take_mains_logs(account: Local) -> None:
    """Let an administrator delete a policy of main's role."""
    role = f"{PROJECT}-{ENVIRONMENT}-main-us-east-1"
    account.client("iam").delete_role_policy(RoleName=role, PolicyName="write-logs")


def say_less(account: Local) -> None:
    account.set('log_level = "WARNING"')


@pytest.mark.parametrize(
    ("action", "change"), [("iam:PutRolePolicy", take_mains_logs), ("lambda:UpdateFunctionConfiguration", say_less)]
)
def test_an_apply_without_one_right_names_it(
    bootstrapped: Bootstrapped, action: str, change: Callable[[Local], None]
) -> None:
    account, deployer = bootstrapped.account, bootstrapped.roles["deploy"]
    change(account)
    deployer.run("plan")

    with without(account, action):
        said = refusal(deployer, "apply")

    assert f"is not authorized to perform: {action} on resource" in " ".join(said.split())


def test_the_planner_changes_nothing(bootstrapped: Bootstrapped) -> None:
    bootstrapped.roles["plan"].run("plan")

    said = refusal(bootstrapped.roles["plan"], "apply")

    assert "is not authorized to perform" in said


def test_the_deployer_publishes_nothing(bootstrapped: Bootstrapped) -> None:
    bootstrapped.account.set('artifact_bucket = "selador-artifacts-123456789012-us-east-1"')

    said = refusal(bootstrapped.roles["deploy"], "publish")

    assert "can't be written" in said


def test_an_environment_lives_and_ends_by_these_roles(bootstrapped: Bootstrapped) -> None:
    account, roles = bootstrapped.account, bootstrapped.roles
    for stand in stands(bootstrapped.organization)[1:]:
        lead(account, roles, stand)
    roles["plan"].run("drift")

    roles["deploy"].run("destroy", "--confirm", "local")

    assert account.client("sqs").list_queues().get("QueueUrls", []) == []
    assert account.client("lambda").list_functions()["Functions"] == []
    assert account.client("apigatewayv2").get_apis()["Items"] == []
    assert account.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
