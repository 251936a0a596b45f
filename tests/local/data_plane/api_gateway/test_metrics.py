from dataclasses import replace

from selador_local.cloudwatch.datum import Datum
from selador_local.data_plane.api_gateway.exchange import Exchange, integration_call
from selador_local.data_plane.api_gateway.integrations import Failure, ProxyResponse
from selador_local.data_plane.api_gateway.metrics import of_exchange, of_post

from .test_exchange import CALLER

API, STAGE = ("ApiId", "a1b2c3"), ("Stage", "local")
CALL = integration_call(ProxyResponse(200, {}, ""), 12)
MESSAGE = Exchange(CALLER, "MESSAGE", "invoke", "r=", 90_500, 200, call=CALL, answered=True)


def counts(exchange: Exchange) -> dict[str, float]:
    data = of_exchange(exchange, detailed=False)
    return {datum.name: datum.counts[0] for datum in data if datum.dimensions == (API,) and datum.unit == "Count"}


def test_a_message_and_its_answer_are_two_messages() -> None:
    assert counts(MESSAGE) == {"MessageCount": 2}
    assert counts(replace(MESSAGE, answered=False)) == {"MessageCount": 1}


def test_connections_count_when_their_integration_was_asked() -> None:
    connect = replace(MESSAGE, event_type="CONNECT", route_key="$connect", answered=False)

    assert counts(connect) == {"ConnectCount": 1}
    assert counts(replace(connect, call=None)) == {}
    assert counts(replace(connect, call=None, status=401, error="Unauthorized")) == {"ClientError": 1}


def test_failures_are_counted_by_whose_fault_they_are() -> None:
    assert counts(replace(MESSAGE, call=integration_call(Failure.RAISED, 1), error="no", status=500)) == {
        "MessageCount": 2,
        "IntegrationError": 1,
    }
    assert counts(replace(MESSAGE, call=None, status=403, error="Forbidden", answered=True)) == {
        "MessageCount": 2,
        "ClientError": 1,
    }


def test_latency_is_by_api_and_stage_and_by_route_in_detail() -> None:
    data = [datum for datum in of_exchange(MESSAGE, detailed=True) if datum.name == "IntegrationLatency"]

    assert data == [
        Datum("AWS/ApiGateway", "IntegrationLatency", dimensions, 90.5, "Milliseconds", (12,), (1,))
        for dimensions in ((API,), (API, STAGE), (API, ("Route", "invoke"), STAGE))
    ]


def test_a_post_is_a_message_without_latency() -> None:
    assert list(of_post(CALLER, 90.5)) == [
        Datum("AWS/ApiGateway", "MessageCount", dimensions, 90.5, "Count", (1,), (1,))
        for dimensions in ((API,), (API, STAGE))
    ]
