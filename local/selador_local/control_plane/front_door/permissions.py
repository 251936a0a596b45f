"""The permissions that an API call takes: for the call itself, and for what it makes a service do. Pure.

The second kind is what the Service Authorization Reference calls dependent actions. Whoever creates a function passes
it a role, and whoever creates something with tags also tags it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from selador_local.control_plane.front_door.actions_and_resources import (
    AccountRegion,
    Existing,
    action_of,
    resources_of,
)
from selador_local.control_plane.front_door.api_call import ApiCall


@dataclass(frozen=True)
class Permission:
    """An action on a resource. `context` has the condition keys that this call alone has, in lower case."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


# What creates something with tags, and the action that tags it.
_TAGGED = {
    ("iam", "CreateRole"): "iam:TagRole",
    ("kms", "CreateKey"): "kms:TagResource",
    ("lambda", "CreateFunction"): "lambda:TagResource",
    ("lambda", "CreateEventSourceMapping"): "lambda:TagResource",
    ("logs", "CreateLogGroup"): "logs:TagResource",
    ("monitoring", "PutCompositeAlarm"): "cloudwatch:TagResource",
    ("monitoring", "PutMetricAlarm"): "cloudwatch:TagResource",
    ("sns", "CreateTopic"): "sns:TagResource",
    ("sqs", "CreateQueue"): "sqs:TagQueue",
}
# IAM looks at the boundary that a role has, or is to have.
_BOUNDED = {"AttachRolePolicy", "CreateRole", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePolicy"}
_BOUNDED |= {"DeleteRolePermissionsBoundary", "PutRolePermissionsBoundary"}


def permissions_of(call: ApiCall, place: AccountRegion, existing: Existing) -> Iterator[Permission]:
    """Yield each permission that the call takes, its own first."""
    resources = resources_of(call, place, existing)
    for resource in resources:
        yield Permission(action_of(call), resource, _context(call, resource, existing))
    if call.parameters.get("Tags", call.parameters.get("tags")):
        yield from _tagging(call, resources, place, existing)
    if call.service == "lambda":
        yield from _of_a_function(call, place, existing)


def _tagging(call: ApiCall, resources: list[str], place: AccountRegion, existing: Existing) -> Iterator[Permission]:
    if call.service == "apigateway" and call.operation.startswith("Create"):
        yield Permission("apigateway:TagResource", resources[0])
    action = _TAGGED.get((call.service, call.operation))
    if action is None:
        return
    unknown_yet = {
        "kms:TagResource": [place.arn("kms", "key/new")],
        "logs:TagResource": [resource.removesuffix(":log-stream:") for resource in resources],
    }
    if call.operation == "CreateEventSourceMapping":
        resources = [place.arn("lambda", "event-source-mapping:new")]
    context = _context(call, "*", existing) if call.operation == "CreateKey" else {}
    for resource in unknown_yet.get(action, resources):
        yield Permission(action, resource, context)


def _of_a_function(call: ApiCall, place: AccountRegion, existing: Existing) -> Iterator[Permission]:
    given = call.parameters
    if "Role" in given:
        yield Permission("iam:PassRole", given["Role"], {"iam:passedtoservice": "lambda.amazonaws.com"})
    code = given.get("Code", given)
    if "S3Bucket" in code:
        yield Permission("s3:GetObject", f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}")
    if given.get("KMSKeyArn"):
        # Lambda encrypts the environment variables in the caller's name, and lets itself decrypt them (its page
        # "Securing Lambda environment variables").
        key = existing.key(given["KMSKeyArn"])
        by_lambda = _tags("aws:resourcetag", key.tags if key else {})
        by_lambda["kms:viaservice"] = f"lambda.{place.region}.amazonaws.com"
        yield Permission("kms:CreateGrant", given["KMSKeyArn"], by_lambda)
        yield Permission("kms:Encrypt", given["KMSKeyArn"], by_lambda)


def _context(call: ApiCall, resource: str, existing: Existing) -> Mapping[str, str]:
    given = call.parameters
    match call.service:
        case "iam" if call.operation in _BOUNDED:
            role = existing.role(given["RoleName"])
            boundary = given.get("PermissionsBoundary") or (role.permissions_boundary if role else None)
            return {"iam:permissionsboundary": boundary} if boundary else {}
        case "kms" if call.operation == "CreateKey":
            return _tags("aws:requesttag", {tag["TagKey"]: tag["TagValue"] for tag in given.get("Tags", [])})
        case "kms":
            key = existing.key(resource) if ":key/" in resource else None  # an alias has no tags
            return _tags("aws:resourcetag", key.tags) if key else {}
        case "lambda" if call.operation.endswith("EventSourceMapping"):
            function = existing.function_of_mapping(given["UUID"]) if "UUID" in given else given["FunctionName"]
            return {"lambda:functionarn": function} if function else {}
    return {}


def _tags(key: str, tags: Mapping[str, Any]) -> dict[str, str]:
    return {f"{key}/{name.lower()}": str(value) for name, value in tags.items()}
