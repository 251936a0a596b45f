"""What the cases need on AWS: APIs, functions that do what their events tell them, a queue that feeds one of them."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..local.conftest import Terraform
from .stack import Stack

SCRIPTED = (Path(__file__).parent / "scripted.py").read_text(encoding="utf-8")
STAGE = "live"


class Deployment:
    """Everything that is made once, by name."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._roles = 0
        self.made = Terraform(stack.control_plane)
        self.gateway: Any = self.made.gateway  # cases send it what its types forbid
        self.role = self.made.role("scripted", {"Action": ["sqs:*", "logs:*", "execute-api:*"], "Resource": "*"})
        self.function = self.scripted("scripted", Timeout=2)
        self.idle_function = self.scripted("idle")
        self.made.lambda_.put_function_concurrency(FunctionName="idle", ReservedConcurrentExecutions=0)
        self.api = self._api()
        self.open_api = self._open_api()
        self.guarded_api = self._guarded_api()
        self.signed_api = self._signed_api()

    def scripted(self, name: str, *, variables: dict[str, str] | None = None, **settings: Any) -> str:
        """Make a function of the code in scripted.py; return the ARN of its alias `live`."""
        environment = {"Variables": {"RECORDS": str(self._stack.records), **(variables or {})}}
        return self.made.function(name, SCRIPTED, self.role, Environment=environment, **settings)

    def role_without(self, action: str) -> str:
        """Return a role that may do anything but one action."""
        self._roles += 1
        everything = {"Action": "*", "Resource": "*"}
        return self.made.role(
            f"without-{self._roles}", everything, {"Effect": "Deny", "Action": action, "Resource": "*"}
        )

    def url(self, api_id: str, stage: str = STAGE, **query: Any) -> str:
        """Return the address of an API; a `script` in the query is what `$connect`'s function does."""
        text = "&".join(
            f"{name}={quote(value if isinstance(value, str) else json.dumps(value))}" for name, value in query.items()
        )
        return f"ws://{self._stack.address}/{api_id}/{stage}" + (f"?{text}" if text else "")

    def connections(self, api_id: str, **credentials: Any) -> Any:
        """Return a boto3 client of the API's @connections."""
        endpoint = f"http://{self._stack.address}/{api_id}/{STAGE}"
        return self._stack.client("apigatewaymanagementapi", endpoint=endpoint, **credentials)

    def _api(self) -> str:
        """Make an API with a route of each kind."""
        api_id = self.made.api("every-route")
        for key in ("$connect", "$disconnect", "one-way"):
            self.made.route(api_id, key, self.function)
        self.made.route(api_id, "two-way", self.function, two_way=True)
        self.hurried_route(api_id, "hurried")
        self.made.gateway.create_route(ApiId=api_id, RouteKey="mock")
        self.made.deploy(api_id, STAGE)
        return api_id

    def hurried_route(self, api_id: str, key: str) -> None:
        """Make a route whose integration has 200 ms."""
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{self.function}/invocations"
        integration = self.made.gateway.create_integration(
            ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=uri, TimeoutInMillis=200
        )["IntegrationId"]
        self.made.gateway.create_route(ApiId=api_id, RouteKey=key, Target=f"integrations/{integration}")
        self.made.permission(api_id, key, self.function)

    def _open_api(self) -> str:
        """Make an API without `$connect`, with `$default`, whose expression has several parts."""
        api_id = self.made.gateway.create_api(
            Name="open", ProtocolType="WEBSOCKET", RouteSelectionExpression="${request.body.kind}-${request.body.what}"
        )["ApiId"]
        for key in ("get-weather", "get-[a, b]", "-weather", "$default"):
            self.made.route(api_id, key, self.function, two_way=True)
        self.made.deploy(api_id, STAGE)
        return api_id

    def _guarded_api(self) -> str:
        """Make an API whose `$connect` has an authorizer, which does what the query's `script` says."""
        api_id = self.made.api("guarded")
        self.guarded_connect(api_id, self.scripted("authorizer", Timeout=2), ["route.request.querystring.script"])
        self.made.route(api_id, "two-way", self.function, two_way=True)
        self.made.deploy(api_id, STAGE)
        return api_id

    def guarded_connect(self, api_id: str, function: str, identity_sources: list[str]) -> None:
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
        authorizer = self.made.gateway.create_authorizer(
            ApiId=api_id,
            Name="scripted",
            AuthorizerType="REQUEST",
            AuthorizerUri=uri,
            IdentitySource=identity_sources,
        )["AuthorizerId"]
        self.made.gateway.create_route(
            ApiId=api_id, RouteKey="$connect", AuthorizationType="CUSTOM", AuthorizerId=authorizer
        )
        self.made.lambda_.add_permission(
            FunctionName=function,
            StatementId=f"{api_id}-authorizer",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api_id}/authorizers/*",
        )

    def _signed_api(self) -> str:
        api_id = self.made.api("signed")
        self.made.gateway.create_route(ApiId=api_id, RouteKey="$connect", AuthorizationType="AWS_IAM")
        self.made.route(api_id, "two-way", self.function, two_way=True)
        self.made.deploy(api_id, STAGE)
        return api_id
