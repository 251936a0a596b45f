"""API Gateway v2 through boto3, against the running server."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

DATA_PLANE_PORT = 4711
ACCESS_LOG = {
    "DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:a",
    "Format": "$context.requestId",
}


@pytest.fixture
def gateway(server: Any) -> Any:
    return server.client("apigatewayv2")


@pytest.fixture
def api_id(gateway: Any, name: str) -> str:
    found: str = gateway.create_api(
        Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    return found


@pytest.fixture
def route_id(gateway: Any, api_id: str) -> str:
    found: str = gateway.create_route(ApiId=api_id, RouteKey="ping", RouteResponseSelectionExpression="$default")[
        "RouteId"
    ]
    return found


@pytest.fixture
def deployment_id(gateway: Any, api_id: str, route_id: str) -> str:
    found: str = gateway.create_deployment(ApiId=api_id, Description="first")["DeploymentId"]
    return found


@pytest.fixture
def log_role(server: Any) -> Iterator[None]:
    """The account's role with which API Gateway writes logs, taken away afterwards."""
    account = server.client("apigateway")
    role = "arn:aws:iam::123456789012:role/logs"
    account.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    yield
    account.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])


def test_a_websocket_apis_endpoint_is_on_the_data_plane(gateway: Any, api_id: str) -> None:
    assert gateway.get_api(ApiId=api_id)["ApiEndpoint"] == f"ws://127.0.0.1:{DATA_PLANE_PORT}/{api_id}"


