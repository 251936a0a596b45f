"""What exists when a request comes, read from moto for IAM and for the rules of services."""

from collections.abc import Mapping
from typing import Any

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import lambda_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.kms.models import kms_backends
from moto.sqs.models import sqs_backends

from selador_local.control_plane.front_door.actions_and_resources import PresentKey, PresentRole
from selador_local.control_plane.front_door.iam import Iam
from selador_local.control_plane.service_rules.api_gateway import Kind
from selador_local.control_plane.service_rules.lambda_ import PresentFunction

_OF_A_MAPPING = frozenset({"BatchSize", "EventSourceArn", "FilterCriteria", "MaximumBatchingWindowInSeconds"})


class PresentState:
    """One account's resources in one region."""

    def __init__(self, iam: Iam, account_id: str, region: str) -> None:
        self._iam = iam
        self._apis = apigatewayv2_backends[account_id][region]
        self._alarms = cloudwatch_backends[account_id][region]
        self._functions = lambda_backends[account_id][region]
        self._keys = kms_backends[account_id][region]
        self._queues = sqs_backends[account_id][region]

    def api_protocol(self, api_id: str) -> str | None:
        api = self._apis.apis.get(api_id)
        return None if api is None else str(api.protocol_type)

    def count_of(self, kind: Kind, api_id: str) -> int:
        api = self._apis.apis.get(api_id)
        return 0 if api is None else len(getattr(api, kind.lower()))

    def authorizer(self, api_id: str, authorizer_id: str) -> Mapping[str, Any] | None:
        return self._part(api_id, "authorizers", authorizer_id)

    def route(self, api_id: str, route_id: str) -> Mapping[str, Any] | None:
        return self._part(api_id, "routes", route_id)

    def route_keys(self, api_id: str) -> set[str]:
        api = self._apis.apis.get(api_id)
        return set() if api is None else {route.route_key for route in api.routes.values()}

    def role(self, name: str) -> PresentRole | None:
        return self._iam.role(name)

    def key(self, key_id: str) -> PresentKey | None:
        name = key_id.rpartition(":")[2].removeprefix("key/")
        for key in list(self._keys.keys.values()):
            if name == key.id or name in key.aliases:
                tags = self._keys.list_resource_tags(key.id)["Tags"]
                return PresentKey(key.arn, {tag["TagKey"]: tag["TagValue"] for tag in tags})
        return None

    def function_of_mapping(self, uuid: str) -> str | None:
        mapping = self._functions.get_event_source_mapping(uuid)
        return None if mapping is None else str(mapping.function_arn)

    def alarm_rules(self) -> Mapping[str, str]:
        return {name: alarm.rule or "" for name, alarm in list(self._alarms.alarms.items())}

    def function(self, name: str) -> PresentFunction | None:
        try:
            function = self._functions.get_function(name, None)
        except LambdaClientError:
            return None
        return PresentFunction(function.role, int(function.timeout))

    def mapping(self, uuid: str) -> Mapping[str, Any] | None:
        mapping = self._functions.get_event_source_mapping(uuid)
        if mapping is None:
            return None
        kept = {name: value for name, value in mapping.get_configuration().items() if name in _OF_A_MAPPING}
        return {**kept, "FunctionName": mapping.function_arn}

    def visibility_timeout(self, queue_arn: str) -> int | None:
        queue = self._queues.queues.get(queue_arn.rpartition(":")[2])
        return queue.visibility_timeout if queue is not None and queue.queue_arn == queue_arn else None

    def role_allows(self, role_arn: str, action: str, resource: str) -> bool:
        return self._iam.role_allows(role_arn, action, resource)

    def _part(self, api_id: str, kind: str, part_id: str) -> Mapping[str, Any] | None:
        """Return the members of a part of an API, by the model's names."""
        api = self._apis.apis.get(api_id)
        part = None if api is None else getattr(api, kind).get(part_id)
        if part is None:
            return None
        return {name[0].upper() + name[1:]: value for name, value in part.to_json().items() if value is not None}
