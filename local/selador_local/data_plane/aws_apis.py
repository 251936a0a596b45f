"""AWS's APIs as the functions reach them: connections are kept between requests, as AWS keeps them, and can be lost.

The control plane's server closes each connection after its answer, so a function would never have an idle one there
that could be lost (LAM-54).
"""

import asyncio
from urllib.parse import urlsplit

import h11

from selador_local.http import Request, Response

_READ_BYTES = 2**16
_OF_ONE_CONNECTION = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class AwsApis:
    """Hands each request to the control plane at `endpoint`, with the headers that its client signed."""

    def __init__(self, endpoint: str) -> None:
        address = urlsplit(endpoint)
        self._host, self._port = address.hostname, address.port

    async def handle(self, request: Request) -> Response:
        """Return the control plane's answer. Raises ConnectionError, which hangs up on the function, without one."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            http = h11.Connection(h11.CLIENT)
            headers = [item for item in request.headers.items() if item[0] not in _OF_ONE_CONNECTION]
            headers += [("content-length", str(len(request.body))), ("connection", "close")]
            for event in (
                h11.Request(method=request.method, target=request.target, headers=headers),
                h11.Data(data=request.body),
                h11.EndOfMessage(),
            ):
                writer.write(http.send(event) or b"")
            await writer.drain()
            return await _response(http, reader)
        finally:
            writer.close()


async def _response(http: h11.Connection, reader: asyncio.StreamReader) -> Response:
    status, headers, body = 0, {}, bytearray()
    while not isinstance(event := http.next_event(), h11.EndOfMessage):
        match event:
            case h11.Response():
                status = event.status_code
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
            case h11.Data():
                body += event.data
            case _:  # more is needed
                data = await reader.read(_READ_BYTES)
                if not data:
                    raise ConnectionResetError("the control plane ended the connection inside its answer")
                http.receive_data(data)
    kept = {name: value for name, value in headers.items() if name not in _OF_ONE_CONNECTION}
    return Response(status, kept, bytes(body))