def test_an_api_that_is_made_anew_has_the_id_of_before_and_a_second_one_its_own(gateway: Any, name: str) -> None:
    """So a page that has the URL keeps it, while the API is replaced or the stack is."""

    def create() -> str:
        found: str = gateway.create_api(Name=name, ProtocolType="WEBSOCKET", Tags={"made": "here"})["ApiId"]
        return found

    first, second = create(), create()
    gateway.delete_api(ApiId=first)

    assert create() == first != second
    assert re.fullmatch("[a-z0-9]{10}", first)
    assert {api["ApiId"] for api in gateway.get_apis()["Items"] if api["Name"] == name} == {first, second}
    assert gateway.get_tags(ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{first}")["Tags"] == {"made": "here"}


def test_an_http_apis_endpoint_is_left_alone(gateway: Any, name: str) -> None:
    api = gateway.create_api(Name=name, ProtocolType="HTTP")

    assert api["ApiEndpoint"].startswith("https://")


def test_a_custom_domain_is_ready_at_once_and_has_what_dns_points_at(gateway: Any) -> None:
    wanted = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c", "EndpointType": "REGIONAL"}
    gateway.create_domain_name(DomainName="answers.example.com", DomainNameConfigurations=[wanted])

    domain = gateway.get_domain_name(DomainName="answers.example.com")

    (found,) = domain["DomainNameConfigurations"]
    assert found | wanted == found
    assert found["DomainNameStatus"] == "AVAILABLE"
    assert found["ApiGatewayDomainName"].startswith("d-")
    assert found["HostedZoneId"]
    assert "MutualTlsAuthentication" not in domain


def test_an_api_stays_while_a_domain_maps_to_it_and_a_domain_takes_its_mappings_along(
    gateway: Any, api_id: str
) -> None:
    domain = "mapped.example.com"
    wanted = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c", "EndpointType": "REGIONAL"}
    gateway.create_domain_name(DomainName=domain, DomainNameConfigurations=[wanted])
    gateway.create_stage(ApiId=api_id, StageName="mapped")
    for key in ("one", "two"):
        gateway.create_api_mapping(ApiId=api_id, DomainName=domain, ApiMappingKey=key, Stage="mapped")

    with pytest.raises(ClientError) as caught:
        gateway.delete_api(ApiId=api_id)
    gateway.delete_domain_name(DomainName=domain)
    gateway.delete_api(ApiId=api_id)

    assert caught.value.response["Error"] == {
        "Code": "BadRequestException",
        "Message": f"Deleting API {api_id} failed. "
        "Please remove all API mappings for the API from your custom domain names.",
    }
    assert api_id not in {api["ApiId"] for api in gateway.get_apis()["Items"]}


def test_deployments_are_kept(gateway: Any, api_id: str, deployment_id: str) -> None:
    deployment = gateway.get_deployment(ApiId=api_id, DeploymentId=deployment_id)

    assert (deployment["DeploymentStatus"], deployment["Description"]) == ("DEPLOYED", "first")
    assert [one["DeploymentId"] for one in gateway.get_deployments(ApiId=api_id)["Items"]] == [deployment_id]


def test_a_deployments_description_can_change(gateway: Any, api_id: str, deployment_id: str) -> None:
    gateway.update_deployment(ApiId=api_id, DeploymentId=deployment_id, Description="second")

    assert gateway.get_deployment(ApiId=api_id, DeploymentId=deployment_id)["Description"] == "second"


def test_an_api_without_routes_can_not_be_deployed(gateway: Any, api_id: str) -> None:
    with pytest.raises(gateway.exceptions.BadRequestException, match="route"):
        gateway.create_deployment(ApiId=api_id)


def test_a_deployment_in_use_can_not_be_deleted(gateway: Any, api_id: str, deployment_id: str) -> None:
    gateway.create_stage(ApiId=api_id, StageName="prod", DeploymentId=deployment_id)
    with pytest.raises(gateway.exceptions.BadRequestException, match="Active stages"):
        gateway.delete_deployment(ApiId=api_id, DeploymentId=deployment_id)

    gateway.delete_stage(ApiId=api_id, StageName="prod")
    gateway.delete_deployment(ApiId=api_id, DeploymentId=deployment_id)

    with pytest.raises(gateway.exceptions.NotFoundException):
        gateway.get_deployment(ApiId=api_id, DeploymentId=deployment_id)


def test_a_stage_keeps_its_deployment_and_settings(
    gateway: Any, api_id: str, deployment_id: str, log_role: None
) -> None:
    settings = {
        "DeploymentId": deployment_id,
        "AccessLogSettings": ACCESS_LOG,
        "DefaultRouteSettings": {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 10.0, "LoggingLevel": "ERROR"},
    }

    gateway.create_stage(ApiId=api_id, StageName="prod", **settings)

    assert settings.items() <= gateway.get_stage(ApiId=api_id, StageName="prod").items()


def test_update_of_a_stage_changes_what_is_given_and_keeps_the_rest(
    gateway: Any, api_id: str, deployment_id: str, log_role: None
) -> None:
    gateway.create_stage(ApiId=api_id, StageName="prod", DeploymentId=deployment_id, AccessLogSettings=ACCESS_LOG)
    newer = gateway.create_deployment(ApiId=api_id)["DeploymentId"]

    gateway.update_stage(ApiId=api_id, StageName="prod", DeploymentId=newer)

    stage = gateway.get_stage(ApiId=api_id, StageName="prod")
    assert (stage["DeploymentId"], stage["AccessLogSettings"]) == (newer, ACCESS_LOG)


def test_access_logs_can_be_taken_away(gateway: Any, api_id: str, log_role: None) -> None:
    gateway.create_stage(ApiId=api_id, StageName="prod", AccessLogSettings=ACCESS_LOG)

    gateway.delete_access_log_settings(ApiId=api_id, StageName="prod")

    assert "AccessLogSettings" not in gateway.get_stage(ApiId=api_id, StageName="prod")


@pytest.mark.parametrize(
    "logs",
    [
        {"AccessLogSettings": ACCESS_LOG},
        {"DefaultRouteSettings": {"LoggingLevel": "ERROR"}},
    ],
    ids=["access-log", "execution-log"],
)
@pytest.mark.parametrize("operation", ["create_stage", "update_stage"])
def test_a_logged_stage_needs_the_accounts_log_role(gateway: Any, api_id: str, operation: str, logs: Any) -> None:
    gateway.create_stage(ApiId=api_id, StageName="quiet", DefaultRouteSettings={"LoggingLevel": "OFF"})

    with pytest.raises(ClientError, match="CloudWatch Logs role ARN must be set in account settings"):
        getattr(gateway, operation)(ApiId=api_id, StageName="quiet" if operation == "update_stage" else "loud", **logs)


def test_a_stages_tags_can_change(gateway: Any, api_id: str) -> None:
    gateway.create_stage(ApiId=api_id, StageName="prod", Tags={"team": "a", "old": "x"})
    arn = f"arn:aws:apigateway:us-east-1::/apis/{api_id}/stages/prod"

    gateway.tag_resource(ResourceArn=arn, Tags={"team": "b", "new": "y"})
    gateway.untag_resource(ResourceArn=arn, TagKeys=["old"])

    assert gateway.get_stage(ApiId=api_id, StageName="prod")["Tags"] == {"team": "b", "new": "y"}
    assert gateway.get_tags(ResourceArn=arn)["Tags"] == {"team": "b", "new": "y"}


def test_a_domains_tags_can_change(gateway: Any) -> None:
    wanted = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c", "EndpointType": "REGIONAL"}
    gateway.create_domain_name(DomainName="tagged.example.com", DomainNameConfigurations=[wanted], Tags={"team": "a"})
    arn = "arn:aws:apigateway:us-east-1::/domainnames/tagged.example.com"

    gateway.tag_resource(ResourceArn=arn, Tags={"team": "b"})

    assert gateway.get_domain_name(DomainName="tagged.example.com")["Tags"] == {"team": "b"}


def test_an_apis_tags_can_change_too(gateway: Any, api_id: str) -> None:
    gateway.tag_resource(ResourceArn=f"arn:aws:apigateway:us-east-1::/apis/{api_id}", Tags={"team": "b"})

    assert gateway.get_api(ApiId=api_id)["Tags"] == {"team": "b"}


def test_a_second_route_of_a_key_is_refused(gateway: Any, api_id: str, route_id: str) -> None:
    with pytest.raises(ClientError, match="Route with key ping already exists for this API") as refused:
        gateway.create_route(ApiId=api_id, RouteKey="ping")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_second_response_of_a_route_is_refused(gateway: Any, api_id: str, route_id: str) -> None:
    gateway.create_route_response(ApiId=api_id, RouteId=route_id, RouteResponseKey="$default")

    with pytest.raises(ClientError, match="already exists for this route"):
        gateway.create_route_response(ApiId=api_id, RouteId=route_id, RouteResponseKey="$default")


def test_authorizers_have_names_of_their_own_and_stay_while_a_route_asks_them(gateway: Any, api_id: str) -> None:
    settings = {"ApiId": api_id, "AuthorizerType": "REQUEST", "IdentitySource": [], "Name": "tokens"}
    authorizer_id = gateway.create_authorizer(**settings)["AuthorizerId"]
    asking = {"ApiId": api_id, "AuthorizationType": "CUSTOM", "AuthorizerId": authorizer_id}
    route_id = gateway.create_route(RouteKey="$connect", **asking)["RouteId"]

    with pytest.raises(ClientError, match="Authorizer name must be unique"):
        gateway.create_authorizer(**settings)
    with pytest.raises(ClientError, match="is referenced in route: \\$connect"):
        gateway.delete_authorizer(ApiId=api_id, AuthorizerId=authorizer_id)
    gateway.update_route(ApiId=api_id, RouteId=route_id, AuthorizationType="NONE")
    gateway.delete_authorizer(ApiId=api_id, AuthorizerId=authorizer_id)


@pytest.mark.parametrize("operation", ["create_stage", "update_stage"])
def test_a_stage_needs_a_deployment_that_exists(gateway: Any, api_id: str, operation: str) -> None:
    gateway.create_stage(ApiId=api_id, StageName="there")

    with pytest.raises(gateway.exceptions.NotFoundException, match="Deployment"):
        getattr(gateway, operation)(ApiId=api_id, StageName="there", DeploymentId="nope")


def test_a_deployment_may_name_its_stage(gateway: Any, api_id: str, route_id: str) -> None:
    gateway.create_stage(ApiId=api_id, StageName="prod")

    deployed = gateway.create_deployment(ApiId=api_id, StageName="prod")["DeploymentId"]

    assert gateway.get_stage(ApiId=api_id, StageName="prod")["DeploymentId"] == deployed


def test_route_responses_are_listed(gateway: Any, api_id: str, route_id: str) -> None:
    made = gateway.create_route_response(ApiId=api_id, RouteId=route_id, RouteResponseKey="$default")

    listed = gateway.get_route_responses(ApiId=api_id, RouteId=route_id)["Items"]

    assert [one["RouteResponseId"] for one in listed] == [made["RouteResponseId"]]
    assert listed[0]["RouteResponseKey"] == "$default"


def test_a_websocket_integration_times_out_after_29_seconds(gateway: Any, api_id: str) -> None:
    """It is the default, and the most (WS-09)."""
    made = gateway.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri="arn:aws:lambda:x")

    assert made["TimeoutInMillis"] == 29_000


