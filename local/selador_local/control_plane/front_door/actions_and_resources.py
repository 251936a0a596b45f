"""The action and the resource of an API call, in IAM's words. Pure.

SQS, Logs, Lambda, S3 and STS's AssumeRole have resources: the functions' roles use them or may come to use them. Other
services have the resource `*`: a policy for them must say `"Resource": "*"` here.
"""

from collections.abc import Callable
from typing import Any

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


def action_of(call: ApiCall) -> str:
    """Return the action, such as `sqs:SendMessage`; API Gateway's actions are HTTP methods."""
    if call.service == "apigateway":
        return f"apigateway:{call.method}"
    name = _ACTIONS.get((call.service, call.operation), call.operation)
    return f"{_PREFIXES.get(call.service, call.service)}:{name}"


def resource_of(call: ApiCall, region: str, account_id: str) -> str:
    """Return the ARN of the call's resource, or `*`."""
    name = _RESOURCES.get(call.service)
    return (name(call.parameters, f"{region}:{account_id}") if name else None) or "*"


def _queue(parameters: Any, place: str) -> str | None:
    name = parameters.get("QueueUrl", parameters.get("QueueName", parameters.get("SourceArn")))
    return f"arn:aws:sqs:{place}:{name.rpartition('/')[2].rpartition(':')[2]}" if isinstance(name, str) else None


def _log_stream(parameters: Any, place: str) -> str | None:
    group = parameters.get("logGroupName")
    return f"arn:aws:logs:{place}:log-group:{group}:log-stream:{parameters.get('logStreamName', '')}" if group else None


def _function(parameters: Any, place: str) -> str | None:
    name = parameters.get("FunctionName")
    if name is None or name.startswith("arn:"):
        return name if name is None else str(name)
    return f"arn:aws:lambda:{place}:function:{name}"


def _object(parameters: Any, _place: str) -> str | None:
    if "Bucket" not in parameters:
        return None
    return f"arn:aws:s3:::{parameters['Bucket']}" + (f"/{parameters['Key']}" if "Key" in parameters else "")


def _role(parameters: Any, _place: str) -> str | None:
    role = parameters.get("RoleArn")
    return None if role is None else str(role)


_RESOURCES: dict[str, Callable[[Any, str], str | None]] = {
    "lambda": _function,
    "logs": _log_stream,
    "s3": _object,
    "sqs": _queue,
    "sts": _role,
}
