"""Read a system that was made by hand: what calls what, and what stands beside it.

A name leads to its functions, its queue and its stage, as to any orphan. Two parts are found by others: the API may
have any name, and the event source mapping feeds the function and not its alias.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from selador_deploy.account import ClientMaker, error_code, translated
from selador_deploy.environment import Environment
from selador_deploy.errors import DeployError
from selador_deploy.orphans import LOOK_UPS, LookUps, Values, items
from selador_deploy.plan.readers import name_in

_READING = "the system that was made by hand can't be read"
_PERMISSIONS = "it takes apigateway:GET, lambda:GetFunctionConfiguration, lambda:GetPolicy, lambda:List* and sqs:Get*"


@dataclass(frozen=True)
class HandMade:
    """What there is of a system, as AWS tells it. `functions` and `queue` are missing where there is none."""

    api: Values
    stages: tuple[str, ...]
    routes: tuple[Values, ...]
    integrations: tuple[Values, ...]
    main: str
    """The name of the function that answers."""
    functions: Mapping[str, Values]
    """The configuration by the name."""
    statements: Mapping[str, tuple[str, ...]]
    """Who may call a function without its alias: statement ids by the function's name."""
    queue: Values | None
    """The attributes."""
    mappings: tuple[Values, ...]
    """The event source mappings of the queue, and those of the function that answers."""

    @property
    def api_id(self) -> str:
        """The id of the API."""
        return str(self.api["ApiId"])

    @property
    def mapping_id(self) -> str | None:
        """The event source mapping to adopt: from the queue to the function that answers."""
        return next(
            (
                str(one["UUID"])
                for one in self.mappings
                if self._reads_queue(one) and name_in(one["FunctionArn"]) == self.main
            ),
            None,
        )

    def _reads_queue(self, mapping: Values) -> bool:
        return self.queue is not None and mapping["EventSourceArn"] == self.queue["QueueArn"]


def read_hand_made(environment: Environment, api: str, make_client: ClientMaker) -> HandMade:
    """Return what there is by the names in the environment's values, and by the API's id or name."""
    names, prefix = environment.variables["names"], f"{environment.variables['project']}-{environment.name}"
    main = environment.main_function_name
    handler = environment.variables["websocket_handler"]["name"] or f"{prefix}-websocket-handler"
    with translated(_READING, _PERMISSIONS):
        apigateway, lambda_ = make_client("apigatewayv2"), make_client("lambda")
        found = _api(apigateway, api)
        id_ = found["ApiId"]
        queue = _queue(make_client("sqs"), names["queue"] or f"{prefix}-requests")
        functions = {name: _configuration(lambda_, name) for name in (main, handler)}
        return HandMade(
            api=found,
            stages=tuple(str(one["StageName"]) for one in items(apigateway, "get_stages", ApiId=id_)),
            routes=tuple(items(apigateway, "get_routes", ApiId=id_)),
            integrations=tuple(items(apigateway, "get_integrations", ApiId=id_)),
            main=main,
            functions={name: one for name, one in functions.items() if one is not None},
            statements={name: _statements(lambda_, name) for name in functions},
            queue=queue,
            mappings=tuple(_mappings(lambda_, main if functions[main] else None, queue)),
        )


def look_ups(system: HandMade) -> LookUps:
    """Return how a plan's resources are looked for: by the system where no name leads to them."""
    return {
        **LOOK_UPS,
        "aws_apigatewayv2_api": ("apigatewayv2", (), lambda *_: system.api_id),
        "aws_lambda_event_source_mapping": ("lambda", (), lambda *_: system.mapping_id),
    }


def _api(apigateway: Any, wanted: str) -> Values:
    every = list(items(apigateway, "get_apis"))
    found = [one for one in every if one["ApiId"] == wanted] or [one for one in every if one["Name"] == wanted]
    if len(found) != 1:
        ids = ", ".join(f"{one['ApiId']} ({one['Name']})" for one in found or every) or "none"
        problem = f"{len(found)} APIs have the id or name {wanted!r}" if found else f"there is no API {wanted!r}"
        raise DeployError(problem, f"give API=<id>; there are: {ids}")
    if found[0]["ProtocolType"] != "WEBSOCKET":
        raise DeployError(f"{wanted} is an API of the type {found[0]['ProtocolType']}", "give a WebSocket API's id")
    return found[0]


def _configuration(lambda_: Any, name: str) -> Values | None:
    try:
        configuration: Values = lambda_.get_function_configuration(FunctionName=name)
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return None
        raise
    return configuration


def _statements(lambda_: Any, name: str) -> tuple[str, ...]:
    try:
        policy = json.loads(lambda_.get_policy(FunctionName=name)["Policy"])
    except ClientError as error:
        if error_code(error) == "ResourceNotFoundException":
            return ()
        raise
    return tuple(str(statement["Sid"]) for statement in policy["Statement"])


def _queue(sqs: Any, name: str) -> Values | None:
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as error:
        if error_code(error) in {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}:
            return None
        raise
    attributes: Values = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return attributes


def _mappings(lambda_: Any, main: str | None, queue: Values | None) -> Iterator[Values]:
    seen = set()
    asked = [{"EventSourceArn": queue["QueueArn"]}] if queue else []
    asked += [{"FunctionName": main}] if main else []
    for by in asked:
        for page in lambda_.get_paginator("list_event_source_mappings").paginate(**by):
            for mapping in page["EventSourceMappings"]:
                if mapping["UUID"] not in seen:
                    seen.add(mapping["UUID"])
                    yield mapping
