"""API Gateway v2 through boto3, against the running server."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

DATA_PLANE_PORT = 4711


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


def test_a_websocket_apis_endpoint_is_on_the_data_plane(gateway: Any, api_id: str) -> None:
    assert gateway.get_api(ApiId=api_id)["ApiEndpoint"] == f"ws://127.0.0.1:{DATA_PLANE_PORT}/{api_id}"


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


def test_a_stage_keeps_its_deployment_and_settings(gateway: Any, api_id: str, deployment_id: str) -> None:
    settings = {
        "DeploymentId": deployment_id,
        "AccessLogSettings": {"DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:a", "Format": "$x"},
        "DefaultRouteSettings": {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 10.0, "LoggingLevel": "ERROR"},
    }

    gateway.create_stage(ApiId=api_id, StageName="prod", **settings)

    assert settings.items() <= gateway.get_stage(ApiId=api_id, StageName="prod").items()


def test_update_of_a_stage_changes_what_is_given_and_keeps_the_rest(
    gateway: Any, api_id: str, deployment_id: str
) -> None:
    logs = {"DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:a", "Format": "$x"}
    gateway.create_stage(ApiId=api_id, StageName="prod", DeploymentId=deployment_id, AccessLogSettings=logs)
    newer = gateway.create_deployment(ApiId=api_id)["DeploymentId"]

    gateway.update_stage(ApiId=api_id, StageName="prod", DeploymentId=newer)

    stage = gateway.get_stage(ApiId=api_id, StageName="prod")
    assert (stage["DeploymentId"], stage["AccessLogSettings"]) == (newer, logs)


def test_access_logs_can_be_taken_away(gateway: Any, api_id: str) -> None:
    logs = {"DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:a", "Format": "$x"}
    gateway.create_stage(ApiId=api_id, StageName="prod", AccessLogSettings=logs)

    gateway.delete_access_log_settings(ApiId=api_id, StageName="prod")

    assert "AccessLogSettings" not in gateway.get_stage(ApiId=api_id, StageName="prod")


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
