"""API Gateway's own answers, as it writes them."""

import pytest

from selador_local.data_plane.api_gateway import refusals
from selador_local.data_plane.api_gateway.refusals import Refusal, of_the_function


@pytest.mark.parametrize(
    ("refusal", "status", "body"),
    [
        (refusals.FORBIDDEN, 403, b'{"message":"Forbidden"}'),
        (refusals.DENIED, 403, b'{"Message":"User is not authorized to access this resource"}'),
        (refusals.AUTHORIZER_FAILED, 500, b'{"message":null}'),
        (refusals.INTEGRATION_FAILED, 502, b'{"message":"Internal server error"}'),
        (refusals.INTEGRATION_TIMED_OUT, 504, b'{"message":"Endpoint request timed out"}'),
        (refusals.TOO_MANY_REQUESTS, 429, b'{"message":"Too Many Requests"}'),
    ],
)
def test_an_answer_has_a_status_and_one_member(refusal: Refusal, status: int, body: bytes) -> None:
    assert (refusal.status, refusal.body) == (status, body)


@pytest.mark.parametrize(("status", "message"), [(401, "Unauthorized"), (301, "Moved Permanently"), (599, "Refused")])
def test_a_function_chooses_the_status_and_is_no_error_of_api_gateway(status: int, message: str) -> None:
    refusal = of_the_function(status)

    assert (refusal.status, refusal.message, refusal.error_type) == (status, message, "")
