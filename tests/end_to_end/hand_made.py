"""A system as the console makes it: two functions, an API with its stage, one queue. No alias, no dead-letter queue.

The handler answers at once and queues nothing: without AWS's SDK, which the laptop's runtime lacks, it can't sign.
"""

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

API_NAME, STAGE, QUEUE = "selador-chat", "production", "selador-questions"
HANDLER, MAIN = "selador-websocket-handler", "selador-realestate-backend"
ROUTES = ("$connect", "$default", "$disconnect", "invoke", "history")
ACCOUNT = "123456789012"
CODE = """
import json

def lambda_handler(event, context):
    answer = {"answer": "from the old code"} if event.get("body") else {}
    return {"statusCode": 200, "body": json.dumps(answer)}
"""


@dataclass(frozen=True)
class HandMade:
    """What is known of it only after it was made."""

    api_id: str
    mapping_id: str
    roles: tuple[str, ...]
    deployment_id: str


def make(client: Callable[[str], Any]) -> HandMade:
    """Make it by AWS's clients, in the order in which a person does."""
    sqs, functions, logs = client("sqs"), client("lambda"), client("logs")
    queue_url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    roles = tuple(_function(client, name) for name in (HANDLER, MAIN))
    for name in (HANDLER, MAIN):  # as Lambda does when a function first logs
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"VisibilityTimeout": "60"})
    mapping = functions.create_event_source_mapping(
        EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{QUEUE}", FunctionName=MAIN, BatchSize=10
    )
    api_id, deployment_id = _api(client)
    return HandMade(api_id, mapping["UUID"], roles, deployment_id)


def _function(client: Callable[[str], Any], name: str) -> str:
    """Make a function without variables, and the role that the console makes for it; return the role's ARN."""
    iam = client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        Path="/service-role/",
        RoleName=f"{name}-role-k3j2h1g0",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]
    for policy in ("AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole"):
        iam.attach_role_policy(RoleName=role["RoleName"], PolicyArn=f"arn:aws:iam::aws:policy/service-role/{policy}")
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("lambda_function.py", CODE)
    client("lambda").create_function(
        FunctionName=name,
        Role=role["Arn"],
        Runtime="python3.13",
        Handler="lambda_function.lambda_handler",
        Code={"ZipFile": zipped.getvalue()},
        Timeout=30,
    )
    return str(role["Arn"])


def _api(client: Callable[[str], Any]) -> tuple[str, str]:
    """Make the API as the console does: an integration for each route; return the API's id and the deployment's."""
    gateway = client("apigatewayv2")
    api_id = gateway.create_api(
        Name=API_NAME, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    invoked = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{HANDLER}"
    for key in ROUTES:
        integration = gateway.create_integration(
            ApiId=api_id,
            ContentHandlingStrategy="CONVERT_TO_TEXT",
            IntegrationMethod="POST",
            IntegrationType="AWS_PROXY",
            IntegrationUri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{invoked}/invocations",
            PassthroughBehavior="WHEN_NO_MATCH",
        )["IntegrationId"]
        two_way = {"RouteResponseSelectionExpression": "$default"} if key == "invoke" else {}
        route = gateway.create_route(ApiId=api_id, RouteKey=key, Target=f"integrations/{integration}", **two_way)
        if two_way:
            gateway.create_route_response(ApiId=api_id, RouteId=route["RouteId"], RouteResponseKey="$default")
        client("lambda").add_permission(
            Action="lambda:InvokeFunction",
            FunctionName=HANDLER,
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{api_id}/*/{key}",
            StatementId=str(uuid.uuid4()),
        )
    deployment_id = gateway.create_deployment(ApiId=api_id)["DeploymentId"]
    gateway.create_stage(ApiId=api_id, DeploymentId=deployment_id, StageName=STAGE)
    return api_id, deployment_id
