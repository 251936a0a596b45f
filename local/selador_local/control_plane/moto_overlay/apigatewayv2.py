"""The parts of API Gateway v2 that moto lacks: deployments, UpdateStage, tags, route responses, endpoints, domains.

On AWS a stage serves the deployment it names, not the routes as they stand (WS-07); an API without a new deployment is
unchanged for its clients. `@connections` is not served here: moto would answer 200 for any id (CB-19).
"""

import base64
import hashlib
import itertools
import json
import re
import secrets
from collections.abc import Container
from datetime import UTC, datetime
from typing import Any

from moto.apigateway.models import apigateway_backends
from moto.apigatewayv2 import urls
from moto.apigatewayv2.exceptions import APIGatewayV2Error, BadRequestException
from moto.apigatewayv2.models import ApiGatewayV2Backend as MotoBackend
from moto.apigatewayv2.models import Stage as MotoStage
from moto.apigatewayv2.responses import ApiGatewayV2Response as MotoResponse

type Answer = tuple[int, dict[str, str], str]

_API = "{0}/v2/apis/(?P<api_id>[^/]+)"
# The paths that moto's URL map lacks.
PATHS = (
    f"{_API}/deployments$",
    f"{_API}/deployments/(?P<deployment_id>[^/]+)$",
    f"{_API}/stages/(?P<stage_name>[^/]+)/accesslogsettings$",
    "{0}/v2/tags/(?P<resource_arn_pt1>[^/]+)/apis/(?P<resource_arn_pt2>[^/]+)/stages/(?P<resource_arn_pt3>[^/]+)$",
    "{0}/v2/tags/(?P<resource_arn_pt1>[^/]+)/domainnames/(?P<resource_arn_pt2>[^/]+)$",
)

# UpdateStage's members and moto's names for them.
_STAGE_MEMBERS = {
    "accessLogSettings": "access_log_settings",
    "autoDeploy": "auto_deploy",
    "clientCertificateId": "client_certificate_id",
    "defaultRouteSettings": "default_route_settings",
    "deploymentId": "deployment_id",
    "description": "description",
    "routeSettings": "route_settings",
    "stageVariables": "stage_variables",
}
_WEBSOCKET_INTEGRATION_TIMEOUT_MS = 29_000  # by default (WS-09); moto gives every proxy integration HTTP's 30,000


class DeploymentNotFoundError(APIGatewayV2Error):  # type: ignore[misc] # moto is untyped
    """The deployment does not exist. moto has no deployments, so it has no such error."""

    code = 404

    def __init__(self, deployment_id: str) -> None:
        super().__init__("NotFoundException", f"Invalid Deployment identifier specified {deployment_id}")


class NameTakenError(APIGatewayV2Error):  # type: ignore[misc] # moto is untyped
    """Another has the key (WS-78) or the name (AUTH-16), or a route still refers to it."""

    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ConflictException", message)


class DeployedStage(MotoStage):  # type: ignore[misc] # moto is untyped
    """Gap: moto's stage forgets which deployment it serves.

    `deployed` is the API as it was when the stage was last deployed automatically.
    """

    def __init__(self, api: Any, config: dict[str, Any]) -> None:
        super().__init__(api, config)
        self.deployment_id = config.get("deploymentId")
        self.deployed: str | None = None

    def update(self, config: dict[str, Any]) -> None:
        """Replace the given members, keep the others."""
        for member, attribute in _STAGE_MEMBERS.items():
            if member in config:
                setattr(self, attribute, config[member])
        self.updated = datetime.now(UTC)

    def to_json(self) -> dict[str, Any]:
        stage: dict[str, Any] = super().to_json()
        return stage if self.deployment_id is None else {**stage, "deploymentId": self.deployment_id}


