import pytest

from selador_local.data_plane.api_gateway.events import Caller
from selador_local.data_plane.api_gateway.exchange import ErrorMetric, Exchange, IntegrationCall, integration_call
from selador_local.data_plane.api_gateway.integrations import Failure, ProxyResponse

CALLER = Caller("c=", 1_000, "a1b2c3", "local", "a1b2c3.execute-api.us-east-1.amazonaws.com", "127.0.0.1", "curl")


def exchange(status: int, error: str | None = None, call: IntegrationCall | None = None) -> Exchange:
    return Exchange(CALLER, "MESSAGE", "invoke", "r=", 2_000, status, error=error, call=call)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (ProxyResponse(200, {}, ""), None),
        (ProxyResponse(302, {}, ""), None),
        (ProxyResponse(400, {}, ""), ErrorMetric.INTEGRATION),
        (ProxyResponse(503, {}, ""), ErrorMetric.INTEGRATION),
        (Failure.RAISED, ErrorMetric.INTEGRATION),
        (Failure.TIMED_OUT, ErrorMetric.INTEGRATION),
        (Failure.THROTTLED, ErrorMetric.INTEGRATION),
        (Failure.MALFORMED, ErrorMetric.EXECUTION),
        (Failure.NOT_CALLED, ErrorMetric.EXECUTION),
    ],
)
def test_a_call_that_fails_is_the_integrations_fault_or_that_of_calling_it(
    answer: ProxyResponse | Failure, fault: ErrorMetric | None
) -> None:
    call = integration_call(answer, 12)

    assert exchange(200, call=call).fault is fault
    assert call.latency_ms == 12
    assert (call.error is None) is isinstance(answer, ProxyResponse)


def test_without_a_call_a_4xx_is_the_clients_fault() -> None:
    assert exchange(403, "Forbidden").fault is ErrorMetric.CLIENT
    assert exchange(500, "Internal server error").fault is ErrorMetric.EXECUTION
    assert exchange(200).fault is None


def test_an_answer_that_api_gateway_can_not_pass_on_is_its_own_fault() -> None:
    call = integration_call(ProxyResponse(200, {}, "too long"), 12)

    assert exchange(200, "Internal server error", call).fault is ErrorMetric.EXECUTION


def test_every_failure_has_its_facts() -> None:
    assert {integration_call(failure, 0).error for failure in Failure} != {None}
