"""The browser client on the stack's port: what is served, and with which headers."""

import asyncio
from pathlib import Path

import pytest

from selador_local.http import Request, Response
from selador_local.stack import page
from selador_local.stack.stack import PAGE


def ask(method: str, target: str, folder: Path = PAGE) -> Response:
    async def next_one(_: Request) -> Response:
        return Response(418)

    async def answer() -> Response:
        return await page.around(next_one, folder)(Request(method, target, {}, b""))

    return asyncio.run(answer())


@pytest.mark.parametrize(
    ("target", "content_type"),
    [("/", "text/html"), ("/?tab=stack", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")],
)
def test_the_built_page_is_served_whole(target: str, content_type: str) -> None:
    response = ask("GET", target)

    assert response.status == 200
    assert response.headers["Content-Type"].startswith(content_type)
    assert response.body


def test_the_page_names_no_file_that_is_not_served() -> None:
    html = ask("GET", "/").body
    assert isinstance(html, bytes)

    named = {part.split('"')[0] for part in html.decode().split('="./')[1:]}

    assert named == {"page.css", "page.js"}
    assert all(ask("GET", f"/{name}").status == 200 for name in named)


def test_no_script_runs_that_is_not_the_pages_own() -> None:
    policy = str(ask("GET", "/").headers["Content-Security-Policy"])

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_page_may_load_its_empty_icon() -> None:
    html = ask("GET", "/").body
    assert isinstance(html, bytes)
    assert 'rel="icon" href="data:,"' in html.decode()

    assert "img-src data:" in str(ask("GET", "/").headers["Content-Security-Policy"])


@pytest.mark.parametrize(
    ("method", "target"), [("POST", "/"), ("GET", "/abc123/local/@connections/c-1"), ("GET", "/../x")]
)
def test_all_other_requests_are_handed_on(method: str, target: str) -> None:
    assert ask(method, target).status == 418


def test_the_address_is_the_websocket_apis_own() -> None:
    assert page.address("ws://127.0.0.1:8787/abc123/local") == "http://127.0.0.1:8787/"
