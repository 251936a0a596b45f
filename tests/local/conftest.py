"""The local control plane as a process, and the API calls by which Terraform fills it."""

import contextlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from selador_local.control_plane_client.client import ControlPlane

from ..conftest import held_port
from ..patience import first_line

if TYPE_CHECKING:
    from types_boto3_apigatewayv2.client import ApiGatewayV2Client
    from types_boto3_iam.client import IAMClient
    from types_boto3_lambda.client import LambdaClient
    from types_boto3_sqs.client import SQSClient

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


class Terraform:
    """Creates what the data plane reads, one call per resource; a fake of `apply`, not of AWS."""

    def __init__(self, control_plane: ControlPlane) -> None:
        session = boto3.Session()
        arguments = control_plane.client_arguments
        self.gateway: ApiGatewayV2Client = session.client("apigatewayv2", **arguments)
        self.iam: IAMClient = session.client("iam", **arguments)
        self.lambda_: LambdaClient = session.client("lambda", **arguments)
        self.sqs: SQSClient = session.client("sqs", **arguments)

    def role(self, name: str, *statements: dict[str, Any]) -> str:
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement for statement in statements]}
        self.iam.put_role_policy(RoleName=name, PolicyName="use", PolicyDocument=json.dumps(policy))
        return arn

    def function(self, name: str, source: str, role_arn: str, **settings: Any) -> str:
        """Returns the ARN of the alias `live`."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zip_file:
            zip_file.writestr("handler.py", source)
        version = self.lambda_.create_function(
            FunctionName=name,
            Role=role_arn,
            Handler="handler.handle",
            Code={"ZipFile": archive.getvalue()},
            Publish=True,
            **{"Runtime": "python3.13", **settings},
        )["Version"]
        return self.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion=version)["AliasArn"]

    def queue(self, name: str) -> str:
        url = self.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def mapping(self, queue_arn: str, function_arn: str, **settings: Any) -> str:
        return self.lambda_.create_event_source_mapping(
            EventSourceArn=queue_arn,
            FunctionName=function_arn,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            **settings,
        )["UUID"]

    def api(self, name: str) -> str:
        created = self.gateway.create_api(
            Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
        )
        return created["ApiId"]

    def route(self, api_id: str, key: str, function_arn: str, *, two_way: bool = False) -> None:
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function_arn}/invocations"
        integration_id = self.gateway.create_integration(ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=uri)[
            "IntegrationId"
        ]
        response: dict[str, Any] = {"RouteResponseSelectionExpression": "$default"} if two_way else {}
        route_id = self.gateway.create_route(
            ApiId=api_id, RouteKey=key, Target=f"integrations/{integration_id}", **response
        )["RouteId"]
        with contextlib.suppress(self.lambda_.exceptions.ResourceNotFoundException):  # a test may name none
            self.permission(api_id, key, function_arn)
        if two_way:
            self.gateway.create_route_response(ApiId=api_id, RouteId=route_id, RouteResponseKey="$default")

    def permission(self, api_id: str, key: str, function_arn: str) -> None:
        self.lambda_.add_permission(
            FunctionName=function_arn,
            StatementId=re.sub(r"[^\w-]", "", f"{api_id}-{key}"),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api_id}/*/{key}",
        )

    def deploy(self, api_id: str, stage: str, **settings: Any) -> None:
        """Deploy the API's routes to the stage; create it if it doesn't exist."""
        deployment_id = self.gateway.create_deployment(ApiId=api_id)["DeploymentId"]
        if any(found["StageName"] == stage for found in self.gateway.get_stages(ApiId=api_id)["Items"]):
            self.gateway.update_stage(ApiId=api_id, StageName=stage, DeploymentId=deployment_id)
        else:
            self.gateway.create_stage(ApiId=api_id, StageName=stage, DeploymentId=deployment_id, **settings)


@pytest.fixture(scope="module")
def data_plane_port() -> Iterator[int]:
    """Where the control plane expects the data plane."""
    with held_port() as port:
        yield port


@pytest.fixture(scope="module")
def control_plane(data_plane_port: int) -> Iterator[ControlPlane]:
    command = [sys.executable, "-m", "selador_local.control_plane", "--port", "0"]
    command += ["--data-plane-port", str(data_plane_port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        ready = json.loads(first_line(process))
        yield ControlPlane(
            ready["endpoint"], ready["region"], ready["accountId"], ready["accessKeyId"], ready["secretAccessKey"]
        )
        process.terminate()


@pytest.fixture
def terraform(control_plane: ControlPlane) -> Terraform:
    return Terraform(control_plane)
