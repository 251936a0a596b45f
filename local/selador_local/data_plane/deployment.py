"""The deployment that Terraform made, as far as the data plane runs it, read back from the control plane.

Nothing else configures the data plane. What it can't run (another integration type) is named and fails, as it
would on AWS if its integration failed. Nothing else is affected, and nothing is ignored in silence.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import boto3

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.event_source_mapping.filters import unknown_operators
from selador_local.errors import SeladorLocalError
from selador_local.iam_policy.policies import Document

if TYPE_CHECKING:
    from types_boto3_apigatewayv2.client import ApiGatewayV2Client
    from types_boto3_apigatewayv2.type_defs import ApiTypeDef, RouteSettingsTypeDef, RouteTypeDef, StageTypeDef
    from types_boto3_lambda.client import LambdaClient
    from types_boto3_lambda.type_defs import EventSourceMappingConfigurationTypeDef

_INTEGRATION_URI = re.compile(
    r"arn:[^:]+:apigateway:[^:]+:lambda:path/2015-03-31/functions/(?P<function>.+)/invocations"
)
_COLONS_OF_QUALIFIED_ARN = 7  # arn:aws:lambda:region:account:function:name:qualifier
_MAX_INTEGRATION_MS = 29_000  # API Gateway waits no longer for an integration (WS-09)


class DeploymentError(SeladorLocalError):
    """A function that Terraform deployed can't be run here."""


@dataclass(frozen=True)
class Unrunnable:
    """It takes the place of something deployed that can't run here; `reason` names that."""

    reason: str


@dataclass(frozen=True)
class Integration:
    """A Lambda proxy integration. `function_arn` is qualified when it names an alias or a version."""

    function_arn: str
    timeout_ms: int


@dataclass(frozen=True)
class RequestAuthorizer:
    """A Lambda authorizer. It is only asked if all of its `identity_sources` are there (AUTH-04)."""

    authorizer_id: str
    function_arn: str
    identity_sources: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """A route of a stage; `responds` if the function's response reaches the client (WS-30).

    `authorization` is None if anybody may take the route.
    """

    key: str
    integration: Integration | Unrunnable | None
    responds: bool
    authorization: RequestAuthorizer | Literal["AWS_IAM"] | Unrunnable | None = None


@dataclass(frozen=True)
class Throttle:
    """A stage's default token bucket: requests per second and its size (WS-67)."""

    rate: float
    burst: int


@dataclass(frozen=True)
class AccessLog:
    """Where a stage's access log goes, and the format of its lines."""

    group: str
    format: str


@dataclass(frozen=True)
class Stage:
    """A stage with the routes that its deployment contains; `detailed_metrics` are those by route."""

    api_id: str
    name: str
    deployment_id: str | None
    route_selection_expression: str
    routes: Mapping[str, Route]
    throttle: Throttle | None
    route_throttles: Mapping[str, Throttle] = field(default_factory=dict)
    """By the keys of the routes that have one of their own."""
    access_log: AccessLog | None = None
    detailed_metrics: bool = False


