"""An environment's life by three roles: one plans, one deploys, one publishes artifacts.

The life meets every switch: each resource is made, changed, put right after somebody changed it by hand, and destroyed.
`record.py` leads it with roles that may do anything, to see what they do. test_deploy_roles.py leads it with the
published policies.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .conftest import ARTIFACT_BUCKET, EVERY_SWITCH, Local

ACTORS = ("deploy", "plan", "publish")
ROLE_PATH = "/answers/"
PROJECT, ENVIRONMENT = "selador", "local"
PREFIX = f"{PROJECT}-{ENVIRONMENT}"
MODELS = "arn:aws:bedrock:us-east-1::foundation-model"
JWKS = "https://issuer.example/jwks.json"

type Hand = Callable[[Callable[[str], Any]], None]
"""What somebody does by hand, with an administrator's clients by service."""


@dataclass(frozen=True)
class Stand:
    """What is applied next. `by_hand` is done before, `allow_destroy` names what may go."""

    name: str
    lines: tuple[str, ...] = ()
    by_hand: Hand | None = None
    allow_destroy: str = ""
    published: bool = False


@dataclass(frozen=True)
class Organization:
    """What is there before any environment: a policy that bounds every role, a key, a topic."""

    boundary_arn: str
    key_arn: str
    topic_arn: str

    @classmethod
    def of(cls, account: Local) -> "Organization":
        """Make it in an account."""
        document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
        iam = account.client("iam")
        boundary = iam.create_policy(PolicyName="limits", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
        key = account.client("kms").create_key(Description="the organization's")["KeyMetadata"]["Arn"]
        return cls(boundary, key, account.client("sns").create_topic(Name="pager")["TopicArn"])


def stands(organization: Organization) -> tuple[Stand, ...]:
    """Return the environment's stands, in their order."""
    jwt = f'audiences = ["a"], issuer = "https://issuer.example", jwks_url = "{JWKS}"'
    logs_of_the_api = [f"module.websocket_api.aws_cloudwatch_log_group.{name}[0]" for name in ("access", "execution")]
    gone = (
        "aws_kms_key.this[0]",
        'module.alarms.aws_sns_topic.this["page"]',
        "module.authorizer[0].aws_cloudwatch_log_group.this",
        *logs_of_the_api,
    )
    return (
        Stand(
            "every switch on",
            (
                *EVERY_SWITCH,
                'alarm_subscriptions = { email = ["on-call@example.com"] }',
                "heartbeat_minutes = 30",
                "main_function = { reserved_concurrency = 10 }",
                f'permissions_boundary = "{organization.boundary_arn}"',
                f'role_path = "{ROLE_PATH}"',
                'tags = { owner = "answers" }',
                "websocket_handler = { reserved_concurrency = 5, snap_start_enabled = true }",
            ),
        ),
        Stand(
            "changed by hand, and other values",
            (
                "alarm_thresholds = { api_errors_percent = 7 }",
                'api_execution_log_level = "INFO"',
                f'artifact_bucket = "{ARTIFACT_BUCKET}"',
                'authorization = "iam"',
                f'jwt = {{ {jwt}, query_parameter = "token" }}',
                'log_level = "ERROR"',
                "log_retention_days = 7",
                'main_function = { batch_size = 5, canary = { stable_version = "1", weight = 0.25 } }',
                f'model_arn = "{MODELS}/amazon.nova-pro-v1:0"',
                "objectives = { days = 7 }",
                "queue_retention = { messages_seconds = 259200 }",
                'tags = { team = "answers" }',
                "throttling = { rate_limit = 3 }",
            ),
            by_hand=_by_hand,
            published=True,
        ),
        Stand(
            "the organization's key and topic, and as little as possible",
            (
                'alarm_subscriptions = { email = ["day@example.com"] }',
                f'alarm_topic_arns = {{ page = "{organization.topic_arn}" }}',
                "api_access_log_enabled = false",
                'api_execution_log_level = "OFF"',
                'authorization = "none"',
                "custom_domain = null",
                "customer_managed_key_enabled = false",
                "jwt = null",
                f'kms_key_arn = "{organization.key_arn}"',
                "main_function = {}",
                "tags = {}",
                "tracing_enabled = false",
                "websocket_handler = {}",
            ),
            allow_destroy=" ".join(gone),
            published=True,
        ),
    )


WITHOUT_BOUNDARY = Stand("no boundary, no key", ("kms_key_arn = null", "permissions_boundary = null"), published=True)
"""What no published policy allows."""


def as_role(account: Local, role_arn: str) -> Local:
    """Return the account as a role sees it."""
    lent = account.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="life")["Credentials"]
    session = {
        "AWS_ACCESS_KEY_ID": lent["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": lent["SecretAccessKey"],
        "AWS_SESSION_TOKEN": lent["SessionToken"],
    }
    return replace(account, environ={**account.environ, **session})


def lead(account: Local, roles: Mapping[str, Local], stand: Stand) -> None:
    """Bring the environment to a stand: the planner plans it first, then the deployer, who applies."""
    if stand.by_hand is not None:
        stand.by_hand(account.client)
    account.set(*stand.lines)
    release = roles["publish"].run("publish").split()[-1] if stand.published else ""
    for actor in ("plan", "deploy"):
        roles[actor].run("plan", "--release", release, "--allow-destroy", stand.allow_destroy)
    roles["deploy"].run("apply")


def _by_hand(client: Callable[[str], Any]) -> None:
    """Change each kind of resource, so that an apply has to put it right."""
    _change_a_role(client("iam"))
    _change_the_key(client("kms"))
    _change_queue_topic_and_logs(client("sqs"), client("sns"), client("logs"))
    _change_a_function(client("lambda"))
    _change_the_api(client("apigatewayv2"))
    _change_alarms(client("cloudwatch"))


_TAG, _TAG_PAIR = {"another": "tag"}, [{"Key": "another", "Value": "tag"}]


def _change_a_role(iam: Any) -> None:
    role = f"{PREFIX}-main-us-east-1"
    allowed = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trusted)
    iam.update_role(RoleName=role, Description="another", MaxSessionDuration=7200)
    iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=document)
    iam.put_role_policy(RoleName=role, PolicyName="write-logs", PolicyDocument=document)
    iam.delete_role_permissions_boundary(RoleName=f"{PREFIX}-websocket-handler-us-east-1")
    iam.tag_role(RoleName=role, Tags=_TAG_PAIR)
    iam.untag_role(RoleName=role, TagKeys=["owner"])


