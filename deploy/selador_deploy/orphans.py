"""Find what exists already though a plan would create it: what an apply left behind that was killed.

Terraform writes its state every so often while it applies. Whatever it made since the last time is in no state, and the
next apply fails at its name. What has no name of its own, such as a deployment, is made a second time and harms nobody.
An alarm or a dashboard of the same name is overwritten. A key has no name either, but costs money for ever: it is known
by its description.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from selador_deploy.account import ClientMaker, error_code
from selador_deploy.findings import Finding, Verdict

type Values = Mapping[str, Any]
type LookUp = tuple[str, tuple[str, ...], Callable[[Any, Values], str | None]]
"""The service to ask, the values that have to be known, and how to look: it returns the id for an import, or None."""
type LookUps = Mapping[str, LookUp]
"""By the resource's type."""

_NOT_FOUND = {
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchEntity",
    "NotFoundException",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
}


@dataclass(frozen=True)
class Orphan:
    """What exists and isn't in the state: the address that a plan would create it at, and its id for an import."""

    address: str
    id: str


def find_orphans(
    plan: Mapping[str, Any], make_client: ClientMaker, look_ups: LookUps | None = None
) -> tuple[list[Orphan], list[Finding]]:
    """Return the orphans among what a plan would create, and a finding about each type that can't be looked for.

    Without `look_ups`, each is looked for by its own name.
    """
    look_ups, client_of = look_ups or LOOK_UPS, cache(make_client)
    resources = plan.get("resource_changes", [])
    destroyed = {
        (resource["type"], (resource["change"].get("before") or {}).get("id"))
        for resource in resources
        if "delete" in resource["change"]["actions"]
    }
    orphans: list[Orphan] = []
    unknown: dict[str, Finding] = {}
    for resource in resources:
        type_ = resource["type"]
        if resource["change"]["actions"] != ["create"] or type_ not in look_ups or type_ in unknown:
            continue
        try:
            found = _look_up(look_ups[type_], resource["change"].get("after") or {}, client_of)
        except (ClientError, BotoCoreError) as error:
            unknown[type_] = Finding(
                f"any {type_}", Verdict.UNKNOWN, f"whether one exists already can't be told: {error}"
            )
            continue
        if found is not None and (type_, found) not in destroyed:
            orphans.append(Orphan(resource["address"], found))
    return orphans, list(unknown.values())


def _look_up(look_up: LookUp, values: Values, make_client: ClientMaker) -> str | None:
    """Return the id for an import; None if nothing of that name exists, or if the plan doesn't know the name yet."""
    service, needed, find = look_up
    if any(values.get(name) is None for name in needed):
        return None
    try:
        return find(make_client(service), values)
    except ClientError as error:
        if error_code(error) in _NOT_FOUND:
            return None
        raise


def _queue(sqs: Any, values: Values) -> str | None:
    return str(sqs.get_queue_url(QueueName=values["name"])["QueueUrl"])


def _log_group(logs: Any, values: Values) -> str | None:
    found = logs.describe_log_groups(logGroupNamePrefix=values["name"])["logGroups"]
    return next((group["logGroupName"] for group in found if group["logGroupName"] == values["name"]), None)


def _role(iam: Any, values: Values) -> str | None:
    return str(iam.get_role(RoleName=values["name"])["Role"]["RoleName"])


def _role_policy(iam: Any, values: Values) -> str | None:
    iam.get_role_policy(RoleName=values["role"], PolicyName=values["name"])
    return f"{values['role']}:{values['name']}"


def _function(lambda_: Any, values: Values) -> str | None:
    lambda_.get_function_configuration(FunctionName=values["function_name"])
    return str(values["function_name"])


def _alias(lambda_: Any, values: Values) -> str | None:
    lambda_.get_alias(FunctionName=values["function_name"], Name=values["name"])
    return f"{values['function_name']}/{values['name']}"


def _permission(lambda_: Any, values: Values) -> str | None:
    name, qualifier, sid = values["function_name"], values["qualifier"], values["statement_id"]
    policy = json.loads(lambda_.get_policy(FunctionName=name, Qualifier=qualifier)["Policy"])
    exists = any(statement.get("Sid") == sid for statement in policy["Statement"])
    return f"{name}:{qualifier}/{sid}" if exists else None


def _event_source_mapping(lambda_: Any, values: Values) -> str | None:
    # By the queue: one that feeds anything but this alias is no orphan (plan/readers.py).
    found = lambda_.list_event_source_mappings(EventSourceArn=values["event_source_arn"])["EventSourceMappings"]
    return next((one["UUID"] for one in found if one["FunctionArn"] == values["function_name"]), None)


def _topic(sns: Any, values: Values) -> str | None:
    pages = sns.get_paginator("list_topics").paginate()
    arns = (topic["TopicArn"] for page in pages for topic in page["Topics"])
    return next((arn for arn in arns if arn.endswith(f":{values['name']}")), None)


