"""A refusal in each protocol's form."""

import json

import pytest

from selador_local.control_plane.front_door.refusals import CallRefusedError, Protocol, refuse

REFUSAL = CallRefusedError("AccessDeniedException", "no <b> for you", codes={Protocol.QUERY: "AccessDenied"})


@pytest.mark.parametrize("protocol", [Protocol.JSON, Protocol.REST_JSON])
def test_json(protocol: Protocol) -> None:
    response = refuse(REFUSAL, protocol)

    assert response.status == 403
    assert json.loads(response.body) == {"__type": "AccessDeniedException", "message": "no <b> for you"}
    assert response.headers["x-amzn-ErrorType"] == "AccessDeniedException"  # what clients of REST services read


@pytest.mark.parametrize(
    ("protocol", "root", "code"),
    [
        (Protocol.QUERY, b"<ErrorResponse><Error><Type>", b"<Code>AccessDenied</Code>"),
        (Protocol.REST_XML, b"<Error><Code>", b"<Code>AccessDeniedException</Code>"),
    ],
)
def test_xml(protocol: Protocol, root: bytes, code: bytes) -> None:
    response = refuse(REFUSAL, protocol)

    assert response.body.startswith(root)
    assert code in response.body
    assert b"no &lt;b&gt; for you" in response.body
