"""The issuer by https: trusted by its certificate, and by nothing else."""

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from selador_local.issuer.keys import IssuerKeys, open_keys
from selador_local.issuer.server import key_set_url, publish, url


@pytest.fixture
def keys(tmp_path: Path) -> IssuerKeys:
    return open_keys(tmp_path, datetime.now(UTC))


def get(address: str, context: ssl.SSLContext) -> Any:
    with urllib.request.urlopen(address, context=context, timeout=10) as response:
        return json.load(response)


def with_issuer(keys: IssuerKeys, scenario: Callable[[int, ssl.SSLContext], None]) -> None:
    async def run() -> None:
        server = await publish(keys, 0)
        try:
            trusting = ssl.create_default_context(cafile=str(keys.certificate))
            await asyncio.to_thread(scenario, server.port, trusting)
        finally:
            await server.close()

    asyncio.run(run())


def test_the_key_set_is_where_terraform_says(keys: IssuerKeys) -> None:
    def scenario(port: int, trusting: ssl.SSLContext) -> None:
        assert get(key_set_url(port), trusting) == keys.key_set

    with_issuer(keys, scenario)


def test_nothing_else_is_served(keys: IssuerKeys) -> None:
    def scenario(port: int, trusting: ssl.SSLContext) -> None:
        with pytest.raises(urllib.error.HTTPError, match="404") as caught:
            get(f"{url(port)}/signing-key.pem", trusting)
        caught.value.close()

    with_issuer(keys, scenario)


def test_whoever_does_not_trust_the_certificate_gets_no_keys(keys: IssuerKeys) -> None:
    def scenario(port: int, _: ssl.SSLContext) -> None:
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            get(key_set_url(port), ssl.create_default_context())

    with_issuer(keys, scenario)