def _api(apigateway: Any, values: Values) -> str | None:
    return _of_name(items(apigateway, "get_apis"), "Name", values["name"], "ApiId")


def _stage(apigateway: Any, values: Values) -> str | None:
    apigateway.get_stage(ApiId=values["api_id"], StageName=values["name"])
    return f"{values['api_id']}/{values['name']}"


def _route(apigateway: Any, values: Values) -> str | None:
    routes = items(apigateway, "get_routes", ApiId=values["api_id"])
    found = _of_name(routes, "RouteKey", values["route_key"], "RouteId")
    return found and f"{values['api_id']}/{found}"


def _route_response(apigateway: Any, values: Values) -> str | None:
    responses = items(apigateway, "get_route_responses", ApiId=values["api_id"], RouteId=values["route_id"])
    found = _of_name(responses, "RouteResponseKey", values["route_response_key"], "RouteResponseId")
    return found and f"{values['api_id']}/{values['route_id']}/{found}"


def _authorizer(apigateway: Any, values: Values) -> str | None:
    found = _of_name(
        items(apigateway, "get_authorizers", ApiId=values["api_id"]), "Name", values["name"], "AuthorizerId"
    )
    return found and f"{values['api_id']}/{found}"


def _domain_name(apigateway: Any, values: Values) -> str | None:
    return str(apigateway.get_domain_name(DomainName=values["domain_name"])["DomainName"])


def _api_mapping(apigateway: Any, values: Values) -> str | None:
    name, key = values["domain_name"], values.get("api_mapping_key") or ""
    found = apigateway.get_api_mappings(DomainName=name)["Items"]
    return next((f"{one['ApiMappingId']}/{name}" for one in found if one.get("ApiMappingKey", "") == key), None)


def _key(kms: Any, values: Values) -> str | None:
    described: list[Values] = []
    denied: ClientError | None = None
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            try:
                described.append(kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"])
            except ClientError as error:
                if error_code(error) != "AccessDeniedException":
                    raise
                denied = error  # by the key's own policy, and then it is none of ours, or by IAM, and then all are
    if denied is not None and not described:
        raise denied
    ours = [one for one in described if one["Description"] == values["description"] and one["KeyState"] == "Enabled"]
    newest = max(ours, key=lambda one: one["CreationDate"], default=None)
    return None if newest is None else str(newest["KeyId"])


def _key_alias(kms: Any, values: Values) -> str | None:
    pages = kms.get_paginator("list_aliases").paginate()
    names = (str(alias["AliasName"]) for page in pages for alias in page["Aliases"])
    return next((name for name in names if name == values["name"]), None)


def items(apigateway: Any, operation: str, **arguments: str) -> Iterator[Values]:
    """Yield the items of all pages of an answer of API Gateway."""
    for page in apigateway.get_paginator(operation).paginate(**arguments):
        yield from page["Items"]


def _of_name(among: Iterator[Values], member: str, name: str, id_: str) -> str | None:
    return next((str(item[id_]) for item in among if item[member] == name), None)


LOOK_UPS: LookUps = {
    "aws_apigatewayv2_api": ("apigatewayv2", ("name",), _api),
    "aws_apigatewayv2_api_mapping": ("apigatewayv2", ("domain_name",), _api_mapping),
    "aws_apigatewayv2_authorizer": ("apigatewayv2", ("api_id", "name"), _authorizer),
    "aws_apigatewayv2_domain_name": ("apigatewayv2", ("domain_name",), _domain_name),
    "aws_apigatewayv2_route": ("apigatewayv2", ("api_id", "route_key"), _route),
    "aws_apigatewayv2_route_response": ("apigatewayv2", ("api_id", "route_id"), _route_response),
    "aws_apigatewayv2_stage": ("apigatewayv2", ("api_id", "name"), _stage),
    "aws_cloudwatch_log_group": ("logs", ("name",), _log_group),
    "aws_iam_role": ("iam", ("name",), _role),
    "aws_iam_role_policy": ("iam", ("role", "name"), _role_policy),
    "aws_kms_alias": ("kms", ("name",), _key_alias),
    "aws_kms_key": ("kms", ("description",), _key),
    "aws_lambda_alias": ("lambda", ("function_name", "name"), _alias),
    "aws_lambda_event_source_mapping": ("lambda", ("event_source_arn", "function_name"), _event_source_mapping),
    "aws_lambda_function": ("lambda", ("function_name",), _function),
    "aws_lambda_permission": ("lambda", ("function_name", "qualifier", "statement_id"), _permission),
    "aws_sns_topic": ("sns", ("name",), _topic),
    "aws_sqs_queue": ("sqs", ("name",), _queue),
}
