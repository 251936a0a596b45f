"""The action and the resources of an API call, in IAM's words. Pure.

A resource is written as AWS compares it with a policy, which is not always the ARN that the resource itself has. If the
Service Authorization Reference has no resource for an action, it is `*`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from selador_local.control_plane.front_door.api_call import ApiCall

# IAM's names for operations whose own names differ.
_ACTIONS = {
    ("sqs", "SendMessageBatch"): "SendMessage",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
    ("lambda", "Invoke"): "InvokeFunction",
    ("s3", "CreateMultipartUpload"): "PutObject",
    ("s3", "CompleteMultipartUpload"): "PutObject",
    ("s3", "DeleteObjects"): "DeleteObject",
    ("s3", "GetBucketEncryption"): "GetEncryptionConfiguration",
    ("s3", "GetBucketLifecycleConfiguration"): "GetLifecycleConfiguration",
    ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
    ("s3", "HeadBucket"): "ListBucket",
    ("s3", "HeadObject"): "GetObject",
    ("s3", "ListBuckets"): "ListAllMyBuckets",
    ("s3", "ListObjects"): "ListBucket",
    ("s3", "ListObjectsV2"): "ListBucket",
    ("s3", "PutBucketEncryption"): "PutEncryptionConfiguration",
    ("s3", "PutBucketLifecycleConfiguration"): "PutLifecycleConfiguration",
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3", "UploadPart"): "PutObject",
}
_PREFIXES = {"monitoring": "cloudwatch"}  # the signature says monitoring, IAM says cloudwatch


@dataclass(frozen=True)
class PresentRole:
    """A role that exists."""

    arn: str
    permissions_boundary: str | None


@dataclass(frozen=True)
class PresentKey:
    """A KMS key that exists."""

    arn: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Existing(Protocol):
    """What exists, of which a call names only a part: a role without its path, a key by its alias."""

    def role(self, name: str) -> PresentRole | None: ...

    def key(self, key_id: str) -> PresentKey | None: ...

    def function_of_mapping(self, uuid: str) -> str | None: ...


@dataclass(frozen=True)
class AccountRegion:
    """A Region and an account, as ARNs name them."""

    region: str
    account_id: str

    def arn(self, service: str, name: str, *, region: bool = True) -> str:
        return f"arn:aws:{service}:{self.region if region else ''}:{self.account_id}:{name}"


def action_of(call: ApiCall) -> str:
    """Return the action, such as `sqs:SendMessage`; API Gateway's actions are HTTP methods."""
    if call.service == "apigateway":
        return f"apigateway:{call.method}"
    name = _ACTIONS.get((call.service, call.operation), call.operation)
    return f"{_PREFIXES.get(call.service, call.service)}:{name}"


def resources_of(call: ApiCall, place: AccountRegion, existing: Existing) -> list[str]:
    """Return the ARNs of the call's resources, or `*` alone."""
    names = _RESOURCES.get(call.service)
    return (names(call, place, existing) if names else []) or ["*"]


def _api(call: ApiCall, place: AccountRegion, _existing: Existing) -> list[str]:
    return [f"arn:aws:apigateway:{place.region}::{call.path.removeprefix('/v2')}"]


def _queue(call: ApiCall, place: AccountRegion, _existing: Existing) -> list[str]:
    given = call.parameters
    name = given.get("QueueUrl", given.get("QueueName", given.get("SourceArn")))
    return [place.arn("sqs", name.rpartition("/")[2].rpartition(":")[2])] if isinstance(name, str) else []


def _log_stream(call: ApiCall, place: AccountRegion, _existing: Existing) -> list[str]:
    given = call.parameters
    if "resourceArn" in given:  # of the calls about tags
        return [str(given["resourceArn"])]
    group = given.get("logGroupName")
    return [place.arn("logs", f"log-group:{group}:log-stream:{given.get('logStreamName', '')}")] if group else []


def _function(call: ApiCall, place: AccountRegion, _existing: Existing) -> list[str]:
    given = call.parameters
    if call.operation.endswith("EventSourceMapping"):
        return [place.arn("lambda", f"event-source-mapping:{given['UUID']}")] if "UUID" in given else []
    if "Resource" in given:  # of the calls about tags
        return [str(given["Resource"])]
    name = given.get("FunctionName")
    if name is None or call.operation == "ListEventSourceMappings":
        return []
    arn = name if name.startswith("arn:") else place.arn("lambda", f"function:{name}")
    qualifier = given.get("Qualifier")
    return [arn if qualifier is None or arn.endswith(f":{qualifier}") else f"{arn}:{qualifier}"]


def _object(call: ApiCall, _place: AccountRegion, _existing: Existing) -> list[str]:
    given = call.parameters
    if "Bucket" not in given:
        return []
    return [f"arn:aws:s3:::{given['Bucket']}" + (f"/{given['Key']}" if "Key" in given else "")]


def _assumed_role(call: ApiCall, _place: AccountRegion, _existing: Existing) -> list[str]:
    return [str(call.parameters["RoleArn"])] if "RoleArn" in call.parameters else []


def _role(call: ApiCall, place: AccountRegion, existing: Existing) -> list[str]:
    name = call.parameters.get("RoleName")
    if name is None:
        return []
    role = existing.role(name)
    path = call.parameters.get("Path", "/")
    return [place.arn("iam", f"role{path}{name}", region=False) if role is None else role.arn]


def _key(call: ApiCall, place: AccountRegion, existing: Existing) -> list[str]:
    given = call.parameters
    alias = given.get("AliasName")
    of_the_alias = [place.arn("kms", alias)] if alias else []
    named = (given.get("TargetKeyId"), alias if call.operation != "CreateAlias" else None, given.get("KeyId"))
    keys = [key.arn if (key := existing.key(one)) else place.arn("kms", f"key/{one}") for one in named if one]
    return [*of_the_alias, *keys]


def _topic(call: ApiCall, place: AccountRegion, _existing: Existing) -> list[str]:
    given = call.parameters
    arn = given.get("TopicArn", given.get("ResourceArn"))
    if arn is not None:
        return [str(arn)]
    return [place.arn("sns", given["Name"])] if "Name" in given else []


def _alarm_or_dashboard(call: ApiCall, place: AccountRegion, _existing: Existing) -> list[str]:
    given = call.parameters
    if "ResourceARN" in given:  # of the calls about tags
        return [str(given["ResourceARN"])]
    if call.operation == "DescribeAlarms":  # whatever names it gives
        return [place.arn("cloudwatch", "alarm:*")]
    alarms = given.get("AlarmNames", [given["AlarmName"]] if "AlarmName" in given else [])
    dashboards = given.get("DashboardNames", [given["DashboardName"]] if "DashboardName" in given else [])
    return [
        *(place.arn("cloudwatch", f"alarm:{name}") for name in alarms),
        *(place.arn("cloudwatch", f"dashboard/{name}", region=False) for name in dashboards),
    ]


_RESOURCES: dict[str, Callable[[ApiCall, AccountRegion, Existing], list[str]]] = {
    "apigateway": _api,
    "iam": _role,
    "kms": _key,
    "lambda": _function,
    "logs": _log_stream,
    "monitoring": _alarm_or_dashboard,
    "s3": _object,
    "sns": _topic,
    "sqs": _queue,
    "sts": _assumed_role,
}