class ApiGatewayV2Backend(MotoBackend):  # type: ignore[misc] # moto is untyped
    """Gaps: deployments; UpdateStage; tags of stages and domains; a logged stage's need of a role; names unique
    in an API; `apiEndpoint` names the data plane; custom domains are never ready, and can't be deleted with their
    mappings; an API with mappings can (WS-84).
    """

    _url_module = urls  # moto derives it from the module's name, which is ours here
    data_plane_port = 0

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._deployments: dict[str, dict[str, dict[str, Any]]] = {}

    def create_api(self, **settings: Any) -> Any:
        tags = settings.pop("tags", None)
        api = super().create_api(**settings, tags={})
        made_up = api.api_id
        api.api_id = _api_id(api.name, self.apis)
        api.arn = api.arn.replace(made_up, api.api_id)
        self.apis[api.api_id] = self.apis.pop(made_up)
        self.tag_resource(api.arn, tags or {})
        if api.protocol_type == "WEBSOCKET":
            api.api_endpoint = f"ws://127.0.0.1:{self.data_plane_port}/{api.api_id}"
        return api

    def create_domain_name(self, domain_name_configurations: list[dict[str, str]], **settings: Any) -> Any:
        # The name that DNS would point at; nothing answers there.
        ready = {
            "apiGatewayDomainName": f"d-{secrets.token_hex(5)}.execute-api.{self.region_name}.amazonaws.com",
            "domainNameStatus": "AVAILABLE",
            "hostedZoneId": "Z00000000000000000000",
        }
        configurations = [configuration | ready for configuration in domain_name_configurations]
        domain = super().create_domain_name(domain_name_configurations=configurations, **settings)
        # AWS leaves the member out if it isn't set. Terraform would take an empty one for a setting to remove.
        domain.mutual_tls_authentication = domain.mutual_tls_authentication or None
        return domain

    def delete_domain_name(self, domain_name: str) -> None:
        # moto would delete them from the table that it is walking through.
        for mapping in self.get_api_mappings(domain_name):
            self.delete_api_mapping(mapping.api_mapping_id, domain_name)
        super().delete_domain_name(domain_name)

    def create_route(self, api_id: str, route_key: str, **settings: Any) -> Any:
        if any(route.route_key == route_key for route in self.get_routes(api_id)):
            raise NameTakenError(f"Route with key {route_key} already exists for this API")
        return super().create_route(api_id=api_id, route_key=route_key, **settings)

    def create_route_response(self, api_id: str, route_id: str, route_response_key: str, **settings: Any) -> Any:
        keys = {response.route_response_key for response in self.get_route_responses(api_id, route_id)}
        if route_response_key in keys:
            raise NameTakenError(f"Route response with key {route_response_key} already exists for this route")
        return super().create_route_response(
            api_id=api_id, route_id=route_id, route_response_key=route_response_key, **settings
        )

    def create_authorizer(self, api_id: str, name: str, **settings: Any) -> Any:
        if any(authorizer.name == name for authorizer in self.get_api(api_id).authorizers.values()):
            raise NameTakenError(f"Authorizer name must be unique. Authorizer {name} already exists in this RestApi")
        return super().create_authorizer(api_id=api_id, name=name, **settings)

    def delete_authorizer(self, api_id: str, authorizer_id: str) -> None:
        name = self.get_authorizer(api_id, authorizer_id).name
        for route in self.get_routes(api_id):
            if route.authorizer_id == authorizer_id and route.authorization_type != "NONE":
                raise NameTakenError(f"Cannot delete authorizer '{name}', is referenced in route: {route.route_key}")
        super().delete_authorizer(api_id, authorizer_id)

    def create_integration(self, api_id: str, **settings: Any) -> Any:
        if settings.get("timeout_in_millis") is None and self.get_api(api_id).protocol_type == "WEBSOCKET":
            settings["timeout_in_millis"] = _WEBSOCKET_INTEGRATION_TIMEOUT_MS
        return super().create_integration(api_id=api_id, **settings)

    def create_stage(self, api_id: str, config: dict[str, Any]) -> DeployedStage:
        api = self.get_api(api_id)
        self._require_log_role(config)
        if config.get("deploymentId"):
            self.get_deployment(api_id, config["deploymentId"])
        stage = DeployedStage(api, config)
        api.stages[stage.name] = stage
        return stage

    def update_stage(self, api_id: str, stage_name: str, config: dict[str, Any]) -> DeployedStage:
        self._require_log_role(config)
        if config.get("deploymentId"):
            self.get_deployment(api_id, config["deploymentId"])
        stage: DeployedStage = self.get_stage(api_id, stage_name)
        stage.update(config)
        return stage

    def get_tags(self, resource_id: str) -> dict[str, str]:
        tagged = self._tagged_itself(resource_id)
        tags: dict[str, str] = super().get_tags(resource_id) if tagged is None else tagged.tags
        return tags

    def tag_resource(self, resource_arn: str, tags: dict[str, str]) -> None:
        tagged = self._tagged_itself(resource_arn)
        if tagged is None:
            super().tag_resource(resource_arn, tags)
        else:
            tagged.tags = {**tagged.tags, **tags}

    def untag_resource(self, resource_arn: str, tag_keys: list[str]) -> None:
        tagged = self._tagged_itself(resource_arn)
        if tagged is None:
            super().untag_resource(resource_arn, tag_keys)
        else:
            tagged.tags = {key: value for key, value in tagged.tags.items() if key not in tag_keys}

    def deploy_automatically(self, api_id: str) -> None:
        """Give the stages with automatic deployment a new one if the API has changed since their last (WS-82)."""
        api = self.apis.get(api_id)
        for stage in api.stages.values() if api is not None and api.routes else ():
            if stage.auto_deploy and stage.deployed != (content := _content(api)):
                deployment = self.create_deployment(api_id, {"description": "Automatic deployment"})
                deployment["autoDeployed"] = True
                stage.update({"deploymentId": deployment["deploymentId"]})
                stage.deployed = content

    def create_deployment(self, api_id: str, config: dict[str, Any]) -> dict[str, Any]:
        api = self.get_api(api_id)
        if not api.routes:
            raise BadRequestException("At least one route is required before deploying the Api.")
        stage = self.get_stage(api_id, config["stageName"]) if config.get("stageName") else None
        deployment = {
            "autoDeployed": False,
            "createdDate": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "deploymentId": secrets.token_hex(4)[:6],
            "deploymentStatus": "DEPLOYED",
            "description": config.get("description"),
        }
        self._deployments.setdefault(api_id, {})[str(deployment["deploymentId"])] = deployment
        if stage is not None:
            stage.update({"deploymentId": deployment["deploymentId"]})
        return deployment

    def get_deployments(self, api_id: str) -> list[dict[str, Any]]:
        self.get_api(api_id)
        return list(self._deployments.get(api_id, {}).values())

    def get_deployment(self, api_id: str, deployment_id: str) -> dict[str, Any]:
        self.get_api(api_id)
        try:
            return self._deployments[api_id][deployment_id]
        except KeyError:
            raise DeploymentNotFoundError(deployment_id) from None

    def delete_deployment(self, api_id: str, deployment_id: str) -> None:
        self.get_deployment(api_id, deployment_id)
        if any(stage.deployment_id == deployment_id for stage in self.get_stages(api_id)):
            raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
        del self._deployments[api_id][deployment_id]

    def delete_api(self, api_id: str) -> None:
        if any(mapping.api_id == api_id for mapping in self.api_mappings.values()):
            raise BadRequestException(
                f"Deleting API {api_id} failed. "
                "Please remove all API mappings for the API from your custom domain names."
            )
        super().delete_api(api_id)
        self._deployments.pop(api_id, None)

    def get_route_responses(self, api_id: str, route_id: str) -> list[Any]:
        return list(self.get_route(api_id, route_id).route_responses.values())

    def _tagged_itself(self, resource_arn: str) -> Any:
        """The stage or domain whose ARN this is: moto keeps their tags in themselves, and an API's elsewhere."""
        if stage := re.search(r"/apis/([^/]+)/stages/([^/]+)$", resource_arn):
            return self.get_stage(*stage.groups())
        if domain := re.search(r"/domainnames/([^/]+)$", resource_arn):
            return self.get_domain_name(domain[1])
        return None

    def _require_log_role(self, config: dict[str, Any]) -> None:
        """Refuse a log of a stage, whichever it is, in an account whose log role isn't set (TF-25)."""
        level = config.get("defaultRouteSettings", {}).get("loggingLevel", "OFF")
        account = apigateway_backends[self.account_id][self.region_name].account
        if (config.get("accessLogSettings") or level != "OFF") and not account.cloudwatch_role_arn:
            raise BadRequestException("CloudWatch Logs role ARN must be set in account settings to enable logging")


