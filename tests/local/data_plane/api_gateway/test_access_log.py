import json
import re
from dataclasses import replace

from selador_local.data_plane.api_gateway.access_log import line, stream
from selador_local.data_plane.api_gateway.exchange import Exchange, integration_call
from selador_local.data_plane.api_gateway.integrations import Failure, ProxyResponse

from .test_exchange import CALLER

CALL = integration_call(ProxyResponse(200, {}, ""), 12)
MESSAGE = Exchange(CALLER, "MESSAGE", "invoke", "r=", 90_500, 200, message_id="m=", call=CALL)
FORMAT = json.dumps(
    {
        "connectionId": "$context.connectionId",
        "error": "$context.error.message",
        "eventType": "$context.eventType",
        "integrationError": "$context.integration.error",
        "integrationLatency": "$context.integration.latency",
        "integrationStatus": "$context.integration.status",
        "messageId": "$context.messageId",
        "requestTime": "$context.requestTime",
        "routeKey": "$context.routeKey",
        "sourceIp": "$context.identity.sourceIp",
        "status": "$context.status",
        "userAgent": "$context.identity.userAgent",
    }
)


def test_a_line_is_the_format_with_its_variables_replaced() -> None:
    assert json.loads(line(FORMAT, MESSAGE)) == {
        "connectionId": "c=",
        "error": "-",
        "eventType": "MESSAGE",
        "integrationError": "-",
        "integrationLatency": "12",
        "integrationStatus": "200",
        "messageId": "m=",
        "requestTime": "01/Jan/1970:00:01:30 +0000",
        "routeKey": "invoke",
        "sourceIp": "127.0.0.1",
        "status": "200",
        "userAgent": "curl",
    }


def test_a_failure_has_both_errors() -> None:
    failed = replace(MESSAGE, call=integration_call(Failure.THROTTLED, 3), status=500, error="Internal server error")

    found = json.loads(line(FORMAT, failed))

    assert (found["error"], found["integrationStatus"], found["status"]) == ("Internal server error", "429", "500")
    assert found["integrationError"] != "-"


def test_a_variable_without_a_value_is_a_dash_and_other_text_stays() -> None:
    authorized = replace(MESSAGE, caller=replace(CALLER, authorizer={"principalId": "ann", "level": 3}))

    assert line("$context.authorizer.principalId:$context.authorizer.level", authorized) == "ann:3"
    assert line('"$context.unknown.thing" $stageVariables.x $context.stage.', MESSAGE) == '"-" $stageVariables.x local.'


def test_a_stage_has_one_stream() -> None:
    assert stream("a1", "local") == stream("a1", "local") != stream("a1", "prod")
    assert re.fullmatch("[0-9a-f]{32}", stream("a1", "local"))