def test_connections_are_not_served_here(server: Any) -> None:
    """moto would answer 200 for any id (CB-19)."""
    connections = server.client("apigatewaymanagementapi")

    with pytest.raises(ClientError, match="execute-api"):
        connections.post_to_connection(ConnectionId="PJqB0fHsqRcCHlw=", Data=b"{}")


def test_a_stage_with_automatic_deployment_follows_each_change(gateway: Any, api_id: str) -> None:
    """Each change of the API deploys such a stage, and no other (WS-82)."""

    def deployment_of(stage: str) -> str | None:
        found: str | None = gateway.get_stage(ApiId=api_id, StageName=stage).get("DeploymentId")
        return found

    gateway.create_route(ApiId=api_id, RouteKey="invoke")
    gateway.create_stage(ApiId=api_id, StageName="follows", AutoDeploy=True)
    gateway.create_stage(ApiId=api_id, StageName="stays")
    first = deployment_of("follows")
    gateway.get_routes(ApiId=api_id)
    gateway.update_stage(ApiId=api_id, StageName="follows", Description="nothing that is deployed")
    unchanged = deployment_of("follows")
    gateway.create_route(ApiId=api_id, RouteKey="ping")
    second = deployment_of("follows")

    assert first is not None
    assert unchanged == first
    assert second not in {None, first}
    assert deployment_of("stays") is None
    assert gateway.get_deployment(ApiId=api_id, DeploymentId=second)["AutoDeployed"]
