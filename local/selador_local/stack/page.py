"""The browser client, as it was built into client/web/built, on the WebSocket API's own port.

So it has the origin whose requests for the stack's state are answered, and no second server.
"""

from pathlib import Path

from selador_local.http import Handler, Request, Response

_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_HEADERS = {
    "Cache-Control": "no-cache",
    # An answer is text that somebody else wrote: nothing of it may run, wherever the page might forget that.
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def around(handle: Handler, folder: Path) -> Handler:
    """Return a handler that answers with the page's files in `folder`, and hands all other requests to `handle`."""

    async def answer(request: Request) -> Response:
        file = _FILES.get(request.target.partition("?")[0])
        if request.method != "GET" or file is None:
            return await handle(request)
        name, content_type = file
        return Response(200, {"Content-Type": content_type, **_HEADERS}, (folder / name).read_bytes())

    return answer


def address(websocket_url: str) -> str:
    """Return the page's address on the stack whose WebSocket API is at `websocket_url`."""
    scheme, _, host = websocket_url.split("/")[:3]
    return f"{scheme.replace('ws', 'http')}//{host}/"
