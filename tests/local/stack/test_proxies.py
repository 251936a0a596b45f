"""Clients that are told of a proxy reach this machine without it."""

from urllib.request import proxy_bypass

import pytest
from botocore.utils import should_bypass_proxies

from selador_local.stack.proxies import past_proxies


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "intranet.example, .corp"}, "intranet.example,.corp,127.0.0.1,localhost"),
        ({"NO_PROXY": "ignored.example", "no_proxy": "localhost"}, "localhost,127.0.0.1"),
        ({"no_proxy": "*"}, "*"),
        ({"NO_PROXY": ","}, "127.0.0.1,localhost"),
    ],
    ids=["none", "some", "both cases", "everything", "empty"],
)
def test_this_machine_joins_the_exceptions(environment: dict[str, str], expected: str) -> None:
    assert past_proxies(environment) == {"NO_PROXY": expected, "no_proxy": expected}


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("excepted", ["", "*", "intranet.example"])
def test_botocore_and_urllib_go_past_the_proxy(monkeypatch: pytest.MonkeyPatch, name: str, excepted: str) -> None:
    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")

    for variable, value in past_proxies({name: excepted}).items():
        monkeypatch.setenv(variable, value)

    assert should_bypass_proxies("http://127.0.0.1:8787/code")
    assert proxy_bypass("localhost:8787")
    assert proxy_bypass("example.com") == (excepted == "*")