def _change_the_key(kms: Any) -> None:
    (key,) = (one["TargetKeyId"] for one in kms.list_aliases()["Aliases"] if one["AliasName"] == f"alias/{PREFIX}")
    kms.update_key_description(KeyId=key, Description="another")
    kms.disable_key_rotation(KeyId=key)
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "another", "TagValue": "tag"}])
    kms.untag_resource(KeyId=key, TagKeys=["owner"])
    own = [{"TagKey": "environment", "TagValue": ENVIRONMENT}, {"TagKey": "project", "TagValue": PROJECT}]
    second = kms.create_key(Tags=own)
    kms.update_alias(AliasName=f"alias/{PREFIX}", TargetKeyId=second["KeyMetadata"]["KeyId"])


def _change_queue_topic_and_logs(sqs: Any, sns: Any, logs: Any) -> None:
    (topic,) = (one["TopicArn"] for one in sns.list_topics()["Topics"] if one["TopicArn"].endswith("-tickets"))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="another")
    sns.tag_resource(ResourceArn=topic, Tags=_TAG_PAIR)
    sns.untag_resource(ResourceArn=topic, TagKeys=["owner"])
    queue = sqs.get_queue_url(QueueName=f"{PREFIX}-requests")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "9"})
    sqs.tag_queue(QueueUrl=queue, Tags=_TAG)
    sqs.untag_queue(QueueUrl=queue, TagKeys=["owner"])
    group = f"/aws/lambda/{PREFIX}-main"
    logs.delete_retention_policy(logGroupName=group)
    group_arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"
    logs.tag_resource(resourceArn=group_arn, tags=_TAG)
    logs.untag_resource(resourceArn=group_arn, tagKeys=["owner"])


def _change_a_function(functions: Any) -> None:
    main = f"{PREFIX}-main"
    arn = functions.get_function(FunctionName=main)["Configuration"]["FunctionArn"]
    functions.update_function_configuration(FunctionName=main, MemorySize=256)
    functions.put_function_concurrency(FunctionName=main, ReservedConcurrentExecutions=30)
    functions.tag_resource(Resource=arn, Tags=_TAG)
    functions.untag_resource(Resource=arn, TagKeys=["owner"])
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=3)
    functions.remove_permission(
        FunctionName=f"{PREFIX}-websocket-handler", Qualifier="live", StatementId="api-route-invoke"
    )


def _change_the_api(gateway: Any) -> None:
    (api,) = (one["ApiId"] for one in gateway.get_apis()["Items"])
    gateway.update_api(ApiId=api, Description="another")
    (integration,) = gateway.get_integrations(ApiId=api)["Items"]
    gateway.update_integration(ApiId=api, IntegrationId=integration["IntegrationId"], TimeoutInMillis=1000)
    (route,) = (one for one in gateway.get_routes(ApiId=api)["Items"] if one["RouteKey"] == "invoke")
    gateway.update_route(ApiId=api, RouteId=route["RouteId"], OperationName="another")
    gateway.tag_resource(ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{api}", Tags=_TAG)
    gateway.untag_resource(ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{api}", TagKeys=["owner"])


def _change_alarms(cloudwatch: Any) -> None:
    cloudwatch.delete_dashboards(DashboardNames=[f"{PREFIX}-us-east-1"])
    alarm = f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{PREFIX}-work-stalls"
    cloudwatch.tag_resource(ResourceARN=alarm, Tags=_TAG_PAIR)
    cloudwatch.untag_resource(ResourceARN=alarm, TagKeys=["owner"])