def _content(api: Any) -> str:
    """Return what a deployment is made of."""
    parts = [*api.routes.values(), *api.integrations.values(), *api.authorizers.values()]
    parts += [response for route in api.routes.values() for response in route.route_responses.values()]
    return json.dumps([part.to_json() for part in parts])


def _api_id(name: str, taken: Container[str]) -> str:
    """Return the same id for the same name in every stack, so that a URL stays right. Later APIs of that name differ.

    AWS's ids are random, and as long.
    """
    for number in itertools.count():
        digest = hashlib.sha256(f"{name} {number}".encode()).digest()
        api_id = base64.b32encode(digest).decode().lower()[:10]
        if api_id not in taken:
            break
    return api_id


class ApiGatewayV2Api(MotoResponse):  # type: ignore[misc] # moto is untyped
    """Gaps: the operations above; moto's router finds their names, these methods answer.

    After any change of an API, its stages may be deployed automatically.
    """

    def call_action(self) -> Any:
        answer = super().call_action()
        if self.method != "GET" and "apiId" in self.uri_match:
            self.apigatewayv2_backend.deploy_automatically(self._api_id)
        return answer

    def create_deployment(self) -> Answer:
        return self._answer(201, self.apigatewayv2_backend.create_deployment(self._api_id, self._config))

    def get_deployments(self) -> Answer:
        return self._answer(200, {"items": self.apigatewayv2_backend.get_deployments(self._api_id)})

    def get_deployment(self) -> Answer:
        deployment_id = self.uri_match["deploymentId"]
        return self._answer(200, self.apigatewayv2_backend.get_deployment(self._api_id, deployment_id))

    def update_deployment(self) -> Answer:
        deployment = self.apigatewayv2_backend.get_deployment(self._api_id, self.uri_match["deploymentId"])
        deployment["description"] = self._config.get("description", deployment["description"])
        return self._answer(200, deployment)

    def delete_deployment(self) -> Answer:
        self.apigatewayv2_backend.delete_deployment(self._api_id, self.uri_match["deploymentId"])
        return 204, {}, ""

    def update_stage(self) -> Answer:
        stage = self.apigatewayv2_backend.update_stage(self._api_id, self.uri_match["stageName"], self._config)
        return self._answer(200, stage.to_json())

    def delete_access_log_settings(self) -> Answer:
        stage_name = self.uri_match["stageName"]
        self.apigatewayv2_backend.update_stage(self._api_id, stage_name, {"accessLogSettings": None})
        return 204, {}, ""

    def get_route_responses(self) -> Answer:
        responses = self.apigatewayv2_backend.get_route_responses(self._api_id, self.uri_match["routeId"])
        return self._answer(200, {"items": [response.to_json() for response in responses]})

    @property
    def _api_id(self) -> str:
        return str(self.uri_match["apiId"])

    @property
    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = json.loads(self.body or "{}")
        return config

    @staticmethod
    def _answer(status: int, body: dict[str, Any]) -> Answer:
        return status, {"status": str(status)}, json.dumps(body)
