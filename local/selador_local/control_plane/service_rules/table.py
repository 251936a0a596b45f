"""Every rule that is written by hand, by the operations that it judges."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from selador_local.control_plane.front_door.api_call import ApiCall
from selador_local.control_plane.service_rules import api_gateway, cloudwatch, lambda_, sqs
from selador_local.control_plane.service_rules.refusals import Rule


class State(
    api_gateway.ApiGatewayState,
    cloudwatch.CloudWatchState,
    lambda_.LambdaState,
    sqs.SqsState,
    Protocol,
):
    """All that rules ask about what exists."""


RULES: Mapping[tuple[str, str], Rule[State]] = {
    ("apigatewayv2", "CreateAuthorizer"): api_gateway.create_authorizer,
    ("apigatewayv2", "CreateIntegration"): api_gateway.create_integration,
    ("apigatewayv2", "CreateRoute"): api_gateway.create_route,
    ("apigatewayv2", "CreateRouteResponse"): api_gateway.create_route_response,
    ("apigatewayv2", "CreateStage"): api_gateway.create_stage,
    ("apigatewayv2", "UpdateAuthorizer"): api_gateway.update_authorizer,
    ("apigatewayv2", "UpdateIntegration"): api_gateway.update_integration,
    ("apigatewayv2", "UpdateRoute"): api_gateway.update_route,
    ("apigatewayv2", "UpdateRouteResponse"): api_gateway.create_route_response,
    ("apigatewayv2", "UpdateStage"): api_gateway.update_stage,
    ("cloudwatch", "DeleteAlarms"): cloudwatch.delete_alarms,
    ("cloudwatch", "PutCompositeAlarm"): cloudwatch.put_composite_alarm,
    ("cloudwatch", "PutMetricAlarm"): cloudwatch.put_metric_alarm,
    ("lambda", "CreateAlias"): lambda_.alias,
    ("lambda", "CreateEventSourceMapping"): lambda_.create_mapping,
    ("lambda", "CreateFunction"): lambda_.function,
    ("lambda", "UpdateAlias"): lambda_.alias,
    ("lambda", "UpdateEventSourceMapping"): lambda_.update_mapping,
    ("lambda", "UpdateFunctionConfiguration"): lambda_.function,
    ("sqs", "ChangeMessageVisibility"): sqs.change_message_visibility,
    ("sqs", "CreateQueue"): sqs.create_queue,
    ("sqs", "ListMessageMoveTasks"): sqs.list_message_move_tasks,
    ("sqs", "ReceiveMessage"): sqs.receive_message,
    ("sqs", "SetQueueAttributes"): sqs.set_queue_attributes,
}


def check(call: ApiCall, state: State) -> None:
    """Raise CallRefusedError if a rule refuses the call."""
    rule = RULES.get((call.model, call.operation))
    refusals: Iterator[Exception] = rule(call.parameters, state) if rule is not None else iter(())
    for refusal in refusals:
        raise refusal
