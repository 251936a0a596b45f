"""Reading a deployment back from the local control plane."""

from typing import Any

import boto3
import pytest

from selador_local.control_plane_client.client import ControlPlane
from selador_local.data_plane.deployment import (
    AccessLog,
    Deployment,
    EventSourceMapping,
    Integration,
    RequestAuthorizer,
    Route,
    Throttle,
    _routes,
    read,
)

SOURCE = "def handle(event, context):\n    return event\n"


@pytest.fixture
def function_arn(terraform: Any, request: pytest.FixtureRequest) -> str:
    """A function of the test's own; its alias's ARN."""
    name = request.node.name.replace("[", "-").replace("]", "")[-60:]
    role_arn = terraform.role(name, {"Action": "sqs:*", "Resource": "*"})
    arn: str = terraform.function(
        name, SOURCE, role_arn, Timeout=29, MemorySize=256, Environment={"Variables": {"AB": "c"}}
    )
    return arn


def test_routes_of_a_deployed_stage(control_plane: ControlPlane, terraform: Any, function_arn: str) -> None:
    api_id = terraform.api("routes")
    terraform.route(api_id, "$connect", function_arn)
    terraform.route(api_id, "invoke", function_arn, two_way=True)
    throttle = {"ThrottlingRateLimit": 50.0, "ThrottlingBurstLimit": 20}
    slow = {"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 2}
    settings = {"invoke": slow, "$connect": {"DataTraceEnabled": True}}
    terraform.deploy(api_id, "local", DefaultRouteSettings=throttle, RouteSettings=settings)

    stage = read(control_plane, Deployment()).stages[api_id, "local"]

    integration = Integration(function_arn, 29_000)
    assert stage.routes == {
        "$connect": Route("$connect", integration, responds=False),
        "invoke": Route("invoke", integration, responds=True),
    }
    assert stage.route_selection_expression == "$request.body.action"
    assert stage.throttle == Throttle(50.0, 20)
    assert stage.route_throttles == {"invoke": Throttle(1.0, 2)}


def test_stage_without_a_deployment_has_no_routes(
    control_plane: ControlPlane, terraform: Any, function_arn: str
) -> None:
    api_id = terraform.api("undeployed")
    terraform.route(api_id, "invoke", function_arn)
    terraform.gateway.create_stage(ApiId=api_id, StageName="local")

    assert read(control_plane, Deployment()).stages[api_id, "local"].routes == {}


def test_a_stage_has_the_access_log_and_the_detail_of_its_settings(
    control_plane: ControlPlane, terraform: Any, function_arn: str
) -> None:
    api_id = terraform.api("logged")
    terraform.route(api_id, "invoke", function_arn)
    account = boto3.Session().client("apigateway", **control_plane.client_arguments)
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logging"}
    account.update_account(patchOperations=[role])  # without it no stage may log (TF-25)
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/apigateway/selador/access"
    terraform.deploy(
        api_id,
        "local",
        AccessLogSettings={"DestinationArn": group, "Format": "$context.requestId"},
        DefaultRouteSettings={"DetailedMetricsEnabled": True},
    )
    terraform.deploy(api_id, "plain")

    stages = read(control_plane, Deployment()).stages

    assert stages[api_id, "local"].access_log == AccessLog("/aws/apigateway/selador/access", "$context.requestId")
    assert stages[api_id, "local"].detailed_metrics
    assert stages[api_id, "plain"].access_log is None
    assert not stages[api_id, "plain"].detailed_metrics


def test_a_route_added_needs_a_new_deployment(control_plane: ControlPlane, terraform: Any, function_arn: str) -> None:
    """A stage serves its deployment's copy of the routes (WS-07)."""
    api_id = terraform.api("added")
    terraform.route(api_id, "invoke", function_arn)
    terraform.deploy(api_id, "local")
    first = read(control_plane, Deployment())
    terraform.route(api_id, "ping", function_arn)

    undeployed = read(control_plane, first)
    terraform.deploy(api_id, "local")
    deployed = read(control_plane, undeployed)

    assert set(undeployed.stages[api_id, "local"].routes) == {"invoke"}
    assert set(deployed.stages[api_id, "local"].routes) == {"invoke", "ping"}


def test_function_is_the_version_behind_the_alias(
    control_plane: ControlPlane, terraform: Any, function_arn: str
) -> None:
    api_id = terraform.api("function")
    terraform.route(api_id, "invoke", function_arn)
    terraform.deploy(api_id, "local")

    function = read(control_plane, Deployment()).functions[function_arn]

    assert function.arn == function_arn
    assert (function.version, function.runtime, function.handler) == ("1", "python3.13", "handler.handle")
    assert (function.timeout_seconds, function.memory_mb, function.environment) == (29, 256, {"AB": "c"})
    assert function.reserved_concurrency is None
    assert function.code_url.startswith(control_plane.endpoint)


def test_an_alias_may_give_other_versions_a_share(
    control_plane: ControlPlane, terraform: Any, function_arn: str
) -> None:
    api_id = terraform.api("canary")
    terraform.route(api_id, "invoke", function_arn)
    terraform.deploy(api_id, "local")
    name, _, alias = function_arn.rpartition(":")
    terraform.lambda_.update_function_configuration(FunctionName=name, MemorySize=512)
    canary = terraform.lambda_.publish_version(FunctionName=name)["Version"]
    weights = {"AdditionalVersionWeights": {canary: 0.1}}
    terraform.lambda_.update_alias(FunctionName=name, Name=alias, RoutingConfig=weights)

    function = read(control_plane, Deployment()).functions[function_arn]

    [(weight, other)] = function.weighted
    assert (function.version, function.memory_mb) == ("1", 256)
    assert (weight, other.version, other.memory_mb, other.arn) == (0.1, canary, 512, function_arn)


def test_mapping(control_plane: ControlPlane, terraform: Any, function_arn: str) -> None:
    queue_arn = terraform.queue("mapped")
    uuid = terraform.mapping(queue_arn, function_arn, BatchSize=1, ScalingConfig={"MaximumConcurrency": 5})

    deployment = read(control_plane, Deployment())

    assert [mapping for mapping in deployment.mappings if mapping.uuid == uuid] == [
        EventSourceMapping(
            uuid=uuid,
            queue_arn=queue_arn,
            function_arn=function_arn,
            enabled=True,
            batch_size=1,
            window_seconds=0,
            maximum_concurrency=5,
            reports_batch_item_failures=True,
        )
    ]
    assert function_arn in deployment.functions


def test_a_mappings_filters_are_read_and_unknown_operators_named(
    control_plane: ControlPlane, terraform: Any, function_arn: str
) -> None:
    def filtered(pattern: str) -> str:
        queue_arn = terraform.queue("filtered")
        uuid: str = terraform.mapping(queue_arn, function_arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
        return uuid

    pattern = '{"body": {"type": [{"prefix": "q"}]}}'
    known = filtered(pattern)
    [mapping] = [mapping for mapping in read(control_plane, Deployment()).mappings if mapping.uuid == known]
    terraform.lambda_.delete_event_source_mapping(UUID=known)
    unknown = filtered('{"body": {"type": [{"wildcard": "q*"}]}}')
    try:
        [unrunnable] = read(control_plane, Deployment()).unrunnable
    finally:
        terraform.lambda_.delete_event_source_mapping(UUID=unknown)

    assert mapping.filters == (pattern,)
    assert unrunnable.reason.startswith(f"mapping {unknown} filters by wildcard")


def test_an_integration_that_does_not_run_here_is_named_and_the_others_run(
    control_plane: ControlPlane, terraform: Any, function_arn: str
) -> None:
    api_id = terraform.api("mock")
    terraform.route(api_id, "invoke", function_arn)
    mock = terraform.gateway.create_integration(ApiId=api_id, IntegrationType="MOCK")["IntegrationId"]
    terraform.gateway.create_route(ApiId=api_id, RouteKey="mock", Target=f"integrations/{mock}")
    terraform.deploy(api_id, "local")

    try:
        deployment = read(control_plane, Deployment())
    finally:
        terraform.gateway.delete_api(ApiId=api_id)

    [unrunnable] = deployment.unrunnable
    assert unrunnable.reason.startswith(f"API {api_id} has an integration of type MOCK; only AWS_PROXY")
    routes = deployment.stages[api_id, "local"].routes
    assert (routes["mock"].integration, routes["invoke"].integration) == (unrunnable, Integration(function_arn, 29_000))


def test_a_function_that_is_gone_is_named_and_the_others_run(
    control_plane: ControlPlane, terraform: Any, function_arn: str
) -> None:
    api_id = terraform.api("gone")
    gone = function_arn.replace(":live", "-gone:live")
    terraform.route(api_id, "invoke", function_arn)
    terraform.route(api_id, "gone", gone)
    terraform.deploy(api_id, "local")

    try:
        deployment = read(control_plane, Deployment())
    finally:
        terraform.gateway.delete_api(ApiId=api_id)

    assert [unrunnable.reason for unrunnable in deployment.unrunnable] == [f"the function {gone} does not exist"]
    assert function_arn in deployment.functions
    assert gone not in deployment.functions


def test_connect_s_authorizer_is_read_with_its_function(
    control_plane: ControlPlane, terraform: Any, function_arn: str
) -> None:
    api_id = terraform.api("authorized")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function_arn}/invocations"
    authorizer_id = terraform.gateway.create_authorizer(
        ApiId=api_id,
        AuthorizerType="REQUEST",
        AuthorizerUri=uri,
        IdentitySource=["route.request.header.Auth"],
        Name="jwt",
    )["AuthorizerId"]
    terraform.gateway.create_route(
        ApiId=api_id, RouteKey="$connect", AuthorizationType="CUSTOM", AuthorizerId=authorizer_id
    )
    terraform.deploy(api_id, "local")

    deployment = read(control_plane, Deployment())

    route = deployment.stages[api_id, "local"].routes["$connect"]
    assert route.authorization == RequestAuthorizer(authorizer_id, function_arn, ("route.request.header.Auth",))
    assert function_arn in deployment.functions


def test_connect_may_have_to_be_signed(control_plane: ControlPlane, terraform: Any) -> None:
    api_id = terraform.api("signed")
    terraform.gateway.create_route(ApiId=api_id, RouteKey="$connect", AuthorizationType="AWS_IAM")
    terraform.deploy(api_id, "local")

    route = read(control_plane, Deployment()).stages[api_id, "local"].routes["$connect"]

    assert route.authorization == "AWS_IAM"


class ChangingGateway:
    """An API that gets an integration, and a route to it, after the first list of it that is asked for."""

    def __init__(self, function_arn: str) -> None:
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function_arn}/invocations"
        new = {"IntegrationId": "new", "IntegrationType": "AWS_PROXY", "IntegrationUri": uri}
        self._lists = {
            "get_integrations": [[], [new]],
            "get_routes": [[], [{"RouteKey": "invoke", "Target": "integrations/new"}]],
        }
        self._asked = 0

    def get_paginator(self, operation: str) -> "ChangingGateway":
        self._listed = self._lists[operation][min(self._asked, 1)]
        self._asked += 1
        return self

    def paginate(self, ApiId: str) -> list[dict[str, Any]]:  # noqa: N803 # boto3's signature
        return [{"Items": self._listed}]


def test_a_route_that_an_apply_makes_while_the_api_is_read_is_read_the_next_time(function_arn: str) -> None:
    gateway: Any = ChangingGateway(function_arn)

    assert _routes(gateway, "api") == {}
    assert _routes(gateway, "api")["invoke"].integration == Integration(function_arn, 29_000)