@dataclass(frozen=True)
class Function:
    """A function by the ARN that integrations and mappings use, in the version that serves it.

    `weighted` are the other versions that an alias gives a share of its calls, by that share.
    """

    arn: str
    name: str
    version: str
    role_arn: str
    runtime: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, str]
    code_sha256: str
    """Base64 of the zip's SHA-256 (LAM-48)."""
    reserved_concurrency: int | None
    log_group: str
    log_format: str
    log_level: str | None
    system_log_level: str | None
    code_url: str = field(compare=False)  # may be signed anew at each reading
    weighted: tuple[tuple[float, "Function"], ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class EventSourceMapping:
    """A queue that feeds a function."""

    uuid: str
    queue_arn: str
    function_arn: str
    enabled: bool
    batch_size: int
    window_seconds: int
    maximum_concurrency: int | None
    reports_batch_item_failures: bool
    filters: tuple[str, ...] = ()
    """Patterns in JSON, of which a message has to match one."""
    counts_events: bool = False


@dataclass(frozen=True)
class Deployment:
    """Everything the data plane runs."""

    stages: Mapping[tuple[str, str], Stage] = field(default_factory=dict)
    """By API id and stage name."""
    functions: Mapping[str, Function] = field(default_factory=dict)
    """By the ARN that integrations and mappings use. A function that was deleted is missing."""
    policies: Mapping[str, Document] = field(default_factory=dict)
    """The functions' own policies, by the same ARN. A function without permissions has none."""
    mappings: tuple[EventSourceMapping, ...] = ()
    unrunnable: tuple[Unrunnable, ...] = ()
    """What can't run here, each once."""


def read(control_plane: ControlPlane, previous: Deployment) -> Deployment:
    """Read the deployment. Blocks: call it in a thread.

    The control plane keeps routes, not the content of a deployment. So a stage with the same deployment as in
    `previous` keeps its routes: a route added since needs a new deployment first (WS-07).

    Raises botocore's exceptions if the control plane can't be read.
    """
    session = boto3.Session()
    gateway = session.client("apigatewayv2", **control_plane.client_arguments)
    lambda_ = session.client("lambda", **control_plane.client_arguments)

    stages = {(stage.api_id, stage.name): stage for stage in _stages(gateway, previous)}
    mappings = list(_mappings(lambda_))
    routes = [route for stage in stages.values() for route in stage.routes.values()]
    parts = [*(route.integration for route in routes), *(route.authorization for route in routes), *mappings]
    arns = {
        part.function_arn for part in parts if isinstance(part, Integration | RequestAuthorizer | EventSourceMapping)
    }
    found = {arn: _function(lambda_, arn) for arn in sorted(arns)}
    functions = {arn: function for arn, function in found.items() if isinstance(function, Function)}
    return Deployment(
        stages,
        functions,
        {arn: policy for arn in functions if (policy := _policy(lambda_, arn)) is not None},
        tuple(mapping for mapping in mappings if isinstance(mapping, EventSourceMapping)),
        tuple(dict.fromkeys(part for part in [*parts, *found.values()] if isinstance(part, Unrunnable))),
    )


def read_function(control_plane: ControlPlane, arn: str) -> Function:
    """Read one function. Blocks: call it in a thread. Raises DeploymentError if it doesn't exist."""
    function = _function(boto3.Session().client("lambda", **control_plane.client_arguments), arn)
    if isinstance(function, Unrunnable):
        raise DeploymentError(function.reason)
    return function


def _stages(gateway: "ApiGatewayV2Client", previous: Deployment) -> Iterable[Stage]:
    for apis in gateway.get_paginator("get_apis").paginate():
        for api in apis["Items"]:
            if api["ProtocolType"] != "WEBSOCKET":
                continue
            routes = _routes(gateway, api["ApiId"])
            for stages in gateway.get_paginator("get_stages").paginate(ApiId=api["ApiId"]):
                for stage in stages["Items"]:
                    yield _stage(api, stage, routes, previous)


def _stage(api: "ApiTypeDef", stage: "StageTypeDef", routes: Mapping[str, Route], previous: Deployment) -> Stage:
    deployment_id = stage.get("DeploymentId")
    before = previous.stages.get((api["ApiId"], stage["StageName"]))
    if deployment_id is None:
        routes = {}
    elif before is not None and before.deployment_id == deployment_id:
        routes = before.routes
    own = {key: _throttle(settings) for key, settings in stage.get("RouteSettings", {}).items()}
    return Stage(
        api["ApiId"],
        stage["StageName"],
        deployment_id,
        api["RouteSelectionExpression"],
        routes,
        _throttle(stage.get("DefaultRouteSettings", {})),
        {key: throttle for key, throttle in own.items() if throttle is not None},
        _access_log(stage),
        stage.get("DefaultRouteSettings", {}).get("DetailedMetricsEnabled", False),
    )


def _throttle(settings: "RouteSettingsTypeDef") -> Throttle | None:
    if "ThrottlingRateLimit" in settings and "ThrottlingBurstLimit" in settings:
        return Throttle(settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"])
    return None


def _access_log(stage: "StageTypeDef") -> AccessLog | None:
    settings = stage.get("AccessLogSettings", {})
    destination = settings.get("DestinationArn", "")
    if not destination:
        return None
    if destination.split(":")[2] != "logs":
        raise DeploymentError(
            f"stage {stage['StageName']} logs to {destination}; only log groups of CloudWatch are written to here"
        )
    return AccessLog(destination.split(":log-group:")[1].removesuffix(":*"), settings["Format"])


def _routes(gateway: "ApiGatewayV2Client", api_id: str) -> dict[str, Route]:
    # Before the integrations: during an apply a route may name one that was made a moment ago.
    routes = [route for page in gateway.get_paginator("get_routes").paginate(ApiId=api_id) for route in page["Items"]]
    integrations: dict[str, Integration | Unrunnable] = {}
    for page in gateway.get_paginator("get_integrations").paginate(ApiId=api_id):
        for integration in page["Items"]:
            uri = _INTEGRATION_URI.fullmatch(integration.get("IntegrationUri", ""))
            if integration["IntegrationType"] != "AWS_PROXY" or uri is None:
                integrations[integration["IntegrationId"]] = Unrunnable(
                    f"API {api_id} has an integration of type {integration['IntegrationType']}; only AWS_PROXY with a "
                    "function's invoke ARN runs here"
                )
                continue
            timeout_ms = min(integration.get("TimeoutInMillis", _MAX_INTEGRATION_MS), _MAX_INTEGRATION_MS)
            integrations[integration["IntegrationId"]] = Integration(uri["function"], timeout_ms)
    return {route["RouteKey"]: _route(gateway, api_id, route, integrations) for route in routes}


def _route(
    gateway: "ApiGatewayV2Client",
    api_id: str,
    route: "RouteTypeDef",
    integrations: Mapping[str, Integration | Unrunnable],
) -> Route:
    key = route["RouteKey"]
    target = route.get("Target")
    integration = integrations[target.removeprefix("integrations/")] if target is not None else None
    responds = False
    if route.get("RouteResponseSelectionExpression") == "$default":
        responses = gateway.get_route_responses(ApiId=api_id, RouteId=route["RouteId"])
        responds = any(response["RouteResponseKey"] == "$default" for response in responses["Items"])
    return Route(key, integration, responds, _authorization(gateway, api_id, route))


def _authorization(
    gateway: "ApiGatewayV2Client", api_id: str, route: "RouteTypeDef"
) -> RequestAuthorizer | Literal["AWS_IAM"] | Unrunnable | None:
    """Return who may take the route. The control plane allows an authorization on `$connect` only (AUTH-01)."""
    kind = route.get("AuthorizationType", "NONE")
    match kind:
        case "NONE":
            return None
        case "AWS_IAM":
            return "AWS_IAM"
        case "CUSTOM":
            authorizer = gateway.get_authorizer(ApiId=api_id, AuthorizerId=route["AuthorizerId"])
            uri = _INTEGRATION_URI.fullmatch(authorizer.get("AuthorizerUri", ""))
            if authorizer["AuthorizerType"] != "REQUEST" or uri is None:
                return Unrunnable(
                    f"authorizer {authorizer['Name']} is of type {authorizer['AuthorizerType']}; WebSocket APIs have "
                    "REQUEST authorizers only, with a function's invoke ARN"
                )
            return RequestAuthorizer(
                route["AuthorizerId"], uri["function"], tuple(sorted(authorizer.get("IdentitySource", ())))
            )
    return Unrunnable(f"route $connect has authorization {kind}; WebSocket APIs know NONE, AWS_IAM and CUSTOM")


def _policy(lambda_: "LambdaClient", arn: str) -> Document | None:
    try:
        policy: Document = json.loads(lambda_.get_policy(FunctionName=arn)["Policy"])
    except lambda_.exceptions.ResourceNotFoundException:
        return None
    return policy


def _function(lambda_: "LambdaClient", arn: str) -> Function | Unrunnable:
    name, _, qualifier = arn.rpartition(":")
    try:
        function = _version(lambda_, arn, arn)
    except lambda_.exceptions.ResourceNotFoundException:
        return Unrunnable(f"the function {arn} does not exist")
    if arn.count(":") < _COLONS_OF_QUALIFIED_ARN or qualifier == function.version:
        return function
    alias = lambda_.get_alias(FunctionName=name, Name=qualifier)
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {})
    others = ((weight, _version(lambda_, f"{name}:{version}", arn)) for version, weight in sorted(weights.items()))
    return replace(function, weighted=tuple(others))


def _version(lambda_: "LambdaClient", qualified_arn: str, arn: str) -> Function:
    """Return a version as it serves the calls to `arn`."""
    found = lambda_.get_function(FunctionName=qualified_arn)
    configuration = found["Configuration"]
    logging = configuration.get("LoggingConfig", {})
    return Function(
        arn=arn,
        name=configuration["FunctionName"],
        version=configuration["Version"],
        role_arn=configuration["Role"],
        runtime=configuration["Runtime"],
        handler=configuration["Handler"],
        timeout_seconds=configuration["Timeout"],
        memory_mb=configuration["MemorySize"],
        environment=configuration.get("Environment", {}).get("Variables", {}),
        code_sha256=configuration["CodeSha256"],
        reserved_concurrency=found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        log_group=logging.get("LogGroup", f"/aws/lambda/{configuration['FunctionName']}"),
        log_format=logging.get("LogFormat", "Text"),
        log_level=logging.get("ApplicationLogLevel"),
        system_log_level=logging.get("SystemLogLevel"),
        code_url=found["Code"]["Location"],
    )


def _mappings(lambda_: "LambdaClient") -> Iterable[EventSourceMapping | Unrunnable]:
    for page in lambda_.get_paginator("list_event_source_mappings").paginate():
        for mapping in page["EventSourceMappings"]:
            yield _mapping(mapping)


def _mapping(mapping: "EventSourceMappingConfigurationTypeDef") -> EventSourceMapping | Unrunnable:
    if mapping["EventSourceArn"].split(":")[2] != "sqs":
        return Unrunnable(f"mapping {mapping['UUID']} reads {mapping['EventSourceArn']}; only SQS runs locally")
    filters = tuple(entry["Pattern"] for entry in mapping.get("FilterCriteria", {}).get("Filters", ()))
    for pattern in filters:
        if unknown := unknown_operators(json.loads(pattern)):
            return Unrunnable(
                f"mapping {mapping['UUID']} filters by {', '.join(sorted(unknown))}, which Lambda's filters don't have"
            )
    return EventSourceMapping(
        uuid=mapping["UUID"],
        queue_arn=mapping["EventSourceArn"],
        function_arn=mapping["FunctionArn"],
        enabled=mapping["State"] in {"Creating", "Enabling", "Enabled", "Updating"},
        batch_size=mapping.get("BatchSize", 10),
        window_seconds=mapping.get("MaximumBatchingWindowInSeconds", 0),
        maximum_concurrency=mapping.get("ScalingConfig", {}).get("MaximumConcurrency"),
        reports_batch_item_failures="ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", []),
        filters=filters,
        counts_events="EventCount" in mapping.get("MetricsConfig", {}).get("Metrics", []),
    )
